//! Checks for a C compiler, which zstd and mimalloc need.

use std::env;
use std::process::Command;

use crate::run::{self, Result};

const ADVICE: &str = "no C compiler (cc) was found, which zstd and mimalloc need: \
    run apt-get install -y build-essential as root, or set CC to your compiler";

/// Installs a C compiler if there is none, but only as root in continuous integration.
///
/// # Errors
/// If there is still no compiler.
pub(crate) fn check() -> Result<()> {
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    if run::read(Command::new(&compiler).arg("--version")).is_ok() {
        return Ok(());
    }
    let may_install = env::var("CI").is_ok_and(|ci| ci == "true") && run::read(Command::new("id").arg("-u"))? == "0";
    if !may_install {
        return Err(ADVICE.into());
    }
    run::run(Command::new("apt-get").arg("update"))?;
    run::run(
        Command::new("apt-get").args(["install", "-y", "build-essential"]).env("DEBIAN_FRONTEND", "noninteractive"),
    )?;
    run::read(Command::new(&compiler).arg("--version")).map(drop).map_err(|_| ADVICE.into())
}
