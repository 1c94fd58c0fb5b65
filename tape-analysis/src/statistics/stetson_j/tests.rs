use proptest::prelude::*;
use tape_core::count;

use super::reference::{robust_mean, stetson_j_scalar};
use super::*;

/// A kernel with the signature of [`stetson_j_many`].
type ManyFn<'a> = &'a dyn Fn(&[f64], &[f64], &[Range<usize>], &mut [f64]);

type OwnedManyFn = Box<dyn Fn(&[f64], &[f64], &[Range<usize>], &mut [f64])>;

/// Light curves in shared columns.
#[derive(Clone, Debug, Default)]
struct Survey {
    flux: Vec<f64>,
    error: Vec<f64>,
    rows: Vec<Range<usize>>,
}

impl Survey {
    fn new(light_curves: Vec<Vec<(f64, f64)>>) -> Self {
        let mut survey = Self::default();
        for light_curve in light_curves {
            let start = survey.flux.len();
            let (flux, error): (Vec<f64>, Vec<f64>) = light_curve.into_iter().unzip();
            survey.flux.extend(flux);
            survey.error.extend(error);
            survey.rows.push(start..survey.flux.len());
        }
        survey
    }

    fn light_curves(&self) -> impl Iterator<Item = (&[f64], &[f64])> {
        self.rows.iter().map(|rows| (&self.flux[rows.clone()], &self.error[rows.clone()]))
    }

    fn run(&self, kernel: ManyFn<'_>) -> Vec<f64> {
        let mut out = vec![-1e300; self.rows.len()];
        kernel(&self.flux, &self.error, &self.rows, &mut out);
        out
    }
}

/// Returns a bound on the difference between two computations of the same J.
///
/// The mean has an error of a few of its last digits, or more if the iteration amplifies rounding, which two orders of
/// the same epochs show. This error over σ shifts each δ. A shift of δ² shifts sqrt(|δ² − 1|) by at most the root of
/// the shift, and by less if δ² is not close to 1.
fn tolerance(flux: &[f64], error: &[f64]) -> f64 {
    let n = count(flux.len());
    let factor = (n / (n - 1.0)).sqrt();
    let mean = robust_mean(flux, error, factor);
    let reversed = |values: &[f64]| values.iter().rev().copied().collect::<Vec<_>>();
    let apart = (mean - robust_mean(&reversed(flux), &reversed(error), factor)).abs();
    let largest = flux.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    let mean_shift = (16.0 * f64::EPSILON * largest).max(4.0 * apart);
    let roots = flux.iter().zip(error).map(|(x, sigma)| {
        let delta = (factor * (x - mean) / sigma).abs();
        let shift = delta * mean_shift * factor / sigma + 16.0 * f64::EPSILON * delta * delta;
        shift.sqrt().min(shift / (delta * delta - 1.0).abs().sqrt())
    });
    1e-13 + roots.sum::<f64>() / n
}

/// Compares a kernel with the plain loop, and describes the first difference.
fn judge(kernel: ManyFn<'_>, survey: &Survey) -> Result<(), String> {
    for ((flux, error), got) in survey.light_curves().zip(survey.run(kernel)) {
        let want = stetson_j_scalar(flux, error);
        let agree = if want.is_nan() { got.is_nan() } else { (got - want).abs() <= tolerance(flux, error) };
        if !agree {
            return Err(format!("J = {got:e}, not {want:e}, for flux {flux:?} error {error:?}"));
        }
    }
    Ok(())
}

