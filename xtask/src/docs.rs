//! `cargo xtask docs`: the documentation of every crate, as HTML.

use crate::run::{self, Result};

/// Builds it and prints where it is.
pub(crate) fn docs() -> Result<()> {
    run::run(run::cargo().args(["doc", "--workspace", "--no-deps"]))?;
    println!("{}", run::target_directory()?.join("doc/tape/index.html").display());
    Ok(())
}
