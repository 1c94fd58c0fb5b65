//! Quantiles of ordered fluxes, as the documentation of [`statistics`](crate::statistics#quantiles) defines them.

pub(crate) mod device;

/// Converts percent to a fraction, in the single precision used for positions of quantiles.
#[expect(clippy::cast_possible_truncation, reason = "the place of a quantile is defined in single precision")]
pub(crate) fn fraction(percent: f64) -> f32 {
    percent as f32 / 100.0
}

/// From the quantile `fraction` to that of 1 − `fraction`; NaN without fluxes.
pub(crate) fn inter_quantile(sorted: &[f64], fraction: f32) -> f64 {
    quantile(sorted, 1.0 - fraction) - quantile(sorted, fraction)
}

fn quantile(sorted: &[f64], fraction: f32) -> f64 {
    if sorted.is_empty() {
        return f64::NAN;
    }
    let (below, weight) = place(fraction, sorted.len());
    match sorted[below..] {
        [low, high, ..] => low + weight * (high - low),
        ref last => last[0],
    }
}

/// Returns the position of a quantile of n ordered values, at least one: the rank of the value below, counted from
/// zero, and the fraction of the way to the next value; zero beyond the first and the last.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the place is defined in single precision; it is checked not to be negative, and its whole part is wanted"
)]
fn place(fraction: f32, n: usize) -> (usize, f64) {
    // Counted from zero: half a place less than h, and another for the first being x₁.
    let place = fraction * n as f32 - 0.5;
    if place < 0.0 {
        return (0, 0.0);
    }
    let below = place as usize;
    if below + 1 < n { (below, f64::from(place - below as f32)) } else { (n - 1, 0.0) }
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
