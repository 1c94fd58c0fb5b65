//! The adapters of this machine.

use wgpu::{Adapter, Backends, DeviceType, Features, Instance, InstanceDescriptor, InstanceFlags};

use crate::error::{Error, Result};

/// Properties of an adapter, known before it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterInfo {
    /// Name, by which users can select it.
    pub name: String,
    /// `Vulkan`, `Metal` or `Dx12`.
    pub backend: String,
    /// Driver name and version.
    pub driver: String,
    /// True for a software renderer: correct results, but slow.
    pub software: bool,
    /// True if lanes of a subgroup can exchange values directly.
    pub subgroups: bool,
    /// True if it supports `f64`.
    pub f64: bool,
    /// True if it supports timestamp queries.
    pub timestamps: bool,
    /// Size of the largest buffer that a kernel can bind, bytes.
    pub largest_binding: u64,
}

/// The device to open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The fastest: discrete before integrated, and software last.
    #[default]
    Any,
    /// The first whose name contains this text, ignoring case.
    Named(String),
}

/// Returns the adapters of this machine, fastest first.
#[must_use]
pub fn adapters() -> Vec<AdapterInfo> {
    found().iter().map(describe).collect()
}

/// Finds the selected adapter.
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
    // Enables validation in debug builds, or according to WGPU_VALIDATION.
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
