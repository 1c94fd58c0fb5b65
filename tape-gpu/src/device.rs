//! An open device: its queue, its pipelines, and what went wrong.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tape_core::{DeviceKernel, PairKernel, SpectrumKernel};
use wgpu::{
    BindGroupLayout, BindGroupLayoutDescriptor, BindGroupLayoutEntry, BindingType, BufferBindingType, ComputePipeline,
    ComputePipelineDescriptor, Device, DeviceDescriptor, ErrorFilter, Features, Limits, PipelineLayout,
    PipelineLayoutDescriptor, Queue, ShaderModuleDescriptor, ShaderSource, ShaderStages,
};

use crate::adapter::{AdapterInfo, Choice, choose, describe};
use crate::error::{Error, Result};
use crate::kernel;
use crate::ring::Rings;
use crate::tier::{Team, Tier};

/// An open device.
#[derive(Debug)]
pub struct Gpu {
    pub(crate) device: Device,
    pub(crate) queue: Queue,
    pub(crate) layout: BindGroupLayout,
    /// Which of the devices that this process opened it is.
    pub(crate) number: u64,
    /// Bytes of the largest buffer that a kernel can read.
    pub(crate) largest: u64,
    pub(crate) rings: Rings,
    pipeline_layout: PipelineLayout,
    adapter: AdapterInfo,
    tier: Tier,
    pipelines: Mutex<HashMap<(&'static str, Team), ComputePipeline>>,
    lost: Arc<Mutex<Option<String>>>,
}

/// Buffers that a kernel sees, and the one of them that it writes.
const BINDINGS: u32 = 6;
const WRITTEN: u32 = 4;

/// How many devices this process opened.
static OPENED: AtomicU64 = AtomicU64::new(0);

impl Gpu {
    /// Opens a device, with the tier that is best for most.
    ///
    /// # Errors
    /// If there is no such device, or it cannot be opened.
    pub fn open(choice: &Choice) -> Result<Self> {
        Self::open_with(choice, Tier::of)
    }

    /// The same with a tier of one's own.
    ///
    /// # Errors
    /// As [`Gpu::open`], and if the device does not have what the tier needs.
    pub fn open_with(choice: &Choice, tier: impl FnOnce(&AdapterInfo) -> Tier) -> Result<Self> {
        let found = choose(choice)?;
        let adapter = describe(&found);
        let tier = tier(&adapter);
        tier.check(&adapter)?;
        let wanted = Features::SUBGROUP | Features::SHADER_F64 | Features::TIMESTAMP_QUERY;
        let largest = found.limits().max_storage_buffer_binding_size;
        let descriptor = DeviceDescriptor {
            label: Some("tape"),
            required_features: found.features() & wanted,
            required_limits: Limits {
                max_storage_buffer_binding_size: largest,
                max_buffer_size: found.limits().max_buffer_size,
                ..Limits::default()
            },
            ..DeviceDescriptor::default()
        };
        let refused = |error: wgpu::RequestDeviceError| Error::Refused {
            adapter: adapter.name.clone(),
            message: error.to_string(),
        };
        let (device, queue) = pollster::block_on(found.request_device(&descriptor)).map_err(refused)?;
        let lost = Arc::new(Mutex::new(None));
        let (by_callback, by_error) = (Arc::clone(&lost), Arc::clone(&lost));
        device.set_device_lost_callback(move |_, message| note(&by_callback, message));
        // What no scope caught: wgpu would panic.
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| note(&by_error, error.to_string())));
        let layout = bindings(&device);
        let pipeline_layout = device.create_pipeline_layout(&PipelineLayoutDescriptor {
            label: Some("segments"),
            bind_group_layouts: &[Some(&layout)],
            ..PipelineLayoutDescriptor::default()
        });
        // Places are 32-bit numbers on the device.
        let largest = largest.min(found.limits().max_buffer_size).min(1 << 32);
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        Ok(Self {
            device,
            queue,
            layout,
            number,
            largest,
            rings: Rings::new(),
            pipeline_layout,
            adapter,
            tier,
            pipelines: Mutex::default(),
            lost,
        })
    }

    /// What the device is.
    #[must_use]
    pub const fn adapter(&self) -> &AdapterInfo {
        &self.adapter
    }

    /// What of it is used.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        self.tier
    }

    /// Takes the device away, as a driver does that was reset: every call from now on is [`Error::Lost`].
    pub fn destroy(&self) {
        note(&self.lost, "it was destroyed".to_owned());
        self.device.destroy();
    }

    /// An error once the device is lost.
    pub(crate) fn check(&self) -> Result<()> {
        lock(&self.lost).clone().map_or(Ok(()), |message| Err(Error::Lost { message }))
    }

    /// Does something, and reports what wgpu finds wrong with it: `bytes` is what it asks memory for.
    pub(crate) fn checked<T>(&self, what: &'static str, bytes: u64, act: impl FnOnce() -> Result<T>) -> Result<T> {
        self.check()?;
        let filters = [ErrorFilter::Internal, ErrorFilter::Validation, ErrorFilter::OutOfMemory];
        let scopes = filters.map(|filter| self.device.push_error_scope(filter));
        // Where there is no memory, wgpu hands out a buffer that cannot be mapped, and its belt gives up on that.
        let done = catch_unwind(AssertUnwindSafe(act));
        let mut errors = vec![];
        for scope in scopes.into_iter().rev() {
            errors.extend(pollster::block_on(scope.pop()));
        }
        self.check()?;
        outcome(done, errors.first(), what, bytes)
    }

    /// The pipeline of a kernel for a team, made at the first call.
    pub(crate) fn pipeline(&self, of: &'static DeviceKernel, team: Team) -> Result<ComputePipeline> {
        let text = || kernel::text(of, team, self.tier.precision);
        self.made_once((of.name, team), Some(&self.pipeline_layout), text)
    }

    /// The same of a kernel over frequencies, which has a layout of its own.
    pub(crate) fn spectrum_pipeline(&self, of: &'static SpectrumKernel) -> Result<ComputePipeline> {
        self.made_once((of.name, Team::Tile), None, || kernel::spectrum(of))
    }

    /// The same of a kernel over pairs of epochs.
    pub(crate) fn pairs_pipeline(&self, of: &'static PairKernel) -> Result<ComputePipeline> {
        self.made_once((of.name, Team::Tile), None, || kernel::pairs(of))
    }

    fn made_once(
        &self,
        key: (&'static str, Team),
        layout: Option<&PipelineLayout>,
        text: impl FnOnce() -> String,
    ) -> Result<ComputePipeline> {
        let mut pipelines = lock(&self.pipelines);
        if let Some(known) = pipelines.get(&key) {
            return Ok(known.clone());
        }
        let label = Some(key.0);
        let made = self.checked(key.0, 0, || {
            let source = ShaderSource::Wgsl(text().into());
            let module = self.device.create_shader_module(ShaderModuleDescriptor { label, source });
            Ok(self.device.create_compute_pipeline(&ComputePipelineDescriptor {
                label,
                layout,
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            }))
        })?;
        pipelines.insert(key, made.clone());
        Ok(made)
    }
}