/// Generates light curves of 0 to 200 epochs, mostly short, with positive and negative means, with and without
/// outliers. Half of the surveys have enough light curves to be processed side by side.
fn surveys() -> impl Strategy<Value = Survey> {
    let epoch = (-3.0..3.0, 0.3..3.0, prop_oneof![9 => Just(1.0), 1 => Just(20.0)]);
    let length = prop_oneof![8 => 0..70_usize, 1 => 70..200_usize];
    let light_curve = (length, -1000.0..1000.0, -4..2_i32).prop_flat_map(move |(n, mean, exponent)| {
        let scale = 10.0_f64.powi(exponent);
        prop::collection::vec(epoch.clone(), n).prop_map(move |epochs| {
            epochs.into_iter().map(|(x, sigma, wild)| (scale * (mean + x * wild), scale * sigma)).collect()
        })
    });
    let many = 3 * GROUPS * LANES;
    let number = prop_oneof![0..40_usize, many..2 * many];
    number.prop_flat_map(move |number| prop::collection::vec(light_curve.clone(), number)).prop_map(Survey::new)
}

/// Returns 70 light curves of 1 to 70 epochs with little variability and a few outliers of 12 sigma.
fn fixed_survey() -> Survey {
    let light_curve = |n: u32| {
        let epoch = |i: u32| {
            let phase = f64::from(i * n);
            let outlier = if i % 9 == 4 { 12.0 } else { 0.0 };
            (18.0 + 2.0 * phase.sin() + outlier, 1.0 + 0.5 * (3.0 * phase).cos())
        };
        (0..n).map(epoch).collect()
    };
    Survey::new((1..=70).map(light_curve).collect())
}

