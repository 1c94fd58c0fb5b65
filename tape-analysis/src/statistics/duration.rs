//! The time from the first epoch to the last.
//!
//! max t − min t, with t the times. It describes the survey, not the source.
//!
//! - Depends on: time.
//! - Unit: days.
//! - Minimum number of observations: 1; null with fewer.
//! - NaN: never.
//! - Reference: Malanchev et al. 2021, MNRAS 502, 5147,
//!   [doi:10.1093/mnras/stab316](https://doi.org/10.1093/mnras/stab316).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0; 3]).with_time(&[10.0, 11.5, 14.0]);
//! let mut out = [Value::Null];
//! Statistic::fold(tape_analysis::statistics::duration::Duration).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(4.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Extremes, Fold, Info, Inputs, Value};

use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "time from the first epoch to the last".into(),
    formula: "max t − min t; t: time".into(),
    reference: "Malanchev et al. 2021, MNRAS 502, 5147, doi:10.1093/mnras/stab316".into(),
    ..Info::new("duration", Inputs::TIME)
});

/// The time from the first epoch to the last; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Duration;

impl Fold for Duration {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!(Extremes, |epochs| Extremes::of([epochs.time()], |[time]| time));

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        out[0] = Extremes::read(state).range().into();
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::pieces;

    #[test]
    fn epochs_may_be_in_any_order() {
        for duration in pieces("duration", &[5.0, 1.0, 9.0, 2.0], &[1.0; 4], &[1.0; 4]) {
            assert_eq!(duration, [8.0]);
        }
    }

    #[test]
    fn one_epoch_has_zero_duration() {
        assert_eq!(pieces("duration", &[5.0], &[1.0], &[1.0]), [[0.0]]);
    }
}
