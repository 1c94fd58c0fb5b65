//! GPU timestamps, which measure kernels without the overhead of a call.

use wgpu::{
    BufferDescriptor, BufferUsages, ComputePass, ComputePassDescriptor, ComputePassTimestampWrites, QuerySetDescriptor,
    QueryType,
};

use crate::device::Gpu;
use crate::error::Result;

/// Bytes of two timestamps.
const BYTES: u64 = 16;

impl Gpu {
    /// Returns the seconds from the start of the first of `times` passes (at least one) to the end of the last. Returns
    /// `None` if the device has no timestamps, or they do not advance.
    pub(crate) fn seconds_by_its_clock(
        &self,
        times: u32,
        mut over: impl FnMut(&mut ComputePass<'_>),
    ) -> Result<Option<f64>> {
        if !self.tier().timestamps {
            return Ok(None);
        }
        let descriptor = QuerySetDescriptor { label: Some("clock"), ty: QueryType::Timestamp, count: 2 };
        let moments = self.device.create_query_set(&descriptor);
        let resolved = self.device.create_buffer(&BufferDescriptor {
            label: Some("clock"),
            size: BYTES,
            usage: BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        let mut encoder = self.encoder("clock");
        for time in 0..times {
            let (first, last) = (time == 0, time + 1 == times);
            let writes = ComputePassTimestampWrites {
                query_set: &moments,
                beginning_of_pass_write_index: first.then_some(0),
                end_of_pass_write_index: last.then_some(1),
            };
            let timestamp_writes = (first || last).then_some(writes);
            over(&mut encoder.begin_compute_pass(&ComputePassDescriptor { label: None, timestamp_writes }));
        }
        encoder.resolve_query_set(&moments, 0..2, &resolved, 0);
        let read_back = self.read_back(BYTES);
        encoder.copy_buffer_to_buffer(&resolved, 0, read_back.buffer(), 0, BYTES);
        self.queue.submit([encoder.finish()]);
        let told = self.fetch(&read_back, bytemuck::pod_collect_to_vec::<u8, u64>);
        if told.is_err() {
            read_back.discard();
            return told.map(|_| None);
        }
        let told = told?;
        let ticks = told[1].saturating_sub(told[0]);
        let period = f64::from(self.queue.get_timestamp_period()) * 1e-9;
        Ok((ticks > 0).then(|| tape_core::count(usize::try_from(ticks).unwrap_or(usize::MAX)) * period))
    }
}
