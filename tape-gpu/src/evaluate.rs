//! Evaluates a statistic for all light curves of a chunk.

use std::ops::Range;
use std::sync::Arc;

use tape_core::{Cancellation, Chunk, DeviceKernel, Method, OnDevice, Segment, Statistic, Value};

use crate::device::Gpu;
use crate::error::Result;
use crate::resident::{Columns, Resident};

/// Counts of light curves by where they were computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evaluated {
    /// Light curves computed on the device.
    pub by_device: usize,
    /// Light curves computed on the CPU, because their values do not fit the device's precision, they are too long for
    /// the kernel, or the device's result may exceed the statistic's tolerance.
    pub by_cpu: usize,
}

/// The columns of a chunk on a device.
struct Uploaded {
    /// The number of the device.
    device: u64,
    resident: Resident,
}

impl Gpu {
    /// Computes the outputs of a statistic for all light curves of a chunk, segment by segment. Returns `None` if the
    /// statistic has no kernel for this device, or if the CPU must process the light curves one by one because work on
    /// the chunk should stop or the statistic fails.
    ///
    /// # Errors
    /// If the device is lost, out of memory or rejects the kernel. The CPU must then compute `out`.
    ///
    /// # Panics
    /// If the chunk lacks a column that the statistic reads, or `out` does not have one element for each output of each
    /// segment.
    pub fn evaluate_chunk(&self, statistic: &Statistic, chunk: &Chunk, out: &mut [Value]) -> Result<Option<Evaluated>> {
        if let Some(spectral) = statistic.spectral().filter(|_| self.has_kernel(statistic)) {
            return self.search(statistic, spectral, chunk, out);
        }
        let Some(kernel) = self.kernel_of(statistic) else { return Ok(None) };
        assert!(!kernel.error || !chunk.error.is_empty() || chunk.flux.is_empty(), "{} reads errors", kernel.name);
        let uploaded = self.uploaded(chunk)?;
        self.evaluate(statistic, chunk, &uploaded.resident, out)
    }

    /// Returns the chunk's columns on this device. The first statistic uploads them, and later ones reuse them.
    fn uploaded(&self, chunk: &Chunk) -> Result<Arc<Uploaded>> {
        if let Some(known) = chunk.kept.get::<Uploaded>().filter(|known| known.device == self.number) {
            return Ok(known);
        }
        let rows: Vec<Range<usize>> = chunk.segments.iter().map(|segment| segment.rows.clone()).collect();
        let resident = self.upload(Columns { flux: &chunk.flux, error: &chunk.error }, &rows)?;
        let uploaded = Arc::new(Uploaded { device: self.number, resident });
        chunk.kept.set(Arc::clone(&uploaded));
        Ok(uploaded)
    }

    /// Computes the outputs for a chunk that was uploaded before, segment by segment.
    ///
    /// # Errors
    /// See [`Gpu::evaluate_chunk`].
    ///
    /// # Panics
    /// See [`Gpu::evaluate_chunk`]. Also if the segments differ from those that were uploaded.
    pub fn evaluate(
        &self,
        statistic: &Statistic,
        chunk: &Chunk,
        resident: &Resident,
        out: &mut [Value],
    ) -> Result<Option<Evaluated>> {
        let Some(kernel) = self.kernel_of(statistic) else { return Ok(None) };
        let outputs = statistic.info().outputs.len();
        assert_eq!(out.len(), resident.len() * outputs, "one element for each output of each segment");
        let Some(states) = self.states_until(statistic, kernel, resident, &chunk.cancellation)? else {
            return Ok(None);
        };
        let mut evaluated = Evaluated::default();
        for ((segment, state), out) in chunk.segments.iter().zip(states).zip(out.chunks_exact_mut(outputs)) {
            if segment.rows.len() < statistic.info().min_epochs {
                statistic.undefined(out);
            } else if let Some(state) = state {
                evaluated.by_device += 1;
                finish(statistic, &state, out);
            } else {
                evaluated.by_cpu += 1;
                if on_cpu(statistic, chunk, segment, out).is_none() {
                    return Ok(None);
                }
            }
        }
        Ok(Some(evaluated))
    }

    /// Returns the state of a fold, or the outputs of a statistic of whole light curves, for each segment. `None` where
    /// the device has no result within the tolerance.
    ///
    /// # Errors
    /// See [`Gpu::reduce`].
    pub fn states(
        &self,
        statistic: &Statistic,
        kernel: &'static DeviceKernel,
        resident: &Resident,
    ) -> Result<Vec<Option<Vec<f64>>>> {
        let states = self.states_until(statistic, kernel, resident, &Cancellation::never())?;
        Ok(states.unwrap_or_default())
    }

    /// Like [`Gpu::states`], but returns `None` if work should stop.
    fn states_until(
        &self,
        statistic: &Statistic,
        kernel: &'static DeviceKernel,
        resident: &Resident,
        cancellation: &Cancellation,
    ) -> Result<Option<Vec<Option<Vec<f64>>>>> {
        let len = match statistic {
            Statistic::Fold(fold) => fold.state_len(),
            _ => statistic.info().outputs.len(),
        };
        let mut states: Vec<Option<Vec<f64>>> = vec![None; resident.len()];
        let mut failed = vec![false; resident.len()];
        let reduced = self.reduce_until(kernel, resident, cancellation, |segment, of: OnDevice, numbers| {
            let mut state = vec![0.0; len];
            let restored = numbers.iter().all(|x| x.is_finite()) && (kernel.restore)(numbers, of, &mut state);
            failed[segment] |= !restored;
            match (&mut states[segment], statistic) {
                (Some(before), Statistic::Fold(fold)) => fold.combine(before, &state),
                (place, _) => *place = Some(state),
            }
        })?;
        for (state, _) in states.iter_mut().zip(failed).filter(|(_, failed)| *failed) {
            *state = None;
        }
        Ok(reduced.map(|()| states))
    }

    /// Returns true if the device can compute part of the statistic.
    #[must_use]
    pub fn has_kernel(&self, statistic: &Statistic) -> bool {
        let single = self.tier().precision == tape_core::Precision::Single;
        let pairwise = matches!(statistic, Statistic::Rows(many) if many.pairwise().is_some());
        self.kernel_of(statistic).is_some() || (single && (pairwise || statistic.spectral().is_some()))
    }

    /// Returns the kernel of a statistic over the epochs of a light curve, if it supports the precision of this device.
    #[must_use]
    pub fn kernel_of(&self, statistic: &Statistic) -> Option<&'static DeviceKernel> {
        let single = self.tier().precision == tape_core::Precision::Single;
        statistic.kernel().filter(|kernel| {
            let fits_kind = statistic.is_fold() == (kernel.method == Method::Fold);
            fits_kind && (single || kernel.double)
        })
    }
}

fn finish(statistic: &Statistic, state: &[f64], out: &mut [Value]) {
    match statistic {
        Statistic::Fold(fold) => fold.finish(state, out),
        _ => out.iter_mut().zip(state).for_each(|(out, &value)| *out = value.into()),
    }
}

/// Computes a light curve on the CPU. Returns `None` if the statistic fails or work should stop. The light curve has no
/// band label, because statistics with kernels do not use it.
fn on_cpu(statistic: &Statistic, chunk: &Chunk, segment: &Segment, out: &mut [Value]) -> Option<()> {
    chunk.cancellation.proceed()?;
    statistic.try_evaluate(&chunk.light_curve(segment, ""), out).ok()
}