proptest! {
    #[test]
    fn every_level_agrees_with_the_plain_loop(survey in surveys()) {
        for level in Level::available() {
            let kernel = |flux: &[f64], error: &[f64], rows: &[Range<usize>], out: &mut [f64]| {
                stetson_j_many_at(level, flux, error, rows, out);
            };
            judge(&kernel, &survey).map_err(|wrong| TestCaseError::fail(format!("{level}: {wrong}")))?;
        }
    }

    #[test]
    fn results_depend_on_neither_level_nor_other_light_curves(survey in surveys()) {
        let expected: Vec<u64> = survey.run(&stetson_j_many).into_iter().map(f64::to_bits).collect();
        for level in Level::available() {
            let many = survey.run(&|f, e, rows, out| stetson_j_many_at(level, f, e, rows, out));
            prop_assert_eq!(&expected, &many.into_iter().map(f64::to_bits).collect::<Vec<_>>(), "many, {}", level);
            let alone = survey.light_curves().map(|(flux, error)| level.run(One { flux, error }).to_bits());
            prop_assert_eq!(&expected, &alone.collect::<Vec<_>>(), "alone, {}", level);
        }
    }

    #[test]
    fn the_twofold_mean_agrees_with_the_plain_loop(survey in surveys()) {
        judge(&spoilt(around_twofold_mean), &survey).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn the_order_of_the_epochs_does_not_matter(survey in surveys()) {
        for (flux, error) in survey.light_curves().filter(|(flux, _)| flux.len() > 1) {
            let reversed = |values: &[f64]| values.iter().rev().copied().collect::<Vec<_>>();
            let (there, back) = (stetson_j(flux, error), stetson_j(&reversed(flux), &reversed(error)));
            prop_assert!((there - back).abs() <= tolerance(flux, error), "{there:e} {back:e}");
        }
    }
}

/// Returns a kernel that applies `spoil` to each light curve.
fn spoilt(spoil: impl Fn(&[f64], &[f64]) -> f64 + 'static) -> OwnedManyFn {
    Box::new(move |flux, error, rows, out| {
        for (out, rows) in out.iter_mut().zip(rows) {
            *out = spoil(&flux[rows.clone()], &error[rows.clone()]);
        }
    })
}

/// Returns J around the mean that is computed if the iteration is unstable.
fn around_twofold_mean(flux: &[f64], error: &[f64]) -> f64 {
    if flux.len() < 2 {
        return f64::NAN;
    }
    let n = count(flux.len());
    let mut pairs = vec![Pairs { x: [[flux[0]; LANES]; 2], ..Pairs::EMPTY }; vectors(flux.len())];
    for (i, (x, sigma)) in flux.iter().zip(error).enumerate() {
        let (pairs, i) = (&mut pairs[i / (2 * LANES)], i % (2 * LANES));
        pairs.x.as_flattened_mut()[i] = *x;
        pairs.w.as_flattened_mut()[i] = 0.25 * n / (n - 1.0) / (sigma * sigma);
    }
    let mean = twofold::mean(&pairs);
    let delta2 = flux.iter().zip(error).map(|(x, sigma)| {
        let deviation = x - mean.high - mean.low;
        n / (n - 1.0) * (deviation / sigma).powi(2)
    });
    delta2.map(|delta2| (delta2 - 1.0).abs().sqrt().copysign(delta2 - 1.0)).sum::<f64>() / n
}

/// Returns a J with a fixed number of iterations.
fn with_iterations(iterations: usize) -> impl Fn(&[f64], &[f64]) -> f64 {
    move |flux, error| {
        let n = count(flux.len());
        let factor = n / (n - 1.0);
        let mut mean = f64::NAN;
        let mut robust = vec![1.0; flux.len()];
        for _ in 0..=iterations {
            let weights = error.iter().zip(&robust).map(|(sigma, robust)| robust / (sigma * sigma));
            let total: f64 = weights.clone().sum();
            mean = flux.iter().zip(weights).map(|(x, w)| w * x).sum::<f64>() / total;
            let delta2 = flux.iter().zip(error).map(|(x, sigma)| factor * ((x - mean) / sigma).powi(2));
            robust = delta2.map(|delta2| 1.0 / (1.0 + delta2 / 4.0)).collect();
        }
        let p = flux.iter().zip(error).map(|(x, sigma)| factor * ((x - mean) / sigma).powi(2) - 1.0);
        p.map(|p| p.signum() * p.abs().sqrt()).sum::<f64>() / n
    }
}

#[test]
fn the_harness_rejects_broken_kernels() {
    let survey = fixed_survey();
    let rejects = |what: &str, kernel: ManyFn<'_>| assert!(judge(kernel, &survey).is_err(), "accepted: {what}");

    assert_eq!(judge(&spoilt(stetson_j_scalar), &survey), Ok(()), "the plain loop is not broken");
    rejects("does nothing", &|_, _, _, _| ());
    rejects("no iteration", &spoilt(with_iterations(0)));
    rejects("one iteration", &spoilt(with_iterations(1)));
    rejects("never stops early", &spoilt(with_iterations(20)));
    rejects(
        "drops epochs that do not fill a vector",
        &spoilt(|flux, error| {
            let whole = flux.len() - flux.len() % LANES;
            stetson_j_scalar(&flux[..whole], &error[..whole])
        }),
    );
    rejects(
        "uses the weight 1/σ",
        &spoilt(|flux, error| stetson_j_scalar(flux, &error.iter().map(|e| e.sqrt()).collect::<Vec<_>>())),
    );
    rejects(
        "returns a value for a single epoch",
        &spoilt(|flux, error| if flux.len() < 2 { 0.0 } else { stetson_j_scalar(flux, error) }),
    );
    rejects("mixes up two light curves", &|flux, error, rows, out| {
        stetson_j_many(flux, error, rows, out);
        out.swap(10, 11);
    });
}

#[test]
fn two_epochs_have_the_value_of_the_formula() {
    // δ² = 2 · 2² = 8 for both epochs.
    assert_eq!(stetson_j(&[8.0, 12.0], &[1.0; 2]), 7.0_f64.sqrt());
    assert_eq!(stetson_j(&[-8.0, -12.0], &[1.0; 2]), 7.0_f64.sqrt());
}

/// A supergiant of eleven epochs whose mean starts close to an unstable point, so that the first twenty steps double in
/// size.
const UNSTABLE: [(f64, f64); 11] = [
    (42461.52630986147, 254.288437320675),
    (101388.580298893, 492.3955869411205),
    (66820.63086225804, 358.2458680273083),
    (53128.7178429185, 304.49403725039036),
    (52454.56299557566, 311.1374486930042),
    (42457.50395579302, 264.41736859540066),
    (42836.91331214648, 254.51906643104792),
    (42636.38522949308, 278.99831183877706),
    (127154.28350568084, 596.6256761287732),
    (46239.04406457625, 276.79015849614325),
    (43867.84192874085, 261.2011724505371),
];

#[test]
fn an_unstable_mean_is_exact_in_any_order_of_the_epochs() {
    // 38.773143268137294873…, computed with 60 digits.
    let exact = 38.773_143_268_137_3;
    let orders = (0..11).flat_map(|first| [1, 2, 3, 5].map(|step| (first, step)));
    let order = |(first, step): (usize, usize)| (0..11).map(|i| UNSTABLE[(first + i * step) % 11]).collect::<Vec<_>>();
    let unstable = orders.map(order);
    let survey = Survey::new(unstable.collect());
    let alone = survey.light_curves().map(|(flux, error)| stetson_j(flux, error));
    // Each by itself, and all side by side.
    let all: Vec<f64> = alone.chain(survey.run(&stetson_j_many)).collect();
    for j in &all {
        // The remaining errors are those of the weights, which are rounded to floats before the iteration amplifies
        // them, and of the sum of roots.
        assert!((j - exact).abs() < 1e-13 * exact, "{j}");
        assert!((j - all[0]).abs() < 1e-15 * exact, "{j} {}", all[0]);
    }
    // The plain loop depends on the order.
    let seen = survey.light_curves().map(|(flux, error)| (stetson_j_scalar(flux, error) - exact).abs());
    assert!(seen.fold(0.0, f64::max) > 1e-12 * exact);
}

#[test]
fn a_constant_source_gives_minus_one() {
    for n in [2, 7, 8, 9, 64, 65, 1000] {
        for level in [0.0, 0.1, -3.0, 1e12] {
            assert_eq!(stetson_j(&vec![level; n], &vec![0.5; n]), -1.0, "{n} epochs at {level}");
        }
    }
}

#[test]
fn fewer_than_two_epochs_give_nan() {
    assert!(stetson_j(&[], &[]).is_nan());
    assert!(stetson_j(&[1.0], &[1.0]).is_nan());
}

#[test]
fn a_negative_mean_stops_sooner() {
    // Moves are below 1e-6 but above a millionth of the mean, so that only a positive mean continues to iterate.
    let flux: Vec<f64> = [1.0, 3.0, 2.0, 9.0, 2.5].iter().map(|x| x * 1e-6).collect();
    let negative: Vec<f64> = flux.iter().map(|x| -x).collect();
    let error = [1e-6; 5];
    let (there, mirrored) = (stetson_j(&flux, &error), stetson_j(&negative, &error));
    assert!((there - mirrored).abs() > 1e-4, "{there} {mirrored}");
    assert!((there - stetson_j_scalar(&flux, &error)).abs() < 1e-12);
    assert!((mirrored - stetson_j_scalar(&negative, &error)).abs() < 1e-12);
}

#[test]
fn values_that_are_not_finite_behave_as_in_the_plain_loop() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, 1e200, 1e-200];
    for n in [2, 5, 8, 11, 70] {
        for at in [0, n / 2, n - 1] {
            for value in odd {
                let (mut flux, mut error) = (vec![1.0; n], vec![1.0; n]);
                error[at] = value;
                let survey = Survey::new(vec![flux.iter().copied().zip(error).collect()]);
                assert_eq!(judge(&stetson_j_many, &survey), Ok(()));
                if !value.is_finite() {
                    flux[at] = value;
                    assert!(stetson_j(&flux, &vec![1.0; n]).is_nan(), "{value} among {n}");
                    assert!(stetson_j_scalar(&flux, &vec![1.0; n]).is_nan(), "{value} among {n}");
                }
            }
        }
    }
}
