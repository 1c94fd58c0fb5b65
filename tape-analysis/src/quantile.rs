//! Quantiles of ordered fluxes, as defined in [`statistics`](crate::statistics#quantiles).

pub(crate) mod device;

/// Converts percent to a fraction, in the single precision used for positions of quantiles.
#[expect(clippy::cast_possible_truncation, reason = "the position of a quantile is defined in single precision")]
pub(crate) fn fraction(percent: f64) -> f32 {
    percent as f32 / 100.0
}

/// Returns the range from the quantile `fraction` to the quantile 1 − `fraction`, or NaN without fluxes.
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

/// Returns the position of a quantile of `n` ≥ 1 ordered values: the rank of the value below, counted from zero, and
/// the fraction of the way to the next value, which is zero beyond the first and the last value.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the position is defined in single precision; it is not negative here, and truncation is intended"
)]
fn place(fraction: f32, n: usize) -> (usize, f64) {
    // h = n p + 1/2 counts from one, so subtract one to count from zero.
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
    fn quantiles_follow_definition_5_of_hyndman_and_fan() {
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
