//! Wall-clock measurements of a device. Each one waits for the device before it reads the clock.

use std::time::Instant;

use tape_core::DeviceKernel;
use wgpu::{BufferDescriptor, BufferUsages, CommandEncoderDescriptor, ComputePassDescriptor, PollType};

use crate::device::Gpu;
use crate::error::{Error, Result};
use crate::pack::size;
use crate::resident::Resident;

impl Gpu {
    /// Measures a copy of `bytes` (a multiple of 4) within the device's memory: each byte is read once and written
    /// once. Returns the mean seconds of `times` copies.
    ///
    /// # Errors
    /// If the device is lost or out of memory.
    pub fn time_copy(&self, bytes: u64, times: u32) -> Result<f64> {
        let room = |label| {
            let usage = BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
            self.device.create_buffer(&BufferDescriptor {
                label: Some(label),
                size: bytes,
                usage,
                mapped_at_creation: false,
            })
        };
        let (from, to) = self.checked("copy", 2 * bytes, || Ok((room("from"), room("to"))))?;
        let copy = |times: u32| {
            let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor { label: Some("copy") });
            for _ in 0..times {
                encoder.copy_buffer_to_buffer(&from, 0, &to, 0, bytes);
            }
            self.queue.submit([encoder.finish()]);
        };
        self.mean("copy", times, copy)
    }

    /// Measures an upload of `bytes` (a multiple of 4) from packed memory. Returns the mean seconds of `times` uploads.
    ///
    /// # Errors
    /// If the device is lost or out of memory.
    pub fn time_upload(&self, bytes: usize, times: u32) -> Result<f64> {
        let contents = vec![1_u8; bytes];
        let upload = |times: u32| {
            for _ in 0..times {
                let mut up = self.up();
                drop(up.put(&contents));
                up.send();
            }
        };
        self.mean("upload", times, upload)
    }

    /// Measures reading back `bytes` (a multiple of 4), including the overhead of a call. Returns the mean seconds of
    /// `times` calls.
    ///
    /// # Errors
    /// If the device is lost or out of memory.
    pub fn time_read(&self, bytes: usize, times: u32) -> Result<f64> {
        let out = self.checked("read", 2 * bytes as u64, || Ok(self.room(bytes)))?;
        let read = || self.checked("read", bytes as u64, || self.dispatch("read", &out, |_| {}, <[u8]>::len));
        read()?;
        let start = Instant::now();
        for _ in 0..times {
            read()?;
        }
        Ok(start.elapsed().as_secs_f64() / f64::from(times))
    }

    /// Measures a kernel over resident columns, without reading its results. Returns the mean seconds of `times` runs,
    /// from GPU timestamps if available.
    ///
    /// # Errors
    /// See [`Gpu::reduce`].
    pub fn time_kernel(&self, kernel: &'static DeviceKernel, resident: &Resident, times: u32) -> Result<f64> {
        let mut seconds = 0.0;
        for batch in &resident.batches {
            let work = self.work(kernel, batch)?;
            let bytes = batch.parts.len() * kernel.len * size(self.tier().precision);
            let numbers = self.checked(kernel.name, bytes as u64, || Ok(self.room(bytes)))?;
            let run = |times: u32| {
                let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor { label: Some("time") });
                for _ in 0..times {
                    self.encode(
                        &mut encoder.begin_compute_pass(&ComputePassDescriptor::default()),
                        &work,
                        batch,
                        &numbers,
                    );
                }
                self.queue.submit([encoder.finish()]);
            };
            let by_ours = self.mean(kernel.name, times, run)?;
            let by_its = self.checked(kernel.name, 0, || {
                self.seconds_by_its_clock(times, |pass| self.encode(pass, &work, batch, &numbers))
            })?;
            seconds += by_its.map_or(by_ours, |seconds| seconds / f64::from(times));
        }
        Ok(seconds)
    }

    /// Returns the mean seconds of `times` calls of `act`, after one warm-up call.
    fn mean(&self, what: &'static str, times: u32, act: impl Fn(u32)) -> Result<f64> {
        let wait = || {
            self.device.poll(PollType::wait_indefinitely()).map_err(|error| Error::Lost { message: error.to_string() })
        };
        self.checked(what, 0, || {
            act(1);
            wait()?;
            let start = Instant::now();
            act(times);
            wait()?;
            Ok(start.elapsed().as_secs_f64() / f64::from(times))
        })
    }
}
