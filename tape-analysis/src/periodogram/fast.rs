//! The sums at many frequencies by non-uniform Fourier transforms, one block of frequencies at a time.
//!
//! If the phases of the epochs are shifted by the middle frequency of a block, a coarse time grid is enough for the
//! block. One small transform, which fits in the cache, therefore serves all blocks. The position of an epoch on the
//! time grid is the same for all blocks, and only its phase changes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftPlanner};
use tape_core::{Cancellation, count};

use super::epochs::Epochs;
use super::exact::phasor;
use super::grid::Grid;
use super::kernel::{OVERSAMPLING, Spread, WIDTH, corrections};

/// Constants of all transforms of one length.
struct Plan {
    length: usize,
    fft: Arc<dyn Fft<f64>>,
    /// Correction factors of the modes k and −k.
    corrections: Vec<f64>,
}

impl Plan {
    /// Returns the maximum number of frequencies of a block, an even number.
    fn block(&self) -> usize {
        2 * (self.corrections.len() - 1)
    }
}

/// Returns the plan of a length, which is created once per process.
fn plan(length: usize) -> Arc<Plan> {
    static PLANS: LazyLock<Mutex<BTreeMap<usize, Arc<Plan>>>> = LazyLock::new(Mutex::default);
    let mut plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
    let make = || {
        let fft = FftPlanner::new().plan_fft_inverse(length);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "less than the length")]
        let modes = (0.5 * count(length) / OVERSAMPLING) as usize;
        Arc::new(Plan { length, fft, corrections: corrections(length, modes) })
    };
    Arc::clone(plans.entry(length).or_insert_with(make))
}

/// Returns the length of the transforms: short for few frequencies, and long if spreading many epochs for each block
/// would cost more than the transform itself.
fn length(epochs: usize, frequencies: usize) -> usize {
    let most = if epochs > 400 { 4096 } else { 2048 };
    [256, 512, 1024].into_iter().find(|length| 5 * length > 6 * frequencies).unwrap_or(most)
}

/// The sums of a block of frequencies: for each harmonic, those at all frequencies.
pub(super) struct BlockSums {
    /// See [`Sums::weight`](super::exact::Sums::weight).
    pub(super) weight: Vec<Vec<Complex64>>,
    /// See [`Sums::flux`](super::exact::Sums::flux).
    pub(super) flux: Vec<Vec<Complex64>>,
}

/// Buffers that a worker reuses for each light curve.
#[derive(Default)]
struct Scratch {
    spreads: Vec<Vec<Spread>>,
    turns: Vec<Complex64>,
    steps: Vec<Complex64>,
    powers: Vec<Complex64>,
    cells: Vec<Complex64>,
    fft: Vec<Complex64>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Passes the sums at all frequencies of the grid to `take`, block by block, with the range of the block in the grid,
/// until `take` returns `None` or the run is cancelled.
pub(super) fn blocks(
    epochs: &Epochs,
    terms: usize,
    grid: &Grid,
    cancellation: &Cancellation,
    mut take: impl FnMut(Range<usize>, &BlockSums) -> Option<()>,
) {
    let plan = plan(length(epochs.len(), grid.number));
    let number = grid.number.div_ceil(plan.block()).max(1);
    // An even size, so that the middle is a frequency of the grid.
    let size = (grid.number.div_ceil(number) + 1) & !1;
    let mut sums = BlockSums {
        weight: vec![vec![Complex64::ZERO; size]; 2 * terms],
        flux: vec![vec![Complex64::ZERO; size]; terms],
    };
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.prepare(epochs, terms, grid, &plan, size);
        for block in 0..number {
            let range = block * size..grid.number.min((block + 1) * size);
            if range.is_empty() {
                break;
            }
            scratch.turn(epochs, grid, block, size);
            let transformed = scratch.transform(epochs, terms, &plan, cancellation, &mut sums);
            if transformed.and_then(|()| take(range, &sums)).is_none() {
                break;
            }
        }
    });
}