/// What came of what `what` did, which asked for so many bytes, with what wgpu found wrong with it.
fn outcome<T>(
    done: std::thread::Result<Result<T>>,
    error: Option<&wgpu::Error>,
    what: &'static str,
    bytes: u64,
) -> Result<T> {
    match (error, done) {
        (Some(error), _) => Err(found_wrong(error, what, bytes)),
        (None, Ok(done)) => done,
        (None, Err(_)) => Err(Error::Lost { message: "its driver gave up".to_owned() }),
    }
}

/// What wgpu found wrong with what `what` did, which asked for so many bytes.
fn found_wrong(error: &wgpu::Error, what: &'static str, bytes: u64) -> Error {
    match error {
        wgpu::Error::OutOfMemory { .. } => Error::OutOfMemory { bytes },
        error => Error::Invalid { kernel: what, message: error.to_string() },
    }
}

fn bindings(device: &Device) -> BindGroupLayout {
    let entries: Vec<BindGroupLayoutEntry> = (0..BINDINGS)
        .map(|binding| BindGroupLayoutEntry {
            binding,
            visibility: ShaderStages::COMPUTE,
            ty: BindingType::Buffer {
                ty: BufferBindingType::Storage { read_only: binding != WRITTEN },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        })
        .collect();
    device.create_bind_group_layout(&BindGroupLayoutDescriptor { label: Some("segments"), entries: &entries })
}

fn note(lost: &Mutex<Option<String>>, message: String) {
    lock(lost).get_or_insert(message);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_not_there_is_told_from_a_kernel_that_is_refused() {
        let memory = wgpu::Error::OutOfMemory { source: "no heap".into() };
        assert!(matches!(found_wrong(&memory, "upload", 5), Error::OutOfMemory { bytes: 5 }));
        let source = "no such type".into();
        let refused = wgpu::Error::Validation { source, description: "no such type".to_owned() };
        assert!(matches!(found_wrong(&refused, "mean", 5), Error::Invalid { kernel: "mean", .. }));
    }

    #[test]
    fn a_driver_that_gives_up_is_an_error_of_its_cause() {
        let panicked = || -> std::thread::Result<Result<()>> { Err(Box::new("no range")) };
        let memory = wgpu::Error::OutOfMemory { source: "no heap".into() };
        assert!(matches!(outcome(panicked(), Some(&memory), "upload", 5), Err(Error::OutOfMemory { bytes: 5 })));
        assert!(matches!(outcome(panicked(), None, "upload", 5), Err(Error::Lost { .. })));
        assert!(matches!(outcome(Ok(Ok(7)), None, "upload", 5), Ok(7)));
        assert!(matches!(outcome(Ok(Ok(7)), Some(&memory), "upload", 5), Err(Error::OutOfMemory { .. })));
    }
}
