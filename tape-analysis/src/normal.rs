//! A fast table of the logarithm of the normal distribution function Φ.
//!
//! ln Φ is smooth: with nodes 1/16 apart, eight terms of the Taylor series about the nearest node give all digits of a
//! double. The derivative r = φ/Φ of ln Φ satisfies r′ = −r (z + r), which gives the coefficients at a node one by one.

use std::f64::consts::PI;
use std::sync::LazyLock;

/// Number of nodes for each unit of z.
const PER_UNIT: f64 = 16.0;
/// Nodes are at −`REACH`/16, …, `REACH`/16.
const REACH: i32 = 136;
/// 1.5 · 2⁵². Adding it to a float rounds the float to an integer.
const WHOLE: f64 = 6_755_399_441_055_744.0;
/// Number of terms of a series.
const TERMS: usize = 8;

/// The coefficients of the powers of h in ln Φ(z + h) and ln Φ(−z − h) at a node z.
type Node = [[f64; 2]; TERMS];

/// A table of series for ln Φ(z) and ln Φ(−z).
pub(crate) struct LnTails(Vec<Node>);

impl LnTails {
    /// Returns the table, which the first call computes.
    pub(crate) fn get() -> &'static Self {
        static TABLE: LazyLock<LnTails> = LazyLock::new(|| LnTails((-REACH..=REACH).map(node).collect()));
        &TABLE
    }

    /// Returns ln Φ(z) and ln Φ(−z) = ln(1 − Φ(z)), each with a relative or absolute error of at most 10⁻¹⁵.
    #[inline]
    pub(crate) fn at(&self, z: f64) -> [f64; 2] {
        // A float of this size has no fractional digits, so its lowest bits are the number of the node.
        let shifted = z * PER_UNIT + WHOLE;
        let place = shifted - WHOLE;
        #[expect(clippy::cast_possible_truncation, reason = "the low bits are wanted")]
        let index = (shifted.to_bits() as u32).wrapping_add_signed(REACH) as usize;
        match self.0.get(index) {
            Some(node) if place.abs() <= f64::from(REACH) => series(node, z - place / PER_UNIT),
            _ => far(z),
        }
    }
}

#[inline]
fn series(node: &Node, h: f64) -> [f64; 2] {
    let [rest @ .., last] = node;
    rest.iter().rev().fold(*last, |[a, b], [c, d]| [a * h + c, b * h + d])
}

fn node(k: i32) -> Node {
    let z = f64::from(k) / PER_UNIT;
    let (right, left) = (ln_cdf_series(z), ln_cdf_series(-z));
    let mut sign = -1.0;
    std::array::from_fn(|power| {
        sign = -sign;
        [right[power], sign * left[power]]
    })
}

/// Returns the coefficients of the powers of h in ln Φ(z + h).
fn ln_cdf_series(z: f64) -> [f64; TERMS] {
    let mills = mills(z.abs());
    let density = ln_density(z);
    let (value, ratio) = if z > 0.0 {
        let upper = mills * density.exp();
        ((-upper).ln_1p(), density.exp() / (1.0 - upper))
    } else {
        (mills.ln() + density, mills.recip())
    };
    let mut r = [0.0; TERMS];
    r[0] = ratio;
    for k in 0..TERMS - 1 {
        let square: f64 = (0..=k).map(|j| r[j] * r[k - j]).sum();
        let before = if k > 0 { r[k - 1] } else { 0.0 };
        r[k + 1] = -(z * r[k] + before + square) / power(k + 1);
    }
    std::array::from_fn(|k| if k == 0 { value } else { r[k - 1] / power(k) })
}

fn power(k: usize) -> f64 {
    tape_core::count(k)
}

/// Returns ln Φ(z) and ln Φ(−z) for z beyond the table.
#[cold]
fn far(z: f64) -> [f64; 2] {
    let tail = mills(z.abs()).ln() + ln_density(z);
    // ln(1 − q) is −q if q is negligible compared with 1.
    let [near, far] = [-tail.exp(), tail];
    if z > 0.0 { [near, far] } else { [far, near] }
}

/// Returns ln φ(z).
fn ln_density(z: f64) -> f64 {
    -0.5 * z * z - 0.5 * (2.0 * PI).ln()
}

/// Returns Mills' ratio (1 − Φ(y))/φ(y) for y ≥ 0, by the power series of the distribution function below 1 and by a
/// continued fraction from there on (Abramowitz & Stegun 1964, 26.2.11 and 26.2.14).
fn mills(y: f64) -> f64 {
    if y < 1.0 {
        let (mut term, mut sum) = (y, 0.0);
        for k in 1..40_u32 {
            sum += term;
            term *= y * y / f64::from(2 * k + 1);
        }
        return 0.5 / ln_density(y).exp() - sum;
    }
    (1..500_u32).rev().fold(y, |rest, k| y + f64::from(k) / rest).recip()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with tabulated values of Φ(−1), Φ(−2), Φ(−3) and Φ(−6).
    #[test]
    fn published_values() {
        for (z, tail) in [
            (0.0, 0.5),
            (1.0, 0.158_655_253_931_457_05),
            (2.0, 0.022_750_131_948_179_21),
            (3.0, 0.001_349_898_031_630_094_5),
            (6.0, 9.865_876_450_376_98e-10),
        ] {
            let [right, left] = LnTails::get().at(z);
            assert!((left - f64::ln(tail)).abs() < 4e-15, "{z}: {left}");
            assert!((right - (-tail).ln_1p()).abs() < 4e-16, "{z}: {right}");
        }
    }

    /// Compares with the integral of the density by Simpson's rule, which is independent of the series.
    #[test]
    fn values_between_nodes_are_the_integral_of_the_density() {
        let table = LnTails::get();
        for k in 0..220_u32 {
            let z = 0.017 + 0.021 * f64::from(k);
            let step = z / 2000.0;
            let density = |x: f64| ln_density(x).exp();
            let inner: f64 = (1..2000_u32).map(|i| density(step * f64::from(i)) * f64::from(2 + i % 2 * 2)).sum();
            let half = step / 3.0 * (density(0.0) + inner + density(z));
            let [right, left] = table.at(z);
            assert!((right - (0.5 + half).ln()).abs() < 1e-14, "{z}: {right}");
            assert!((left.exp() - (0.5 - half)).abs() < 1e-14, "{z}: {left}");
            assert_eq!(table.at(-z), [left, right]);
        }
    }

    #[test]
    fn values_are_smooth_at_the_ends_of_the_table() {
        let table = LnTails::get();
        for z in [8.49, 8.53, 8.54, 12.0, 27.0, 100.0] {
            let [right, left] = table.at(z);
            // Mills' ratio lies between 1/y − 1/y³ and 1/y.
            let edge = ln_density(z) - z.ln();
            assert!(left < edge && left > edge + (-1.0 / (z * z)).ln_1p(), "{z}: {left}");
            assert!((right + left.exp()).abs() <= 1e-8 * left.exp(), "{z}: {right}");
            assert_eq!(table.at(-z), [left, right]);
        }
    }
}
