//! The Lafler–Kinman string length, a measure of the smoothness of the fluxes in order of phase or time.
//!
//! (n − 1)/(2n) Σ(xᵢ₊₁ − xᵢ)²/Σ(xᵢ − m)², with xᵢ the n fluxes in order of their phase t/P modulo 1, xₙ₊₁ = x₁, and m
//! their mean; with an infinite period P, they are in time order. It is 1 on average for a random order, and small if P
//! is the period. Epochs with the same phase are ordered by flux.
//!
//! - Parameter: `period`, days, above 0, by default infinite. Column `lafler_kinman`, or for example
//!   `lafler_kinman_period0.57`.
//! - Depends on: flux, and time with a finite period, or order in time without.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: with constant fluxes (0/0).
//! - Reference: Lafler & Kinman 1965, ApJS 11, 216, [doi:10.1086/190116](https://doi.org/10.1086/190116), with the norm
//!   of Clarke 2002, A&A 386, 763, [doi:10.1051/0004-6361:20020258](https://doi.org/10.1051/0004-6361:20020258).
//!
//! ```
//! use tape_analysis::statistics::lafler_kinman::LaflerKinman;
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 5.0, 1.0, 5.0]).with_time(&[0.0, 0.5, 1.0, 1.5]);
//! let mut out = [Value::Null];
//! Statistic::whole(LaflerKinman::new(1.0)?).evaluate(&light_curve, &mut out);
//! // Two steps of 4 over four deviations of 2.
//! assert_eq!(out, [Value::Float(0.75)]);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use std::ops::Bound;

use tape_core::{Info, Inputs, LightCurve, Statistic, Value, WholeLightCurve, sums};

use crate::error::Error;
use crate::kind::Kind;
use crate::parameter::{Allowed, Parameter};

const PERIOD: Parameter = Parameter {
    name: "period",
    summary: "period, days; inf for time order",
    allowed: Allowed::Float(Bound::Excluded(0.0), Bound::Included(f64::INFINITY)),
    default: Some("inf"),
};

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "lafler_kinman",
    summary: "string length of the flux in order of phase or time",
    columns: "lafler_kinman_period{period}, or lafler_kinman without a period",
    parameters: &[PERIOD],
    registered: &["period=inf"],
    build: |arguments| Ok(Statistic::whole(LaflerKinman::new(arguments.float(&PERIOD)?)?)),
};

/// The Lafler–Kinman string length; see the [module](self).
#[derive(Clone, Debug)]
pub struct LaflerKinman {
    info: Info,
    period: f64,
}

impl LaflerKinman {
    /// Creates the string length in order of the phase of `period`, days, or in time order if it is infinite.
    ///
    /// # Errors
    /// [`Error::BadValue`] if `period` is not above zero.
    pub fn new(period: f64) -> Result<Self, Error> {
        let period = KIND.check(&PERIOD, period)?;
        let (name, inputs, order) = if period.is_infinite() {
            ("lafler_kinman".to_owned(), Inputs { order: true, ..Inputs::FLUX }, "time".to_owned())
        } else {
            let inputs = Inputs { order: false, ..Inputs::TIME_FLUX };
            (format!("lafler_kinman_period{period}"), inputs, format!("the phase of period {period}"))
        };
        let info = Info {
            summary: KIND.summary.into(),
            formula: format!(
                "(n − 1)/(2n) Σ(x[i+1] − x[i])²/Σ(x − m)²; x: flux in order of {order}, as a closed ring, m: mean, n: \
                 number of epochs"
            )
            .into(),
            min_epochs: 2,
            reference: "Lafler & Kinman 1965, ApJS 11, 216, doi:10.1086/190116; Clarke 2002, A&A 386, 763, \
                        doi:10.1051/0004-6361:20020258"
                .into(),
            ..Info::new(name, inputs)
        };
        Ok(Self { info, period })
    }
}

impl WholeLightCurve for LaflerKinman {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let moments = light_curve.moments();
        let ring = if self.period.is_infinite() {
            ring(light_curve.flux())
        } else {
            ring(&folded(light_curve.time(), light_curve.flux(), self.period))
        };
        // For a constant source, the deviations are zero up to the rounding of the mean.
        let string = if ring == 0.0 { f64::NAN } else { ring / moments.m2 };
        out[0] = ((moments.n - 1.0) / (2.0 * moments.n) * string).into();
    }
}

/// Returns the sum of the squared steps of a closed string.
fn ring(flux: &[f64]) -> f64 {
    let (Some(first), Some(last)) = (flux.first(), flux.last()) else { return 0.0 };
    let [steps] = sums([&flux[1..], &flux[..flux.len() - 1]], |[next, now]| [(next - now) * (next - now)]);
    steps + (first - last) * (first - last)
}

/// Returns the fluxes in order of phase.
fn folded(time: &[f64], flux: &[f64], period: f64) -> Vec<f64> {
    // Phases count from the first epoch, so that they keep their digits. A closed ring has no start that could matter.
    let start = time.iter().copied().fold(f64::INFINITY, f64::min);
    let phase = |time: &f64| ((time - start) / period).fract();
    let mut epochs: Vec<(f64, f64)> = time.iter().map(phase).zip(flux.iter().copied()).collect();
    epochs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    epochs.into_iter().map(|(_, flux)| flux).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(period: f64, time: &[f64], flux: &[f64]) -> f64 {
        let mut out = [Value::Null];
        let statistic = Statistic::whole(LaflerKinman::new(period).expect("allowed"));
        statistic.evaluate(&LightCurve::new(flux).with_time(time), &mut out);
        let Value::Float(string) = out[0] else { panic!("{out:?}") };
        string
    }

    #[test]
    fn eight_epochs_folded() {
        // From numpy 2.4.6, by argsort of the phases.
        let (time, flux) = ([0.0, 1.0, 2.5, 3.1, 4.7, 6.2, 7.9, 9.1], [1.0, 3.0, 2.0, 5.0, 4.0, 4.5, 1.5, 2.5]);
        let got = string(2.17, &time, &flux);
        assert!((got - 1.2186836518046709).abs() < 1e-15, "{got}");
    }

    #[test]
    fn the_right_period_gives_the_shortest_string() {
        let period = 0.57;
        let time: Vec<f64> = (0..200_u32).map(|i| 60_000.0 + f64::from(i * i % 211) * 1.37).collect();
        let flux: Vec<f64> = time.iter().map(|t| (std::f64::consts::TAU * t / period).sin()).collect();
        let right = string(period, &time, &flux);
        assert!(right < 0.02, "{right}");
        for wrong in [0.31, 0.5, 0.6, 0.9, f64::INFINITY] {
            assert!(string(wrong, &time, &flux) > 10.0 * right, "{wrong}");
        }
    }

    #[test]
    fn two_epochs_give_one() {
        for period in [0.3, 5.0, f64::INFINITY] {
            assert_eq!(string(period, &[1.0, 2.0], &[3.0, 8.0]), 1.0);
        }
    }

    #[test]
    fn a_constant_source_gives_nan() {
        assert!(string(1.5, &[0.0, 1.0, 2.0], &[0.1; 3]).is_nan());
    }
}
