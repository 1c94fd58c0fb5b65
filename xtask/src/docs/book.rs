//! Builds the book of `docs/` with mdBook, which is installed into the target folder on first use.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{self, Result};

/// The version of mdBook. Without its search and as a debug build it compiles in about 80 s of CPU time instead of 160 s.
const VERSION: &str = "0.5.4";

/// Builds the book and returns the path of its first page.
///
/// # Errors
/// If mdBook cannot be installed, or reports an error or a warning.
pub(crate) fn build() -> Result<PathBuf> {
    let target = run::target_directory()?;
    let mdbook = install(&target.join("tools"))?;
    let book = target.join("book");
    let mut command = Command::new(mdbook);
    command.arg("build").arg("--dest-dir").arg(&book).arg(run::root());
    let output = command.output().map_err(|error| run::not_started(&command, &error))?;
    let messages = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || is_complaint(&messages) {
        return Err(format!("{}: {}\n{}", run::shown(&command), output.status, messages.trim()).into());
    }
    Ok(book.join("index.html"))
}

/// Returns true if mdBook reports a warning. It succeeds in spite of these.
fn is_complaint(messages: &str) -> bool {
    messages
        .lines()
        .any(|line| ["WARN", "ERROR"].iter().any(|level| line.split_whitespace().any(|word| word == *level)))
}

/// Installs mdBook below `tools`, unless this version is there.
fn install(tools: &Path) -> Result<PathBuf> {
    let mdbook = tools.join("bin").join(format!("mdbook{}", std::env::consts::EXE_SUFFIX));
    let installed = mdbook.is_file().then(|| run::read(Command::new(&mdbook).arg("--version")));
    if !matches!(installed, Some(Ok(version)) if version.trim_start_matches("mdbook v") == VERSION) {
        let words = "install mdbook --locked --debug --no-default-features --force --version";
        run::run(run::cargo().args(words.split(' ')).arg(VERSION).arg("--root").arg(tools))
            .map_err(|error| format!("mdBook cannot be installed: {error}"))?;
    }
    Ok(mdbook)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_of_mdbook_are_errors() {
        assert!(is_complaint(" INFO Book building has started\n WARN The book has no title"));
        assert!(is_complaint("ERROR unable to open"));
        assert!(!is_complaint(" INFO Running the html backend, which WARNs of nothing"));
    }
}
