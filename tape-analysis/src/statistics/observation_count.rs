//! The number of epochs of the light curve.
//!
//! The number n of epochs that are valid in all columns of the run. The other statistics use
//! the same epochs.
//!
//! - Depends on: the number of epochs only.
//! - Unit: none; an integer.
//! - Minimum number of observations: 0.
//! - NaN: never; without epochs it is 0.
//! - Reference: Malanchev et al. 2021, MNRAS 502, 5147,
//!   [doi:10.1093/mnras/stab316](https://doi.org/10.1093/mnras/stab316).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[5.0, 1.0, 2.0]);
//! let mut out = [Value::Null];
//! Statistic::fold(tape_analysis::statistics::observation_count::ObservationCount).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Int(3)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, Info, Inputs, Output, Value, count};

use crate::state::fold_over;

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "number of epochs".into(),
    formula: "n".into(),
    outputs: ["observation_count"].map(Output::int).to_vec(),
    min_epochs: 0,
    reference: "Malanchev et al. 2021, MNRAS 502, 5147, doi:10.1093/mnras/stab316".into(),
    ..Info::new("observation_count", Inputs::NONE)
});

/// The number of epochs; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct ObservationCount;

impl Fold for ObservationCount {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!(f64, |epochs| count(epochs.len()));

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        #[expect(clippy::cast_possible_truncation, reason = "a sum of lengths, exact below 2^53")]
        let n = state[0] as i64;
        out[0] = Value::Int(n);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::pieces;

    #[test]
    fn each_epoch_counts_once() {
        for n in pieces("observation_count", &[1.0; 5], &[2.0; 5], &[1.0; 5]) {
            assert_eq!(n, [5.0]);
        }
        assert_eq!(pieces("observation_count", &[], &[], &[]), [[0.0]]);
    }
}
