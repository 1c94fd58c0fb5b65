//! Quantiles of ordered fluxes, as the documentation of [`statistics`](crate::statistics#quantiles) defines them.

/// So many percent, in the single precision in which quantiles are placed.
#[expect(clippy::cast_possible_truncation, reason = "the place of a quantile is defined in single precision")]
pub(crate) fn fraction(percent: f64) -> f32 {
    percent as f32 / 100.0
}

/// From the quantile `fraction` to that of 1 − `fraction`; NaN without fluxes.
pub(crate) fn inter_quantile(sorted: &[f64], fraction: f32) -> f64 {
    quantile(sorted, 1.0 - fraction) - quantile(sorted, fraction)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the place is defined in single precision; it is checked not to be negative, and its whole part is wanted"
)]
fn quantile(sorted: &[f64], fraction: f32) -> f64 {
    let (Some(&first), Some(&last)) = (sorted.first(), sorted.last()) else { return f64::NAN };
    // Counted from zero: half a place less than h, and another for the first being x₁.
    let place = fraction * sorted.len() as f32 - 0.5;
    if place < 0.0 {
        return first;
    }
    let below = place as usize;
    match sorted.get(below..) {
        Some(&[low, high, ..]) => low + f64::from(place - below as f32) * (high - low),
        _ => last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifth_definition_of_hyndman_and_fan() {
        let sorted = [10.0, 20.0, 30.0, 40.0];
        let cases = [(0.0, 10.0), (0.125, 10.0), (0.25, 15.0), (0.375, 20.0), (0.5, 25.0), (0.875, 40.0), (1.0, 40.0)];
        for (fraction, want) in cases {
            assert_eq!(quantile(&sorted, fraction), want, "{fraction}");
        }
    }

    #[test]
    fn one_flux_is_every_quantile() {
        assert_eq!([0.0, 0.3, 1.0].map(|fraction| quantile(&[7.0], fraction)), [7.0; 3]);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
