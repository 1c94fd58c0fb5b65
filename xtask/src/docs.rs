//! `cargo xtask docs`: builds the book of `docs/` and the API documentation, or runs the commands of the pages.

pub(crate) mod book;
pub(crate) mod pages;

use clap::Args as ClapArgs;

use crate::run::{self, Result};

/// Arguments of `cargo xtask docs`.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Run the commands of the README and of all pages, or only of these, as in docs/start.md; build nothing
    #[arg(long, value_name = "PAGE", num_args = 0..)]
    run: Option<Vec<String>>,
}

/// Builds the documentation and prints its paths, or runs the commands of pages.
pub(crate) fn docs(args: &Args) -> Result<()> {
    if let Some(only) = &args.run {
        let outcome = pages::run_pages(only)?;
        println!("\n{outcome}");
        return if outcome.failures.is_empty() { Ok(()) } else { Err(outcome.failures.join("\n").into()) };
    }
    println!("{}", book::build()?.display());
    run::run(run::cargo().args(["doc", "--workspace", "--no-deps"]))?;
    println!("{}", run::target_directory()?.join("doc/tape/index.html").display());
    Ok(())
}
