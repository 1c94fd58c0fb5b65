//! Where the operating system is called: unit tests make each call fail in turn. In any other build nothing is asked, and
//! nothing is left of it.

#[cfg(not(test))]
use std::io;

/// A call to the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Call {
    /// To look at a path or list a folder.
    List,
    Open,
    Read,
    /// To make a file.
    Create,
    Write,
    /// To give a file that is whole its name.
    Place,
}

/// Before a call.
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "in tests it fails")]
pub(crate) const fn before(_: Call) -> io::Result<()> {
    Ok(())
}

/// Before a call that reads or writes up to so many bytes: how many it may.
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
