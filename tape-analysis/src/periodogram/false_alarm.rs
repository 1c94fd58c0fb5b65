//! The probability that pure noise has a peak of at least a given power.

use tape_core::count;

use crate::gamma::ln_gamma;

/// Returns the probability that `epochs` epochs of normal noise around a constant have a peak of standard power `power`
/// or more somewhere in a range of frequencies of width `bandwidth`, cycles per day. `effective_baseline` is sqrt(4π
/// var t), days.
///
/// For power z and n epochs, the probability is 1 − (1 − p) exp(−τ), where p = (1 − z)^((n − 3)/2) is the probability
/// at a single frequency, and τ = W Γ((n − 1)/2)/Γ((n − 2)/2) (1 − z)^((n − 4)/2) sqrt(z), with W the bandwidth times
/// the effective baseline, is Davies' bound on the number of upcrossings of z. The bound is tight without strong
/// aliases; with them, the probability is too high rather than too low. The formula assumes that upcrossings are
/// independent.
///
/// Baluev 2008, MNRAS 385, 1279,
/// [doi:10.1111/j.1365-2966.2008.12689.x](https://doi.org/10.1111/j.1365-2966.2008.12689.x).
///
/// NaN for fewer than 4 epochs, and if the power is NaN.
///
/// ```
/// use tape_analysis::periodogram::false_alarm_probability;
/// // 100 epochs over 10 days, up to 20 cycles per day.
/// let probability = |power| false_alarm_probability(power, 100, 20.0, 10.0);
/// assert!(probability(0.1) > 0.9 && probability(0.5) < 1e-9);
/// ```
#[must_use]
pub fn false_alarm_probability(power: f64, epochs: usize, bandwidth: f64, effective_baseline: f64) -> f64 {
    if epochs < 4 || power.is_nan() {
        return f64::NAN;
    }
    let n = count(epochs);
    let rest = (1.0 - power).clamp(0.0, 1.0);
    let single = rest.powf(0.5 * (n - 3.0));
    let ratio = (ln_gamma(0.5 * (n - 1.0)) - ln_gamma(0.5 * (n - 2.0))).exp();
    let rises = bandwidth * effective_baseline * ratio * rest.powf(0.5 * (n - 4.0)) * power.max(0.0).sqrt();
    // 1 − (1 − p) exp(−τ), without cancellation if it is small.
    single - (1.0 - single) * (-rises).exp_m1()
}
