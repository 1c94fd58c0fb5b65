//! The regularised incomplete gamma function Q(a, x) = Γ(a, x)/Γ(a), the upper tail of a gamma distribution.
//!
//! Computed by the power series of its complement below x = a + 1, and by the continued fraction from there on
//! (Abramowitz & Stegun 1964, 6.5.29 and 6.5.31). The factor of both, xᵃ e⁻ˣ/Γ(a), is computed from the difference of x
//! and a, so that no digits cancel if both are large.

use std::f64::consts::{E, PI};

/// From this a on, Stirling's series is accurate to all digits of a double.
const LARGE: f64 = 10.0;

/// Maximum number of terms. Both expansions need about sqrt(a) terms near x = a, so this is enough for a = 10¹⁰.
const STEPS: u32 = 1_000_000;

/// Returns Q(a, x) for a > 0 and x ≥ 0, with a relative error of at most 10⁻¹², and NaN elsewhere.
pub(crate) fn upper(a: f64, x: f64) -> f64 {
    if !(a > 0.0 && x >= 0.0) {
        f64::NAN
    } else if x == 0.0 {
        1.0
    } else if x == f64::INFINITY {
        0.0
    } else if x < a + 1.0 {
        1.0 - density(a, x) / a * series(a, x)
    } else {
        density(a, x) * fraction(a, x)
    }
}

/// Returns xᵃ e⁻ˣ/Γ(a).
fn density(a: f64, x: f64) -> f64 {
    if a >= LARGE {
        return (a / (2.0 * PI)).sqrt() * (a * ln_less(x, a) - stirling(a)).exp();
    }
    // Γ(a) = Γ(a + k)/(a (a + 1) … (a + k − 1)).
    let (mut shifted, mut product) = (a, 1.0);
    while shifted < LARGE {
        product *= shifted;
        shifted += 1.0;
    }
    let gamma = (2.0 * PI / shifted).sqrt() * (shifted / E).powf(shifted) * stirling(shifted).exp();
    x.powf(a) * (-x).exp() * product / gamma
}

/// Returns ln Γ(a) for a > 0.
pub(crate) fn ln_gamma(a: f64) -> f64 {
    // Γ(a) = Γ(a + k)/(a (a + 1) … (a + k − 1)).
    let (mut shifted, mut product) = (a, 1.0);
    while shifted < LARGE {
        product *= shifted;
        shifted += 1.0;
    }
    (shifted - 0.5) * shifted.ln() - shifted + 0.5 * (2.0 * PI).ln() + stirling(shifted) - product.ln()
}

/// Returns ln(x/a) − (x − a)/a without cancellation near x = a, where it is quadratic in the difference.
fn ln_less(x: f64, a: f64) -> f64 {
    let off = (x - a) / a;
    if off.abs() > 0.1 {
        return (x / a).ln() - off;
    }
    // The series −u²/2 + u³/3 − …
    (2..20_u32).rev().fold(0.0, |sum, k| (1.0 / f64::from(k) - sum) * off) * -off
}

/// Returns ln Γ(a) − (a − 1/2) ln a + a − ln(2π)/2 for a ≥ 10.
fn stirling(a: f64) -> f64 {
    const SERIES: [f64; 6] = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0];
    let square = (a * a).recip();
    SERIES.iter().rev().fold(0.0, |sum, term| sum * square + term) / a
}

/// Returns 1 + x/(a + 1) + x²/((a + 1)(a + 2)) + ….
fn series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..STEPS {
        term *= x / (a + f64::from(k));
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

/// Returns 1/(x + 1 − a − 1(1 − a)/(x + 3 − a − 2(2 − a)/(x + 5 − a − …))), by Lentz's method.
fn fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let mut c = f64::INFINITY;
    let mut d = b.recip();
    let mut value = d;
    for k in 1..STEPS {
        let k = f64::from(k);
        let numerator = k * (a - k);
        b += 2.0;
        d = (numerator * d + b).recip();
        c = b + numerator / c;
        value *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Degrees of freedom, χ² and the upper tail, computed with 40 digits (mpmath 1.4.1, `gammainc`).
    const TAILS: [(f64, f64, f64); 18] = [
        (1.0, 1e-8, 0.999_920_211_544_052_7),
        (1.0, 1.0, 0.317_310_507_862_914_1),
        (1.0, 30.0, 4.320_463_057_827_497_3e-8),
        (2.0, 3.0, 0.223_130_160_148_429_83),
        (3.0, 1400.0, 2.945_619_361_016_309e-303),
        (5.0, 0.5, 0.992_123_293_232_629_6),
        (9.0, 9.0, 0.437_274_188_913_867_06),
        (9.0, 200.0, 3.312_992_393_909_553_1e-38),
        (39.0, 39.0, 0.469_878_197_771_206_42),
        (40.0, 80.0, 0.000_176_302_897_738_568_28),
        (199.0, 150.0, 0.996_077_197_317_625),
        (1000.0, 10.0, 1.0),
        (1999.0, 2000.0, 0.489_486_661_584_393_15),
        (1999.0, 2600.0, 1.639_993_989_336_902_2e-18),
        (20_000.0, 20_100.0, 0.307_657_559_297_434_44),
        (20_000.0, 21_500.0, 1.206_925_514_913_981e-13),
        (99_999.0, 99_000.0, 0.987_449_134_182_035_2),
        (1_000_001.0, 1_004_000.0, 0.002_368_245_014_255_033_6),
    ];

    #[test]
    fn tails_of_the_chi_squared_distribution() {
        for (freedom, chi2, want) in TAILS {
            let got = upper(0.5 * freedom, 0.5 * chi2);
            assert!((got - want).abs() <= 1e-12 * want, "{freedom}, {chi2}: {got:e}, not {want:e}");
        }
    }

    /// Checks Q(a + 1, x) = Q(a, x) + xᵃ e⁻ˣ/Γ(a + 1), which is independent of the expansions. With Q(1/2, x) and Q(1,
    /// x), it determines all half-integer a.
    #[test]
    fn the_recurrence_holds_over_the_whole_range() {
        for a in [0.5, 1.0, 3.5, 9.5, 10.0, 70.0, 999.5] {
            for share in [0.01, 0.3, 0.9, 0.999, 1.0, 1.001, 1.2, 2.0, 7.0] {
                let x = a * share;
                let (low, high) = (upper(a, x), upper(a + 1.0, x));
                let step = density(a, x) / a;
                assert!((high - low - step).abs() <= 1e-12 * high, "{a}, {x}: {low:e} {high:e} {step:e}");
            }
        }
    }

    #[test]
    fn two_degrees_of_freedom_give_an_exponential() {
        for x in [1e-300, 1e-12, 0.1, 1.0, 1.999, 2.0, 2.001, 5.0, 30.0, 700.0] {
            let got: f64 = upper(1.0, x);
            assert!((got - f64::exp(-x)).abs() <= 1e-13 * got * (1.0 + x), "{x}: {got:e}");
        }
    }

    #[test]
    fn limits_and_invalid_arguments() {
        assert_eq!([upper(2.0, 0.0), upper(2.0, f64::INFINITY)], [1.0, 0.0]);
        assert!([upper(0.0, 1.0), upper(-1.0, 1.0), upper(1.0, -1.0), upper(1.0, f64::NAN)].iter().all(|q| q.is_nan()));
    }
}
