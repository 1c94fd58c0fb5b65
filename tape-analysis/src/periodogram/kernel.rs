//! The spreading kernel of the non-uniform Fourier transform, and its correction.
//!
//! φ(x) = exp(β(sqrt(1 − x²) − 1)) for |x| < 1, over [`WIDTH`] cells of a grid with a quarter more cells than
//! frequencies: the exponential of a semicircle of Barnett, Magland & af Klinteberg 2019, SIAM J. Sci. Comput. 41,
//! C479, [doi:10.1137/18M120885X](https://doi.org/10.1137/18M120885X).

use std::f64::consts::{PI, TAU};

use tape_core::count;

/// Number of cells over which an epoch is spread. The relative error of a sum is about
/// exp(−π WIDTH sqrt(1 − 1/[`OVERSAMPLING`])) ≈ 2e-10.
pub(super) const WIDTH: usize = 16;

/// Minimum number of cells of the grid per frequency.
pub(super) const OVERSAMPLING: f64 = 1.25;

/// The shape parameter of the kernel, slightly below π(1 − 1/(2 OVERSAMPLING)) WIDTH, which balances the truncation
/// error at the edges and the aliasing error.
const BETA: f64 = 0.97 * PI * (1.0 - 0.5 / OVERSAMPLING) * 16.0;

/// The position of an epoch on the grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    /// Index of the first cell.
    pub(super) cell: usize,
    /// Fraction of the epoch in each cell.
    pub(super) parts: [f64; WIDTH],
}

impl Spread {
    /// Spreads a position, in cycles of the grid's `length` cells. The cells are shifted by half a width, so that no
    /// index is negative.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position within the grid")]
    pub(super) fn new(cycles: f64, length: usize) -> Self {
        let place = (cycles - cycles.floor()) * count(length);
        let cell = place.ceil();
        let half = 0.5 * count(WIDTH);
        let parts = std::array::from_fn(|i| {
            let x = (cell - place + count(i) - half) / half;
            (BETA * ((1.0 - x * x).max(0.0).sqrt() - 1.0)).exp()
        });
        Self { cell: cell as usize, parts }
    }
}

/// Returns the reciprocal of the kernel's Fourier transform at mode k of a grid of `length` cells, for k from 0 to
/// `modes`.
pub(super) fn corrections(length: usize, modes: usize) -> Vec<f64> {
    const NODES: usize = 400;
    let half = 0.5 * count(WIDTH);
    // The kernel ends at 1e-13 of its height, so that the trapezoidal rule converges as for a periodic function.
    let nodes: Vec<(f64, f64)> = (0..NODES)
        .map(|i| (2.0 * count(i) + 1.0) / count(NODES) - 1.0)
        .map(|x| (x, (BETA * ((1.0 - x * x).sqrt() - 1.0)).exp()))
        .collect();
    let transform = |k: usize| {
        let omega = TAU * count(k) * half / count(length);
        nodes.iter().map(|(x, phi)| phi * (omega * x).cos()).sum::<f64>() * 2.0 * half / count(NODES)
    };
    (0..=modes).map(|k| 1.0 / transform(k)).collect()
}
