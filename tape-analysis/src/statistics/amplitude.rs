//! Half the range of the flux.
//!
//! (max x − min x)/2, with x the fluxes. A single outlier can determine it; the [inter-percentile
//! range](super::inter_percentile_range) is more robust.
//!
//! - Depends on: flux.
//! - Unit: that of the flux.
//! - Minimum number of observations: 1; null with fewer.
//! - NaN: never.
//! - Reference: Richards et al. 2011, ApJ 733, 10,
//!   [doi:10.1088/0004-637X/733/1/10](https://doi.org/10.1088/0004-637X/733/1/10).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[2.0, 7.0, 4.0]);
//! let mut out = [Value::Null];
//! Statistic::fold(tape_analysis::statistics::amplitude::Amplitude).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(2.5)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Extremes, Fold, Info, Inputs, Value};

use crate::device::EXTREMES;
use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "half the range of the flux".into(),
    formula: "(max x − min x)/2; x: flux".into(),
    reference: "Richards et al. 2011, ApJ 733, 10, doi:10.1088/0004-637X/733/1/10".into(),
    ..Info::new("amplitude", Inputs::FLUX)
});

/// Half the range of the flux; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Amplitude;

impl Fold for Amplitude {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!(Extremes, |epochs| epochs.extremes(), EXTREMES);

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        out[0] = (0.5 * Extremes::read(state).range()).into();
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::pieces;

    #[test]
    fn a_sine_has_its_amplitude() {
        // With 4 k + 2 steps, one step is at the peak.
        let sine = crate::testing::sine(102, 3.0);
        for amplitude in pieces("amplitude", &sine.time, &sine.flux, &sine.error) {
            assert!((amplitude[0] - 3.0).abs() < 1e-14, "{amplitude:?}");
        }
    }

    #[test]
    fn a_constant_source_gives_zero() {
        for amplitude in pieces("amplitude", &[1.0, 2.0, 3.0], &[-4.0; 3], &[1.0; 3]) {
            assert_eq!(amplitude, [0.0]);
        }
    }
}
