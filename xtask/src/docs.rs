//! `cargo xtask docs`: builds the HTML documentation of every crate.

use crate::run::{self, Result};

/// Builds the documentation and prints its path.
pub(crate) fn docs() -> Result<()> {
    run::run(run::cargo().args(["doc", "--workspace", "--no-deps"]))?;
    println!("{}", run::target_directory()?.join("doc/tape/index.html").display());
    Ok(())
}
