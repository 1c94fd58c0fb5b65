//! The programs that a bench starts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use super::process::{self, Usage};
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
    /// The library, warm.
    pub(super) warm: PathBuf,
    /// Runs one and tells what that took. Stand-ins say it themselves: tests must not hang on how busy a machine is.
    pub(super) measure: fn(&mut Command) -> Result<Usage>,
}

impl Programs {
    /// Those of this tree, as they are released.
    pub(super) fn build() -> Result<Self> {
        run::run(run::cargo().args("build --release --package tape-cli --package tape-benches --bins".split(' ')))?;
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
            warm: program("tape-warm")?,
            measure: process::measure,
        })
    }

    /// The size and the time of each file: they tell whether another build replaced one.
    pub(super) fn state(&self) -> Result<Vec<(&Path, u64, SystemTime)>> {
        let state = |path| {
            let metadata = fs::metadata(path).map_err(|error| format!("{}: {error}", Path::display(path)))?;
            Ok((path, metadata.len(), metadata.modified()?))
        };
        [self.tape.as_path(), &self.floor, &self.compare, &self.kernels, &self.warm].into_iter().map(state).collect()
    }

    /// Fails if one is not what it was: a build beside the bench would make figures of two programs look like those of one.
    pub(super) fn still(&self, before: &[(&Path, u64, SystemTime)]) -> Result<()> {
        match before.iter().zip(self.state()?).find(|(before, after)| *before != after) {
            Some((before, _)) => Err(format!("{} was replaced while it was measured", before.0.display()).into()),
            None => Ok(()),
        }
    }
}
