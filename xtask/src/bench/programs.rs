//! The programs that a benchmark runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use super::process::{self, Usage};
use crate::run::{self, Result};

/// Paths of the programs.
#[derive(Debug)]
pub(super) struct Programs {
    /// The command under test.
    pub(super) tape: PathBuf,
    /// Decodes columns without computing anything.
    pub(super) floor: PathBuf,
    /// Compares results.
    pub(super) compare: PathBuf,
    /// Times kernels without files.
    pub(super) kernels: PathBuf,
    /// Runs the library in a warm process.
    pub(super) warm: PathBuf,
    /// Measures a command. Test scripts report their usage instead, so that tests do not depend on the load of the
    /// machine.
    pub(super) measure: fn(&mut Command) -> Result<Usage>,
}

impl Programs {
    /// Builds the programs of this tree in release mode.
    pub(super) fn build() -> Result<Self> {
        run::run(run::cargo().args("build --release --package tape-cli --package tape-benches --bins".split(' ')))?;
        Self::in_folder(&run::target_directory()?.join("release"))
    }

    /// Returns the programs in a folder.
    pub(super) fn in_folder(folder: &Path) -> Result<Self> {
        let program = |name: &str| {
            let path = folder.join(name);
            if path.is_file() { Ok(path) } else { Err(format!("{} is missing", path.display())) }
        };
        Ok(Self {
            tape: program("tape")?,
            floor: program("tape-floor")?,
            compare: program("tape-compare")?,
            kernels: program("tape-kernels")?,
            warm: program("tape-warm")?,
            measure: process::measure,
        })
    }

    /// Returns the size and modification time of each file, to detect if another build replaces one.
    pub(super) fn state(&self) -> Result<Vec<(&Path, u64, SystemTime)>> {
        let state = |path| {
            let metadata = fs::metadata(path).map_err(|error| format!("{}: {error}", Path::display(path)))?;
            Ok((path, metadata.len(), metadata.modified()?))
        };
        [self.tape.as_path(), &self.floor, &self.compare, &self.kernels, &self.warm].into_iter().map(state).collect()
    }

    /// Checks that no program was replaced. A concurrent build would otherwise mix figures of two versions.
    pub(super) fn still(&self, before: &[(&Path, u64, SystemTime)]) -> Result<()> {
        match before.iter().zip(self.state()?).find(|(before, after)| *before != after) {
            Some((before, _)) => Err(format!("{} was replaced while it was measured", before.0.display()).into()),
            None => Ok(()),
        }
    }
}
