//! Runs the commands in the README.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::run::{self, Result};

/// A line of a shell block in the README.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// A `tape` command to run.
    Ours(String),
    /// `cargo xtask test`, which is already running.
    Itself(String),
    /// Any other command, such as one that sets up a machine.
    Other(String),
}

/// The outcome of running the README's commands.
#[derive(Debug, Default)]
pub(crate) struct ReadmeOutcome {
    /// Number of commands that succeeded.
    pub(crate) passed: usize,
    /// Failed commands, with the reason.
    pub(crate) failures: Vec<String>,
    /// Skipped commands, with the reason.
    pub(crate) not_run: Vec<String>,
}

/// Runs the README's commands in order in one empty folder, so that later commands find the files of earlier ones.
///
/// # Errors
/// If there is no README, it has no command to run, or the release build fails.
pub(crate) fn run_readme() -> Result<ReadmeOutcome> {
    let readme = run::root().join("README.md");
    let text = std::fs::read_to_string(&readme).map_err(|error| format!("{}: {error}", readme.display()))?;
    let lines = lines(&text);
    if !lines.iter().any(|line| matches!(line, Line::Ours(_))) {
        return Err("README.md has no ```sh block with a command to run".into());
    }
    run::run(run::cargo().args(["build", "--release", "--package", "tape-cli"]))?;
    let folder = tempfile::tempdir()?;
    run_lines(lines, folder.path(), &run::target_directory()?.join("release"))
}

fn run_lines(lines: Vec<Line>, folder: &Path, programs: &Path) -> Result<ReadmeOutcome> {
    let mut outcome = ReadmeOutcome::default();
    for line in lines {
        match line {
            Line::Itself(line) => outcome.not_run.push(format!("README's `{line}`: already running")),
            Line::Other(line) => outcome.not_run.push(format!("README's `{line}`: not a command under test")),
            Line::Ours(line) => {
                println!("$ {line}");
                let start = Instant::now();
                match run::run(&mut shell(&line, folder, programs)?) {
                    Ok(()) => outcome.passed += 1,
                    Err(error) => outcome.failures.push(format!("README's `{line}`: {error}")),
                }
                println!("({:.1} s)", start.elapsed().as_secs_f64());
            }
        }
    }
    Ok(outcome)
}

/// Returns the shell command for a line in `folder`, with `tape` from `programs` and `cargo run` in the workspace.
fn shell(line: &str, folder: &Path, programs: &Path) -> Result<Command> {
    let manifest = run::root().join("Cargo.toml");
    let line = match line.strip_prefix("cargo run") {
        Some(rest) => format!("cargo run --manifest-path '{}'{rest}", manifest.display()),
        None => line.to_owned(),
    };
    let old = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([PathBuf::from(programs)].into_iter().chain(env::split_paths(&old)))?;
    let mut shell = Command::new("sh");
    shell.args(["-euc", &line]).current_dir(folder).env("PATH", path);
    Ok(shell)
}

/// Returns the commands of all ```` ```sh ```` blocks, with continued lines joined, and without prompts and comments.
fn lines(markdown: &str) -> Vec<Line> {
    let mut lines = vec![];
    let mut in_block = false;
    let mut command = String::new();
    for line in markdown.lines().map(str::trim) {
        if line.starts_with("```") {
            in_block = !in_block && line == "```sh";
        } else if in_block {
            command.push_str(line.strip_prefix("$ ").unwrap_or(line));
            if command.ends_with('\\') {
                command.pop();
                continue;
            }
            let command = std::mem::take(&mut command);
            if !command.is_empty() && !command.starts_with('#') {
                lines.push(kind(command));
            }
        }
    }
    lines
}

fn kind(command: String) -> Line {
    let mut words = command.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("cargo"), Some("xtask"), Some("test")) => Line::Itself(command),
        (Some("tape"), ..) | (Some("cargo"), Some("run"), _) => Line::Ours(command),
        _ => Line::Other(command),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = "
```sh
cargo run --release --bin tape -- demo
cargo xtask test   # everything
```
text, and `tape no`
```rust
tape no
```
```sh
# a comment
git clone somewhere
$ tape batch survey \\
    --stat stetson_j
```";

    #[test]
    fn only_commands_of_shell_blocks_are_found() {
        let expected = [
            Line::Ours("cargo run --release --bin tape -- demo".into()),
            Line::Itself("cargo xtask test   # everything".into()),
            Line::Other("git clone somewhere".into()),
            Line::Ours("tape batch survey --stat stetson_j".into()),
        ];
        assert_eq!(lines(README), expected);
    }

    #[test]
    fn a_failing_command_is_reported_and_later_ones_see_earlier_files() {
        let programs = tempfile::tempdir().expect("a folder");
        let script = "#!/bin/sh\ntest \"$1\" != make || { echo x > made; exit 0; }\ncat \"$2\"\n";
        crate::bench::fake::program(programs.path(), "tape", script);
        let folder = tempfile::tempdir().expect("a folder");
        let ours = |line: &str| Line::Ours(line.to_owned());
        let lines = vec![ours("tape make"), ours("tape read made"), ours("tape read missing"), ours("tape read made")];
        let outcome = run_lines(lines, folder.path(), programs.path()).expect("they can be started");
        assert_eq!(outcome.passed, 3);
        let [failure] = &outcome.failures[..] else { panic!("one fails: {outcome:?}") };
        assert!(failure.starts_with("README's `tape read missing`"), "{failure}");
        assert!(folder.path().join("made").is_file());
    }

    #[test]
    fn cargo_runs_in_the_workspace() {
        let folder = Path::new("/");
        let shell = shell("cargo run --release", folder, folder).expect("paths join");
        let line = format!("sh -euc cargo run --manifest-path '{}/Cargo.toml' --release", run::root().display());
        assert_eq!(run::shown(&shell), line);
    }
}
