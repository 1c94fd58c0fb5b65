//! Settings of what is written.

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
    /// Replaces what is there already under this name. Without, that is an error.
    pub overwrite: bool,
}

impl WriteOptions {
    /// Leaves what is there already as it is.
    #[must_use]
    pub const fn new() -> Self {
        Self { overwrite: false }
    }

    /// Says whether to replace what is there already.
    #[must_use]
    pub const fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }
}
