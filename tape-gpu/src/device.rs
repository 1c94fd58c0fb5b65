//! An open device with its queue and pipelines, and its error handling.

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
    /// Number of the device among those that this process opened.
    pub(crate) number: u64,
    /// Size of the largest buffer that a kernel can bind, bytes.
    pub(crate) largest: u64,
    pub(crate) rings: Rings,
    pipeline_layout: PipelineLayout,
    adapter: AdapterInfo,
    tier: Tier,
    pipelines: Mutex<HashMap<(&'static str, Team), ComputePipeline>>,
    lost: Arc<Mutex<Option<String>>>,
}

/// Number of buffers that a kernel binds. It writes one of them.
const BINDINGS: u32 = 6;
const WRITTEN: u32 = 4;

/// Number of devices that this process opened.
static OPENED: AtomicU64 = AtomicU64::new(0);

impl Gpu {
    /// Opens a device, with the default tier for it.
    ///
    /// # Errors
    /// If the device does not exist or cannot be opened.
    pub fn open(choice: &Choice) -> Result<Self> {
        Self::open_with(choice, Tier::of)
    }

    /// Opens a device with a given tier.
    ///
    /// # Errors
    /// Like [`Gpu::open`], and if the device does not support the tier.
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
        // Errors that no scope caught. By default wgpu would panic.
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| note(&by_error, error.to_string())));
        let layout = bindings(&device);
        let pipeline_layout = device.create_pipeline_layout(&PipelineLayoutDescriptor {
            label: Some("segments"),
            bind_group_layouts: &[Some(&layout)],
            ..PipelineLayoutDescriptor::default()
        });
        // Offsets are 32-bit on the device.
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

    /// Returns the properties of the device.
    #[must_use]
    pub const fn adapter(&self) -> &AdapterInfo {
        &self.adapter
    }

    /// Returns the capabilities in use.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        self.tier
    }

    /// Destroys the device, as after a driver reset. Every later call returns [`Error::Lost`].
    pub fn destroy(&self) {
        note(&self.lost, "destroyed by the caller".to_owned());
        self.device.destroy();
    }

    /// Returns [`Error::Lost`] if the device is lost.
    pub(crate) fn check(&self) -> Result<()> {
        lock(&self.lost).clone().map_or(Ok(()), |message| Err(Error::Lost { message }))
    }

    /// Runs `act`, and converts wgpu's errors. `bytes` is the amount of memory that `act` allocates.
    pub(crate) fn checked<T>(&self, what: &'static str, bytes: u64, act: impl FnOnce() -> Result<T>) -> Result<T> {
        self.check()?;
        let filters = [ErrorFilter::Internal, ErrorFilter::Validation, ErrorFilter::OutOfMemory];
        let scopes = filters.map(|filter| self.device.push_error_scope(filter));
        // If memory runs out, wgpu returns a buffer that cannot be mapped, and its staging belt panics on it.
        let done = catch_unwind(AssertUnwindSafe(act));
        let mut errors = vec![];
        for scope in scopes.into_iter().rev() {
            errors.extend(pollster::block_on(scope.pop()));
        }
        self.check()?;
        outcome(done, errors.first(), what, bytes)
    }

    /// Returns the pipeline of a kernel for a team. Compiled on first use.
    pub(crate) fn pipeline(&self, of: &'static DeviceKernel, team: Team) -> Result<ComputePipeline> {
        let text = || kernel::text(of, team, self.tier.precision);
        self.made_once((of.name, team), Some(&self.pipeline_layout), text)
    }

    /// Returns the pipeline of a kernel over frequencies, which has its own layout.
    pub(crate) fn spectrum_pipeline(&self, of: &'static SpectrumKernel) -> Result<ComputePipeline> {
        self.made_once((of.name, Team::Tile), None, || kernel::spectrum(of))
    }

    /// Returns the pipeline of a kernel over pairs of epochs.
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

/// Combines the result of the operation `what` with the error that wgpu reported for it. `bytes` is the size of its
/// allocations.
fn outcome<T>(
    done: std::thread::Result<Result<T>>,
    error: Option<&wgpu::Error>,
    what: &'static str,
    bytes: u64,
) -> Result<T> {
    match (error, done) {
        (Some(error), _) => Err(found_wrong(error, what, bytes)),
        (None, Ok(done)) => done,
        (None, Err(_)) => Err(Error::Lost { message: "the driver panicked".to_owned() }),
    }
}

/// Converts an error that wgpu reported for the operation `what`. `bytes` is the size of its allocations.
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
    fn out_of_memory_differs_from_a_rejected_kernel() {
        let memory = wgpu::Error::OutOfMemory { source: "no heap".into() };
        assert!(matches!(found_wrong(&memory, "upload", 5), Error::OutOfMemory { bytes: 5 }));
        let source = "no such type".into();
        let refused = wgpu::Error::Validation { source, description: "no such type".to_owned() };
        assert!(matches!(found_wrong(&refused, "mean", 5), Error::Invalid { kernel: "mean", .. }));
    }

    #[test]
    fn a_driver_panic_reports_its_cause() {
        let panicked = || -> std::thread::Result<Result<()>> { Err(Box::new("no range")) };
        let memory = wgpu::Error::OutOfMemory { source: "no heap".into() };
        assert!(matches!(outcome(panicked(), Some(&memory), "upload", 5), Err(Error::OutOfMemory { bytes: 5 })));
        assert!(matches!(outcome(panicked(), None, "upload", 5), Err(Error::Lost { .. })));
        assert!(matches!(outcome(Ok(Ok(7)), None, "upload", 5), Ok(7)));
        assert!(matches!(outcome(Ok(Ok(7)), Some(&memory), "upload", 5), Err(Error::OutOfMemory { .. })));
    }
}
