//! The standard deviation of the flux relative to its mean: the coefficient of variation.
//!
//! s/m, with s the sample standard deviation of the flux and m its mean. It has the sign of the mean. The name
//! is from the literature, although no variance is involved.
//!
//! - Depends on: flux.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: if deviation and mean are both zero; infinite if only the mean is.
//! - Reference: Malanchev et al. 2021, MNRAS 502, 5147,
//!   [doi:10.1093/mnras/stab316](https://doi.org/10.1093/mnras/stab316).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 3.0]);
//! let mut out = [Value::Null];
//! Statistic::fold(tape_analysis::statistics::mean_variance::MeanVariance).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(0.5)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, Info, Inputs, Moments, Value};

use crate::device::MOMENTS;
use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "standard deviation of the flux relative to its mean".into(),
    formula: "s/m; s: sample standard deviation of the flux, m: mean".into(),
    min_epochs: 2,
    reference: "Malanchev et al. 2021, MNRAS 502, 5147, doi:10.1093/mnras/stab316".into(),
    ..Info::new("mean_variance", Inputs::FLUX)
});

/// The standard deviation relative to the mean; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct MeanVariance;

impl Fold for MeanVariance {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!(Moments, |epochs| *epochs.moments(), MOMENTS);

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        let moments = Moments::read(state);
        out[0] = (moments.variance().sqrt() / moments.mean).into();
    }
}

#[cfg(test)]
mod tests {
    use crate::state::tests::whole_and_pieces;

    #[test]
    fn it_has_the_sign_of_the_mean() {
        for ratio in whole_and_pieces("mean_variance", &[-9.0, -11.0, -9.0, -11.0], &[1.0; 4]) {
            assert!((ratio + (4.0_f64 / 3.0).sqrt() / 10.0).abs() < 1e-15, "{ratio}");
        }
    }

    #[test]
    fn a_constant_source_gives_zero() {
        for ratio in whole_and_pieces("mean_variance", &[0.1; 7], &[1.0; 7]) {
            assert_eq!(ratio, 0.0);
        }
    }
}
