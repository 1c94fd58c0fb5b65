//! Light curves that are difficult for kernels.

use std::ops::Range;

use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Normal};
use rand_pcg::Pcg64;
use tape_core::{DeviceKernel, Method};

/// Columns, and the rows and name of each light curve.
#[derive(Default)]
pub(crate) struct Segments {
    pub(crate) flux: Vec<f64>,
    pub(crate) error: Vec<f64>,
    pub(crate) rows: Vec<Range<usize>>,
    pub(crate) names: Vec<String>,
}

impl Segments {
    fn push(&mut self, name: impl Into<String>, epochs: impl IntoIterator<Item = (f64, f64)>) {
        let first = self.flux.len();
        for (flux, error) in epochs {
            self.flux.push(flux);
            self.error.push(error);
        }
        self.rows.push(first..self.flux.len());
        self.names.push(name.into());
    }
}

/// Lengths near subgroups of 4 to 128 lanes, workgroups of 32 and 256, and the limit of 2,048 epochs.
const LENGTHS: &[usize] =
    &[1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 2047, 2048, 2049];

/// Creates light curves with random and difficult fluxes, and of every difficult length. Folds also get one of 3
/// million epochs.
pub(crate) fn awkward(kernel: Option<&DeviceKernel>) -> Segments {
    let mut all = Segments::default();
    let mut random = Pcg64::seed_from_u64(20_260_714);
    for &n in LENGTHS {
        let epochs = noise(&mut random, n, 18.0, 0.3);
        all.push(format!("{n} epochs"), epochs);
    }
    for i in 0..200 {
        let n = random.random_range(1..120);
        let mean = random.random_range(-50.0..50.0);
        let sigma = 10.0_f64.powf(random.random_range(-3.0..3.0));
        let epochs = noise(&mut random, n, mean, sigma);
        all.push(format!("random {i}"), epochs);
    }
    shapes(&mut all, &mut random);
    if kernel.is_some_and(|kernel| kernel.method == Method::Fold) {
        let epochs = noise(&mut random, 3_000_000, 20.0, 0.1);
        all.push("3 million epochs", epochs);
    } else {
        let epochs = noise(&mut random, 65_536, 20.0, 0.1);
        all.push("the longest of one part", epochs);
        let epochs = noise(&mut random, 65_537, 20.0, 0.1);
        all.push("two parts", epochs);
    }
    all
}

fn shapes(all: &mut Segments, random: &mut Pcg64) {
    all.push("empty", []);
    all.push("constant", vec![(17.123_456_789, 0.01); 100]);
    all.push("constant and negative", vec![(-3e-9, 1e-10); 33]);
    all.push("zero", vec![(0.0, 1.0); 12]);
    for (name, mean, sigma) in [
        ("huge offset", 1e9, 1.0),
        ("negative mean", -20.0, 0.1),
        ("tiny and negative", -1e-8, 1e-9),
        ("tiny", 1e-8, 1e-9),
        ("about zero", 0.0, 5.0),
        ("large", 3e5, 2e3),
        ("beyond single precision", 1e30, 1e25),
    ] {
        let epochs = noise(random, 150, mean, sigma);
        all.push(name, epochs);
    }
    let mut outlier = noise(random, 200, 18.0, 0.02);
    outlier[77].0 = 99.0;
    all.push("an outlier", outlier.clone());
    outlier[3].0 = -1e7;
    all.push("a huge outlier", outlier);
    all.push("two levels", (0..400).map(|i| (if i % 2 == 0 { 18.0 } else { 19.0 }, 0.1)));
    all.push("p is zero", [(8.0, 1.0), (8.0 + 2.0_f64.sqrt(), 1.0)]);
    all.push("a trend", (0..3000).map(|i| (f64::from(i) * 1e-3 - 7.0, 0.05)));
    all.push("one error of a thousandth", (0..50).map(|i| (f64::from(i % 7), if i == 20 { 1e-4 } else { 0.1 })));
    all.push("after the empty one", [(1.0, 0.5), (2.0, 0.25)]);
}

/// Creates epochs with errors of half to twice the scatter.
fn noise(random: &mut Pcg64, n: usize, mean: f64, sigma: f64) -> Vec<(f64, f64)> {
    let Ok(normal) = Normal::new(mean, sigma) else { panic!("invalid sigma {sigma}") };
    (0..n).map(|_| (normal.sample(random), sigma * random.random_range(0.5..2.0))).collect()
}
