//! Options for output.

/// Options for writing a file or a frame.
///
/// ```
/// use tape::WriteOptions;
/// let options = WriteOptions::new().overwrite(true);
/// assert!(options.overwrite);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// True to replace an existing file or frame of this name. If false, an existing one is an error.
    pub overwrite: bool,
}

impl WriteOptions {
    /// Creates options that never replace anything.
    #[must_use]
    pub const fn new() -> Self {
        Self { overwrite: false }
    }

    /// Sets whether an existing file or frame is replaced.
    #[must_use]
    pub const fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }
}
