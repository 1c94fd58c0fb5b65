//! `tape completions`: prints completions for a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use super::failure::Failure;
use super::screen::Screen;

/// Print completions for a shell
#[derive(Args)]
#[command(after_help = "Example:
  tape completions bash > ~/.local/share/bash-completion/completions/tape")]
pub(crate) struct Completions {
    /// Generate completions for this shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "tape", &mut script);
        Ok(screen.line(String::from_utf8_lossy(&script).trim_end())?)
    }
}
