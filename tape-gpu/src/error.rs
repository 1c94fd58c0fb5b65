//! Errors of devices.

/// An error of a device. The CPU can take over after any of them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No adapter was found.
    #[error("no GPU was found: install a Vulkan driver (mesa-vulkan-drivers has a software one), or use the CPU")]
    NoAdapter,
    /// No adapter has the requested name.
    #[error("no device matches '{name}'; available devices: {}", known.join(", "))]
    Unknown {
        /// The requested name.
        name: String,
        /// The names of all adapters.
        known: Vec<String>,
    },
    /// The device could not be opened.
    #[error("cannot open {adapter}: {message}")]
    Refused {
        /// The name of the adapter.
        adapter: String,
        /// The message of the driver.
        message: String,
    },
    /// The requested tier needs a capability that the device lacks.
    #[error("{adapter} does not support {what}")]
    Lacks {
        /// The name of the adapter.
        adapter: String,
        /// The missing capability.
        what: &'static str,
    },
    /// The device was lost or destroyed.
    #[error("the device was lost: {message}")]
    Lost {
        /// The message of the driver.
        message: String,
    },
    /// The device is out of memory.
    #[error("the device is out of memory (allocating {bytes} bytes)")]
    OutOfMemory {
        /// The size of the failed allocation.
        bytes: u64,
    },
    /// A kernel or command was rejected, because of a bug in this crate or in a driver.
    #[error("the device rejected {kernel}: {message}")]
    Invalid {
        /// The kernel or operation.
        kernel: &'static str,
        /// The message of wgpu.
        message: String,
    },
}

/// The result type of this crate.
pub type Result<T> = std::result::Result<T, Error>;
