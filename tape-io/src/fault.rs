//! Hooks at calls to the operating system, with which unit tests make each call fail in turn. In other builds the hooks
//! compile to nothing.

#[cfg(not(test))]
use std::io;

/// A call to the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Call {
    /// Reads the metadata of a path, or lists a folder.
    List,
    Open,
    Read,
    /// Creates a file.
    Create,
    Write,
    /// Renames a complete file to its final name.
    Place,
}

/// Runs before a call, which fails if this does.
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "in tests it fails")]
pub(crate) const fn before(_: Call) -> io::Result<()> {
    Ok(())
}

/// Runs before a call that reads or writes up to `bytes` bytes, and returns the number that it may transfer.
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "in tests it fails")]
pub(crate) const fn length(_: Call, bytes: usize) -> io::Result<usize> {
    Ok(bytes)
}

#[cfg(test)]
mod injected;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use injected::{Fault, before, length, with};
