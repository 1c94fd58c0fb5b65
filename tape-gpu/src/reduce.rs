//! Runs a kernel over resident segments.

use tape_core::{Cancellation, DeviceKernel, Method, OnDevice};
use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout, ComputePass, ComputePassDescriptor,
    ComputePipeline, MapMode, PollType,
};

use crate::device::Gpu;
use crate::error::{Error, Result};
use crate::pack::{read, size};
use crate::resident::{Batch, Resident};
use crate::ring::Lent;
use crate::tier::Team;

/// Number of workgroups in one dimension that every device supports. Workgroups loop over the remaining parts.
const MOST_WORKGROUPS: usize = 65_535;

/// The work for teams of one size.
pub(crate) struct Work<'a> {
    team: Team,
    pipeline: ComputePipeline,
    parts: usize,
    todo: &'a Lent,
}

impl Gpu {
    /// Runs a kernel over all segments. Calls `each` with the segment, its part and the kernel's numbers: once for each
    /// part of up to 65,536 epochs, in order. Skips segments that are not on the device, empty segments, and for a
    /// [`Method::Whole`] segments with several parts.
    ///
    /// # Errors
    /// If the device is lost, out of memory or rejects the kernel.
    pub fn reduce(
        &self,
        kernel: &'static DeviceKernel,
        resident: &Resident,
        each: impl FnMut(usize, OnDevice, &[f64]),
    ) -> Result<()> {
        self.reduce_until(kernel, resident, &Cancellation::never(), each).map(|_| ())
    }

    /// Like [`Gpu::reduce`], but returns `None` if work should stop. This is checked between dispatches.
    pub(crate) fn reduce_until(
        &self,
        kernel: &'static DeviceKernel,
        resident: &Resident,
        cancellation: &Cancellation,
        mut each: impl FnMut(usize, OnDevice, &[f64]),
    ) -> Result<Option<()>> {
        if kernel.error && !resident.has_error {
            let message = "it reads errors, but none were uploaded".to_owned();
            return Err(Error::Invalid { kernel: kernel.name, message });
        }
        let precision = self.tier().precision;
        for batch in &resident.batches {
            if cancellation.is_cancelled() {
                return Ok(None);
            }
            let numbers = self.run(kernel, batch)?;
            for (&(segment, n), numbers) in batch.parts.iter().zip(numbers.chunks_exact(kernel.len)) {
                let Some(reference) = resident.references[segment] else { continue };
                if kernel.method == Method::Fold || n == resident.lengths[segment] {
                    each(segment, OnDevice { n, reference, precision }, numbers);
                }
            }
        }
        Ok(Some(()))
    }

    fn run(&self, kernel: &'static DeviceKernel, batch: &Batch) -> Result<Vec<f64>> {
        let precision = self.tier().precision;
        let bytes = batch.parts.len() * kernel.len * size(precision);
        let work = self.work(kernel, batch)?;
        self.checked(kernel.name, 2 * bytes as u64, || {
            let numbers = self.room(bytes);
            let over = |pass: &mut ComputePass<'_>| self.encode(pass, &work, batch, &numbers);
            self.dispatch(kernel.name, &numbers, over, |bytes| read(bytes, precision))
        })
    }

    /// Returns the teams that have parts to process, with their pipelines.
    pub(crate) fn work<'a>(&self, kernel: &'static DeviceKernel, batch: &'a Batch) -> Result<Vec<Work<'a>>> {
        let teams = [self.tier().short(), Team::Large];
        let work = teams.into_iter().zip(&batch.bins).filter(|(_, (parts, _))| *parts > 0);
        work.map(|(team, (parts, todo))| Ok(Work { team, pipeline: self.pipeline(kernel, team)?, parts: *parts, todo }))
            .collect()
    }

    pub(crate) fn encode(&self, pass: &mut ComputePass<'_>, work: &[Work<'_>], batch: &Batch, numbers: &Lent) {
        for Work { team, pipeline, parts, todo } in work {
            let buffers = [&batch.ranges, &batch.references, &batch.flux, &batch.error, numbers, todo];
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &self.bind_to(&self.layout, &buffers), &[]);
            pass.dispatch_workgroups(workgroups(*team, *parts), 1, 1);
        }
    }

    /// Binds buffers in the given order.
    pub(crate) fn bind_to(&self, layout: &BindGroupLayout, buffers: &[&Lent]) -> BindGroup {
        let entries: Vec<BindGroupEntry<'_>> = (0..)
            .zip(buffers)
            .map(|(binding, buffer)| BindGroupEntry { binding, resource: buffer.binding() })
            .collect();
        self.device.create_bind_group(&BindGroupDescriptor { label: None, layout, entries: &entries })
    }

    /// Fills `out` with NaN, runs the pass that `over` records, waits for it, and passes the bytes of `out` to `take`.
    pub(crate) fn dispatch<T>(
        &self,
        name: &str,
        out: &Lent,
        over: impl FnOnce(&mut ComputePass<'_>),
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<T> {
        let mut encoder = self.encoder(name);
        self.unwrite(&mut encoder, out);
        over(&mut encoder.begin_compute_pass(&ComputePassDescriptor::default()));
        let read_back = self.read_back(out.bytes());
        encoder.copy_buffer_to_buffer(out.buffer(), 0, read_back.buffer(), 0, out.bytes());
        self.queue.submit([encoder.finish()]);
        let fetched = self.fetch(&read_back, take);
        // After an error, the buffer may still be mapped.
        if fetched.is_err() {
            read_back.discard();
        }
        fetched
    }

    /// Waits for submitted work, and passes the bytes of a buffer to `take`.
    pub(crate) fn fetch<T>(&self, lent: &Lent, take: impl FnOnce(&[u8]) -> T) -> Result<T> {
        let lost = |message: String| Error::Lost { message };
        let (tell, told) = std::sync::mpsc::channel();
        let (buffer, bytes) = (lent.buffer(), lent.bytes());
        buffer.map_async(MapMode::Read, ..bytes, move |mapped| {
            // The receiver is gone if the wait failed.
            let _ = tell.send(mapped);
        });
        self.device.poll(PollType::wait_indefinitely()).map_err(|error| lost(error.to_string()))?;
        let mapped = told.try_recv().map_err(|_| lost("the device did not respond".to_owned()))?;
        mapped.map_err(|error| lost(error.to_string()))?;
        let view = buffer.get_mapped_range(..bytes).map_err(|error| lost(error.to_string()))?;
        let taken = take(&view);
        drop(view);
        buffer.unmap();
        Ok(taken)
    }
}

/// Returns the number of workgroups needed for `parts`. A subgroup has at least four lanes, but only the device knows
/// how many. This starts as many workgroups as subgroups of 128 lanes would need, and each loops until all parts are
/// done.
fn workgroups(team: Team, parts: usize) -> u32 {
    let wanted = match team {
        Team::Subgroup => parts.div_ceil(4),
        Team::Small | Team::Large | Team::Tile => parts,
    };
    groups(wanted)
}

/// Limits the number of workgroups to what every device supports.
pub(crate) fn groups(wanted: usize) -> u32 {
    u32::try_from(wanted.clamp(1, MOST_WORKGROUPS)).unwrap_or(u32::MAX)
}
