//! The adapters of this machine.

use wgpu::{Adapter, Backends, DeviceType, Features, Instance, InstanceDescriptor, InstanceFlags};

use crate::error::{Error, Result};

/// What is known of an adapter before it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterInfo {
    /// Its name, by which it can be chosen.
    pub name: String,
    /// `Vulkan`, `Metal` or `Dx12`.
    pub backend: String,
    /// The driver, with its version.
    pub driver: String,
    /// Whether it is the CPU in disguise: right answers, and no speed.
    pub software: bool,
    /// Whether lanes can exchange values without memory.
    pub subgroups: bool,
    /// Whether it calculates in `f64`.
    pub f64: bool,
    /// Whether it measures how long a kernel took.
    pub timestamps: bool,
    /// The largest buffer that a kernel can read, bytes.
    pub largest_binding: u64,
}

/// Which device to open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The fastest: a discrete one before an integrated one, and software last.
    #[default]
    Any,
    /// The first whose name contains this, in any case.
    Named(String),
}

/// The adapters of this machine, the fastest first.
#[must_use]
pub fn adapters() -> Vec<AdapterInfo> {
    found().iter().map(describe).collect()
}

/// The adapter that is meant.
pub(crate) fn choose(choice: &Choice) -> Result<Adapter> {
    let mut found = found();
    let place = match choice {
        Choice::Any => 0,
        Choice::Named(name) => {
            let wanted = name.to_lowercase();
            let known = || found.iter().map(|adapter| adapter.get_info().name);
            known().position(|name| name.to_lowercase().contains(&wanted)).ok_or_else(|| {
                if found.is_empty() {
                    Error::NoAdapter
                } else {
                    Error::Unknown { name: name.clone(), known: known().collect() }
                }
            })?
        }
    };
    if place < found.len() { Ok(found.swap_remove(place)) } else { Err(Error::NoAdapter) }
}

pub(crate) fn describe(adapter: &Adapter) -> AdapterInfo {
    let (info, features) = (adapter.get_info(), adapter.features());
    AdapterInfo {
        backend: format!("{:?}", info.backend),
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
        software: info.device_type == DeviceType::Cpu,
        subgroups: features.contains(Features::SUBGROUP),
        f64: features.contains(Features::SHADER_F64),
        timestamps: features.contains(Features::TIMESTAMP_QUERY),
        largest_binding: adapter.limits().max_storage_buffer_binding_size,
        name: info.name,
    }
}

fn found() -> Vec<Adapter> {
    let mut descriptor = InstanceDescriptor::new_without_display_handle();
    // Validation where debug assertions are on, or as WGPU_VALIDATION says.
    descriptor.flags = InstanceFlags::from_build_config().with_env();
    descriptor.backends = Backends::VULKAN | Backends::METAL | Backends::DX12;
    let mut all = pollster::block_on(Instance::new(descriptor).enumerate_adapters(Backends::all()));
    all.sort_by_key(|adapter| match adapter.get_info().device_type {
        DeviceType::DiscreteGpu => 0,
        DeviceType::IntegratedGpu => 1,
        DeviceType::VirtualGpu => 2,
        DeviceType::Other => 3,
        DeviceType::Cpu => 4,
    });
    all
}
