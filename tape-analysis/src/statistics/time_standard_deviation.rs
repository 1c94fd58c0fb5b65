//! The sample standard deviation of the times of the epochs.
//!
//! sqrt(Σ (tᵢ − t̄)²/(n − 1)), with tᵢ the n times and t̄ their mean. It describes the survey, not the source.
//!
//! - Depends on: time.
//! - Unit: days.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: never.
//! - Reference: Malanchev et al. 2021, MNRAS 502, 5147,
//!   [doi:10.1093/mnras/stab316](https://doi.org/10.1093/mnras/stab316).
//!
//! ```
//! use tape_analysis::statistics::time_standard_deviation::TimeStandardDeviation;
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0; 3]).with_time(&[60_000.0, 60_002.0, 60_004.0]);
//! let mut out = [Value::Null];
//! Statistic::fold(TimeStandardDeviation).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(2.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, Info, Inputs, Moments, Value};

use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "sample standard deviation of the times of the epochs".into(),
    formula: "sqrt(Σ (t − t̄)²/(n − 1)); t: time, t̄: its mean, n: number of epochs".into(),
    min_epochs: 2,
    reference: "Malanchev et al. 2021, MNRAS 502, 5147, doi:10.1093/mnras/stab316".into(),
    ..Info::new("time_standard_deviation", Inputs::TIME)
});

/// The standard deviation of the times; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct TimeStandardDeviation;

impl Fold for TimeStandardDeviation {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!(Moments, |epochs| *epochs.time_moments());

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        out[0] = Moments::read(state).variance().sqrt().into();
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::pieces;

    #[test]
    fn two_nights_of_two_epochs() {
        for deviation in
            pieces("time_standard_deviation", &[60_000.0, 60_000.0, 60_002.0, 60_002.0], &[1.0; 4], &[1.0; 4])
        {
            assert!((deviation[0] - (4.0_f64 / 3.0).sqrt()).abs() < 1e-11, "{deviation:?}");
        }
    }

    #[test]
    fn equal_times_give_zero() {
        for deviation in pieces("time_standard_deviation", &[60_000.1; 4], &[1.0; 4], &[1.0; 4]) {
            assert_eq!(deviation, [0.0]);
        }
    }
}
