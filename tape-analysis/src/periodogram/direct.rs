//! The sums of one harmonic at many frequencies, epoch by epoch. With few epochs, this is cheaper than transforms.
//!
//! Sines and cosines at the next frequency follow from those at the last by one complex multiplication. They are
//! recomputed after [`FRESH`] frequencies, which keeps the error below 1e-14.

use rustfft::num_complex::Complex64;

use super::epochs::Epochs;
use super::exact::phasor;
use super::grid::Grid;
use crate::dispatch::{Kernel, LANES, Lanes, Level};

/// Number of frequencies after which phases are recomputed.
const FRESH: usize = 64;

/// Eight epochs side by side, padded with zero weights.
#[derive(Clone, Copy)]
struct Eight {
    cos: [f64; LANES],
    sin: [f64; LANES],
    step_cos: [f64; LANES],
    step_sin: [f64; LANES],
    weight: [f64; LANES],
    flux: [f64; LANES],
}

/// Passes Σ w e^{iωt}, Σ w e^{2iωt} and Σ w y e^{iωt} at each frequency to `take`, until it returns `None`.
pub(super) fn sums(
    level: Level,
    epochs: &Epochs,
    grid: &Grid,
    mut take: impl FnMut(usize, [Complex64; 3]) -> Option<()>,
) -> Option<()> {
    let mut eights = eights(epochs, grid);
    let mut out = [[Complex64::ZERO; 3]; FRESH];
    for start in (0..grid.number).step_by(FRESH) {
        let number = FRESH.min(grid.number - start);
        turn(&mut eights, epochs, grid.frequency(start));
        level.run(Run { eights: &mut eights, out: &mut out[..number] });
        for (i, sums) in out[..number].iter().enumerate() {
            take(start + i, *sums)?;
        }
    }
    Some(())
}

fn eights(epochs: &Epochs, grid: &Grid) -> Vec<Eight> {
    let zero = [0.0; LANES];
    let empty = Eight { cos: zero, sin: zero, step_cos: zero, step_sin: zero, weight: zero, flux: zero };
    let mut eights = vec![empty; epochs.len().div_ceil(LANES)];
    for (i, time) in epochs.time.iter().enumerate() {
        let (eight, lane) = (&mut eights[i / LANES], i % LANES);
        let step = phasor(grid.step * time);
        (eight.step_cos[lane], eight.step_sin[lane]) = (step.re, step.im);
        (eight.weight[lane], eight.flux[lane]) = (epochs.weight[i], epochs.weighted_flux[i]);
    }
    eights
}

/// Sets the phases to those at a frequency.
fn turn(eights: &mut [Eight], epochs: &Epochs, frequency: f64) {
    for (i, time) in epochs.time.iter().enumerate() {
        let phase = phasor(frequency * time);
        let (eight, lane) = (&mut eights[i / LANES], i % LANES);
        (eight.cos[lane], eight.sin[lane]) = (phase.re, phase.im);
    }
}

struct Run<'a> {
    eights: &'a mut [Eight],
    out: &'a mut [[Complex64; 3]],
}

impl Kernel for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for out in self.out {
            let zero = L::splat(0.0);
            let [mut c, mut s, mut yc, mut ys, mut cc, mut ss, mut cs] = [zero; 7];
            for eight in &mut *self.eights {
                let (cos, sin) = (L::load(&eight.cos), L::load(&eight.sin));
                let (weight, flux) = (L::load(&eight.weight), L::load(&eight.flux));
                let (weight_cos, weight_sin) = (L::mul(weight, cos), L::mul(weight, sin));
                c = L::add(c, weight_cos);
                s = L::add(s, weight_sin);
                yc = L::add(yc, L::mul(flux, cos));
                ys = L::add(ys, L::mul(flux, sin));
                cc = L::add(cc, L::mul(weight_cos, cos));
                ss = L::add(ss, L::mul(weight_sin, sin));
                cs = L::add(cs, L::mul(weight_cos, sin));
                let (step_cos, step_sin) = (L::load(&eight.step_cos), L::load(&eight.step_sin));
                L::store(L::sub(L::mul(cos, step_cos), L::mul(sin, step_sin)), &mut eight.cos);
                L::store(L::add(L::mul(cos, step_sin), L::mul(sin, step_cos)), &mut eight.sin);
            }
            let twice = Complex64::new(L::sum(cc) - L::sum(ss), 2.0 * L::sum(cs));
            *out = [Complex64::new(L::sum(c), L::sum(s)), twice, Complex64::new(L::sum(yc), L::sum(ys))];
        }
    }
}
