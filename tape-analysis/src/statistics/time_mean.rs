//! The mean time of the epochs.
//!
//! Σ tᵢ/n, with tᵢ the n times. It describes the survey, not the source.
//!
//! - Depends on: time.
//! - Unit: days, from the origin of the times.
//! - Minimum number of observations: 1; null with fewer.
//! - NaN: never.
//! - Reference: Malanchev et al. 2021, MNRAS 502, 5147,
//!   [doi:10.1093/mnras/stab316](https://doi.org/10.1093/mnras/stab316).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0; 3]).with_time(&[60_000.0, 60_001.0, 60_005.0]);
//! let mut out = [Value::Null];
//! Statistic::fold(tape_analysis::statistics::time_mean::TimeMean).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(60_002.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, Info, Inputs, Moments, Value};

use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "mean time of the epochs".into(),
    formula: "Σ t/n; t: time, n: number of epochs".into(),
    reference: "Malanchev et al. 2021, MNRAS 502, 5147, doi:10.1093/mnras/stab316".into(),
    ..Info::new("time_mean", Inputs::TIME)
});

/// The mean time; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct TimeMean;

impl Fold for TimeMean {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!(Moments, |epochs| *epochs.time_moments());

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        out[0] = Moments::read(state).mean.into();
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::pieces;

    #[test]
    fn evenly_spaced_times_give_their_middle() {
        for mean in pieces("time_mean", &[60_000.0, 60_001.0, 60_002.0, 60_003.0], &[1.0; 4], &[1.0; 4]) {
            assert!((mean[0] - 60_001.5).abs() < 1e-11, "{mean:?}");
        }
    }
}
