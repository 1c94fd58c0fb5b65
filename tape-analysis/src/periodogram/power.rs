//! Powers from sums: the part of the variance that a fit of harmonics and a constant explains.

use rustfft::num_complex::Complex64;

use super::exact::Sums;

/// Smallest determinant of a fit of one harmonic for which fast sums are accurate enough. With evenly distributed
/// phases, the determinant is 1/4.
pub(super) const LEAST_DETERMINANT: f64 = 1e-3;

/// Returns the part of the weighted variance that one harmonic and a constant explain, and the determinant of the fit.
#[inline]
pub(super) fn single(weight: Complex64, twice: Complex64, flux: Complex64) -> (f64, f64) {
    let cc = 0.5 + 0.5 * twice.re - weight.re * weight.re;
    let ss = 0.5 - 0.5 * twice.re - weight.im * weight.im;
    let cs = 0.5 * twice.im - weight.re * weight.im;
    let determinant = cc * ss - cs * cs;
    let explained = ss * flux.re * flux.re + cc * flux.im * flux.im - 2.0 * cs * flux.re * flux.im;
    (explained / determinant, determinant)
}

/// Returns the part of the weighted variance that harmonics and a constant explain.
pub(super) fn explained(sums: &Sums) -> f64 {
    reduction(&mut normal_matrix(sums), &mut right_side(sums))
}

/// Returns the covariances of the flux with cos mωt and sin mωt, m = 1, 2, ….
pub(super) fn right_side(sums: &Sums) -> Vec<f64> {
    sums.flux.iter().flat_map(|flux| [flux.re, flux.im]).collect()
}

/// Returns bᵀ A⁻¹ b for a symmetric matrix A in row-major order and a vector b: the reduction of χ² by a least-squares
/// fit. Overwrites both.
///
/// Columns that are linear combinations of earlier ones, as at a frequency at which all epochs have two phases, are
/// ignored.
pub(super) fn reduction(matrix: &mut [f64], right: &mut [f64]) -> f64 {
    let size = right.len();
    let whole: Vec<f64> = (0..size).map(|i| matrix[i * size + i]).collect();
    let mut reduction = 0.0;
    for i in 0..size {
        let pivot = matrix[i * size + i];
        if pivot <= 1e-10 * whole[i] || pivot <= f64::MIN_POSITIVE {
            continue;
        }
        reduction += right[i] * right[i] / pivot;
        for j in i + 1..size {
            let factor = matrix[i * size + j] / pivot;
            for k in j..size {
                matrix[j * size + k] -= factor * matrix[i * size + k];
            }
            right[j] -= factor * right[i];
        }
    }
    reduction
}

/// Returns the covariances of cos mωt and sin mωt, m = 1, 2, …, in row-major order.
pub(super) fn normal_matrix(sums: &Sums) -> Vec<f64> {
    let terms = sums.flux.len();
    let size = 2 * terms;
    let at = |m: usize| if m == 0 { Complex64::ONE } else { sums.weight[m - 1] };
    let mut matrix = vec![0.0; size * size];
    for m in 1..=terms {
        for n in 1..=terms {
            let (sum, mut difference) = (at(m + n), at(m.abs_diff(n)));
            if n < m {
                difference = difference.conj();
            }
            // `difference` is now the sum at n - m.
            let (one, other) = (at(m), at(n));
            let [row, column] = [m, n].map(|m| 2 * (m - 1));
            matrix[row * size + column] = 0.5 * (difference.re + sum.re) - one.re * other.re;
            matrix[(row + 1) * size + column + 1] = 0.5 * (difference.re - sum.re) - one.im * other.im;
            matrix[row * size + column + 1] = 0.5 * (sum.im + difference.im) - one.re * other.im;
            matrix[(row + 1) * size + column] = 0.5 * (sum.im - difference.im) - one.im * other.re;
        }
    }
    matrix
}
