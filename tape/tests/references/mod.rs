//! Reference answers that lie outside the repository, and trials that need them.

use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

pub(crate) fn shared(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(path)
}

/// A trial that needs some files.
#[expect(clippy::print_stderr, reason = "the harness has no place for why a trial is ignored")]
pub(crate) fn trial(name: String, needs: &[&str], run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    let missing = needs.iter().map(|path| shared(path)).find(|path| !path.exists());
    if let Some(path) = &missing {
        eprintln!("{name}: ignored, because {} is missing", path.display());
    }
    let ignored = missing.is_some();
    Trial::test(name, run).with_ignored_flag(ignored)
}
