//! Phases of epochs as 32-bit fractions of a turn, which wrap around.

use tape_core::Series;

/// An epoch, in the kernel's layout.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub(crate) struct Epoch {
    /// The phase at the first frequency.
    phase: u32,
    /// Upper half of the 64-bit phase step between frequencies.
    high: u32,
    low: u32,
    weight: f32,
    flux: f32,
}

/// Converts one epoch of a series. The truncation error is below 2⁻³² turns at any of up to 2³² frequencies, in
/// addition to the rounding of frequency times time in double precision, which the CPU has too.
#[expect(clippy::cast_possible_truncation, reason = "single precision and 32-bit halves are intended")]
pub(crate) fn epoch(series: &Series, at: usize) -> Epoch {
    let time = series.time[at];
    let step = turns(series.step * time);
    Epoch {
        phase: (turns(series.first * time) >> 32) as u32,
        high: (step >> 32) as u32,
        low: step as u32,
        weight: series.weight[at] as f32,
        flux: series.weighted_flux[at] as f32,
    }
}

/// Returns the fraction of a turn, in units of 2⁻⁶⁴.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the value is between 0 and 2⁶⁴")]
fn turns(cycles: f64) -> u64 {
    const TURN: f64 = 18_446_744_073_709_551_616.0;
    ((cycles - cycles.floor()) * TURN) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_turns_vanish() {
        assert_eq!(turns(0.0), 0);
        assert_eq!(turns(123_456_789.25), 1 << 62);
        assert_eq!(turns(-0.25), 3 << 62);
    }

    /// Compares the phase that the kernel computes in 32-bit steps with double precision.
    #[test]
    fn phases_are_right_after_millions_of_steps() {
        let time = [0.0, 1e-3, 0.1234, 1.0, 777.777, 3651.2];
        let series = Series {
            time: time.to_vec(),
            weight: vec![0.0; 6],
            weighted_flux: vec![0.0; 6],
            first: 0.000_273,
            step: 5.4e-5,
            number: 1 << 24,
        };
        for (at, time) in time.iter().enumerate() {
            let Epoch { phase, high, low, .. } = epoch(&series, at);
            for k in [0_u32, 1, 127, 128, 511, 70_000, 16_777_215] {
                let step = (u64::from(high) << 32) | u64::from(low);
                let moved = (step.wrapping_mul(u64::from(k)) >> 32) as u32;
                let got = f64::from(phase.wrapping_add(moved)) / 2.0_f64.powi(32);
                let cycles = (series.first + f64::from(k) * series.step) * time;
                let off = got - (cycles - cycles.floor());
                assert!((off - off.round()).abs() < 2e-9, "{time} days, frequency {k}: {off} turns");
            }
        }
    }
}
