//! Tests the library as a dependency: which crates it compiles, and a crate outside of the workspace that uses its
//! public API.

use std::collections::BTreeSet;

use super::{SuiteReport, cargo_test};
use crate::run::{self, Result};

const MANIFEST: &str = "tape/tests/outside/Cargo.toml";

/// Crates that the command needs and the library must not depend on.
const OF_THE_COMMAND: [&str; 7] = ["bytesize", "clap", "clap_complete", "ctrlc", "indicatif", "mimalloc", "sysinfo"];

/// Checks the dependencies of the library, and tests the crate outside of the workspace. It is compiled into the
/// workspace's target folder, where most of its dependencies already are.
pub(super) fn outside(report: &mut SuiteReport) -> Result<()> {
    let command = tree(&["--package", "tape-cli"])?;
    for features in ["--features=default", "--no-default-features"] {
        check(&command, &tree(&["--package", "tape", features])?)
            .map_err(|error| format!("tape {features}: {error}"))?;
    }
    let manifest = run::root().join(MANIFEST);
    if !manifest.is_file() {
        report.not_run.push(format!("a crate outside the workspace: {MANIFEST} does not exist"));
        return Ok(());
    }
    let mut command = run::cargo();
    command.args(["test", "--locked", "--manifest-path"]).arg(manifest);
    cargo_test(command.arg("--target-dir").arg(run::target_directory()?), report)
}

/// Returns the names of a package and of its dependencies on any platform.
fn tree(package: &[&str]) -> Result<BTreeSet<String>> {
    let words = "tree --edges normal --target all --prefix none --locked --format {p}";
    let text = run::read(run::cargo().args(words.split(' ')).args(package))?;
    Ok(text.lines().filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect())
}

/// Checks that the library does not compile crates that only the command needs. Also checks that the command needs
/// them, to find outdated names.
fn check(command: &BTreeSet<String>, library: &BTreeSet<String>) -> Result<()> {
    if let Some(unknown) = OF_THE_COMMAND.iter().find(|name| !command.contains(**name)) {
        return Err(format!("the command does not need {unknown}: remove it from the list").into());
    }
    match OF_THE_COMMAND.into_iter().filter(|name| library.contains(*name)).collect::<Vec<_>>() {
        needless if needless.is_empty() => Ok(()),
        needless => Err(format!("the library compiles {}, which only the command needs", needless.join(", ")).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_library_that_compiles_what_only_the_command_needs_is_found() {
        let (command, library) = (names(&OF_THE_COMMAND), names(&["tape", "arrow"]));
        let error = |command: &_, library: &_| check(command, library).err().map(|error| error.to_string());
        assert_eq!(error(&command, &library), None);
        let found = "the library compiles clap, sysinfo, which only the command needs";
        assert_eq!(error(&command, &names(&["tape", "clap", "sysinfo"])).as_deref(), Some(found));
        let stale = "the command does not need bytesize: remove it from the list";
        assert_eq!(error(&names(&["clap"]), &library).as_deref(), Some(stale));
    }
}
