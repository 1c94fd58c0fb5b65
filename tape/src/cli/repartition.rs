//! `tape repartition`: a survey written again so that the next run is fast.

use clap::Args;

use super::failure::Failure;
use super::screen::Screen;

/// x
#[derive(Args)]
#[command(after_help = "Example:
  tape repartition x")]
pub(crate) struct Repartition {}

impl Repartition {
    pub(crate) fn run(&self, _: &mut Screen) -> Result<(), Failure> {
        Ok(())
    }
}