/// Number of blocks after which phases are recomputed, so that rounding errors do not accumulate.
const FRESH: usize = 16;

impl Scratch {
    /// Computes the position of each epoch on the grid of each harmonic, and the step of its phase from block to block.
    fn prepare(&mut self, epochs: &Epochs, terms: usize, grid: &Grid, plan: &Plan, size: usize) {
        self.spreads.resize_with(self.spreads.len().max(2 * terms), Vec::new);
        for (m, spreads) in self.spreads.iter_mut().take(2 * terms).enumerate() {
            spreads.clear();
            let step = count(m + 1) * grid.step;
            spreads.extend(epochs.time.iter().map(|time| Spread::new(step * time, plan.length)));
        }
        self.steps.clear();
        self.steps.extend(epochs.time.iter().map(|time| phasor(count(size) * grid.step * time)));
        self.turns.resize(epochs.len(), Complex64::ONE);
        self.powers.resize(epochs.len(), Complex64::ONE);
        self.cells.resize(plan.length + WIDTH + 1, Complex64::ZERO);
        self.fft.resize(plan.fft.get_inplace_scratch_len(), Complex64::ZERO);
    }

    /// Sets the phases of the epochs to those at the middle frequency of a block.
    fn turn(&mut self, epochs: &Epochs, grid: &Grid, block: usize, size: usize) {
        if block.is_multiple_of(FRESH) {
            let middle = grid.frequency(block * size + size / 2);
            for (turn, time) in self.turns.iter_mut().zip(&epochs.time) {
                *turn = phasor(middle * time);
            }
        } else {
            for (turn, step) in self.turns.iter_mut().zip(&self.steps) {
                *turn *= step;
            }
        }
    }

    fn transform(
        &mut self,
        epochs: &Epochs,
        terms: usize,
        plan: &Plan,
        cancellation: &Cancellation,
        sums: &mut BlockSums,
    ) -> Option<()> {
        self.powers.fill(Complex64::ONE);
        for m in 0..2 * terms {
            cancellation.proceed()?;
            for (power, turn) in self.powers.iter_mut().zip(&self.turns) {
                *power *= turn;
            }
            self.one(m, &epochs.weight, plan, &mut sums.weight[m]);
            if m < terms {
                self.one(m, &epochs.weighted_flux, plan, &mut sums.flux[m]);
            }
        }
        Some(())
    }

    /// Transforms the strengths, multiplied by the phase, at the positions for harmonic number `m` + 1.
    fn one(&mut self, m: usize, strengths: &[f64], plan: &Plan, out: &mut [Complex64]) {
        let cells = &mut self.cells[..=plan.length + WIDTH];
        cells.fill(Complex64::ZERO);
        for ((spread, power), &strength) in self.spreads[m].iter().zip(&self.powers).zip(strengths) {
            let value = power * strength;
            for (cell, part) in cells[spread.cell..spread.cell + WIDTH].iter_mut().zip(&spread.parts) {
                cell.re += part * value.re;
                cell.im += part * value.im;
            }
        }
        // Cells are shifted by half a width, and cells beyond the end wrap around to the beginning.
        let half = WIDTH / 2;
        let (grid, beyond) = cells.split_at_mut(plan.length);
        for (cell, more) in grid.iter_mut().zip(beyond) {
            *cell += *more;
        }
        grid.rotate_left(half);
        plan.fft.process_with_scratch(grid, &mut self.fft);
        let middle = out.len() / 2;
        let (below, above) = out.split_at_mut(middle);
        for ((out, cell), correction) in above.iter_mut().zip(&*grid).zip(&plan.corrections) {
            *out = cell * correction;
        }
        for ((out, cell), correction) in below.iter_mut().rev().zip(grid.iter().rev()).zip(&plan.corrections[1..]) {
            *out = cell * correction;
        }
    }
}
