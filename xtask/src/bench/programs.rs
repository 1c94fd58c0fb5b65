//! The programs that a bench starts.

use std::path::{Path, PathBuf};

use crate::run::{self, Result};

/// Where each lies.
#[derive(Debug)]
pub(super) struct Programs {
    /// The command under test.
    pub(super) tape: PathBuf,
    /// Decodes the columns into nothing.
    pub(super) floor: PathBuf,
    /// Compares results.
    pub(super) compare: PathBuf,
    /// Times kernels without files.
    pub(super) kernels: PathBuf,
}

impl Programs {
    /// Those of this tree, as they are released.
    pub(super) fn build() -> Result<Self> {
        run::run(run::cargo().args("build --release --package tape --package tape-benches --bins".split(' ')))?;
        Self::of(&run::target_directory()?.join("release"))
    }

    /// Those in a folder.
    pub(super) fn of(folder: &Path) -> Result<Self> {
        let program = |name: &str| {
            let path = folder.join(name);
            if path.is_file() { Ok(path) } else { Err(format!("{} is missing", path.display())) }
        };
        Ok(Self {
            tape: program("tape")?,
            floor: program("tape-floor")?,
            compare: program("tape-compare")?,
            kernels: program("tape-kernels")?,
        })
    }
}
