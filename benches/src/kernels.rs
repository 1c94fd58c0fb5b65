//! Times kernels and equivalent plain loops in turn, within one process.

use std::hint::black_box;
use std::time::{Duration, Instant};

use tape_analysis::statistics::stetson_j::{reference::stetson_j_scalar, stetson_j_many};
use tape_core::count;

use crate::Error;
use crate::compare::agree;
use crate::workload::LightCurves;

/// Computes one value for each light curve.
type Form = fn(&LightCurves, &mut [f64]);

/// A kernel, and the plain loop to compare it with.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Name of the statistic.
    pub statistic: &'static str,
    /// The kernel that runs use.
    pub kernel: Form,
    /// The loop over one epoch after the other.
    pub scalar: Form,
}

/// All kernels to compare.
pub const KERNELS: &[Kernel] = &[Kernel {
    statistic: "stetson_j",
    kernel: |curves, out| stetson_j_many(&curves.flux, &curves.error, &curves.rows, out),
    scalar: |curves, out| {
        for (out, rows) in out.iter_mut().zip(&curves.rows) {
            *out = stetson_j_scalar(&curves.flux[rows.clone()], &curves.error[rows.clone()]);
        }
    },
}];

/// Lengths of light curves to measure: one band of a survey, all six bands, and a deep field.
pub const EPOCHS: [usize; 3] = [25, 150, 1000];

/// About the number of epochs in a chunk of a survey.
const CHUNK: usize = 120_000;

/// Minimum duration of a measurement. The computation is repeated until then.
const LEAST: Duration = Duration::from_millis(50);

/// Epochs per second of each run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    /// Rates of the kernel.
    pub kernel: Vec<f64>,
    /// Rates of the plain loop.
    pub scalar: Vec<f64>,
}

impl Kernel {
    /// Times both forms, in turn, on light curves with `epochs` epochs.
    ///
    /// # Errors
    /// If their results differ by more than 1e-12.
    pub fn time(&self, epochs: usize, runs: usize) -> Result<Rates, Error> {
        let curves = LightCurves::new(CHUNK / epochs, epochs);
        self.check(&curves)?;
        let mut rates = Rates::default();
        for _ in 0..runs {
            rates.kernel.push(rate(self.kernel, &curves));
            rates.scalar.push(rate(self.scalar, &curves));
        }
        Ok(rates)
    }

    /// Checks that both forms agree on every light curve.
    fn check(&self, curves: &LightCurves) -> Result<(), Error> {
        let mut values = [vec![0.0; curves.rows.len()], vec![0.0; curves.rows.len()]];
        (self.kernel)(curves, &mut values[0]);
        (self.scalar)(curves, &mut values[1]);
        let pairs = values[0].iter().zip(&values[1]).enumerate();
        match pairs.into_iter().find(|(_, (a, b))| !agree(**a, **b, 1e-12)) {
            Some((i, (kernel, scalar))) => {
                Err(format!("{}, light curve {i}: {kernel} by the kernel, {scalar} by the plain loop", self.statistic)
                    .into())
            }
            None => Ok(()),
        }
    }
}

fn rate(form: Form, curves: &LightCurves) -> f64 {
    let mut out = vec![0.0; curves.rows.len()];
    let mut passes = 0;
    let start = Instant::now();
    while start.elapsed() < LEAST {
        form(black_box(curves), &mut out);
        black_box(&out);
        passes += 1;
    }
    count(passes * curves.epochs()) / start.elapsed().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kernels_agree_with_their_plain_loops() {
        for kernel in KERNELS {
            for epochs in EPOCHS {
                kernel.check(&LightCurves::new(100, epochs)).expect("they agree");
            }
        }
    }

    #[test]
    fn a_kernel_with_a_small_error_is_rejected() {
        let off: Form = |curves, out| {
            stetson_j_many(&curves.flux, &curves.error, &curves.rows, out);
            out[7] += 1e-10;
        };
        let error = Kernel { kernel: off, ..KERNELS[0] }.time(25, 1).expect_err("light curve 7 differs");
        assert!(error.to_string().starts_with("stetson_j, light curve 7: "), "{error}");
    }
}
