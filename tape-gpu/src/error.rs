//! What can go wrong on a device.

/// Why a device does not do what was asked of it. The CPU can go on with all of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No adapter at all.
    #[error("no GPU was found: install its Vulkan driver (mesa-vulkan-drivers has one in software), or use the CPU")]
    NoAdapter,
    /// None of that name.
    #[error("no device is called '{name}'; there are: {}", known.join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The device cannot be opened.
    #[error("{adapter} cannot be used: {message}")]
    Refused {
        /// Which device.
        adapter: String,
        /// The driver's words.
        message: String,
    },
    /// A path was forced that the device does not have.
    #[error("{adapter} has no {what}")]
    Lacks {
        /// Which device.
        adapter: String,
        /// What it lacks.
        what: &'static str,
    },
    /// It was lost, or taken away.
    #[error("the device was lost: {message}")]
    Lost {
        /// The driver's words.
        message: String,
    },
    /// There is no memory left on it.
    #[error("the device has no memory left for {bytes} bytes")]
    OutOfMemory {
        /// What was asked of it.
        bytes: u64,
    },
    /// A kernel or a command was refused: a fault of this crate or of a driver.
    #[error("{kernel}: the device refused it: {message}")]
    Invalid {
        /// The kernel, or what was done.
        kernel: &'static str,
        /// The words of wgpu.
        message: String,
    },
}

/// What this crate's functions return.
pub type Result<T> = std::result::Result<T, Error>;
