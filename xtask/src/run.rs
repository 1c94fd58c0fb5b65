//! Starts processes.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// The result of a task. An error is one message for the user.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Returns the folder of the workspace.
///
/// Cargo sets it at run time. A compiled-in path would be wrong for two clones that share a target folder, and thus
/// this program.
pub(crate) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let mut here =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        here.pop();
        here
    });
    &ROOT
}

/// Returns a command for the cargo that runs this program, in the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Returns cargo's target folder.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let text = read(cargo().args(["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&text)?;
    Ok(metadata["target_directory"].as_str().ok_or("the output of cargo metadata has no target directory")?.into())
}

/// Runs a command that inherits standard output and error. Returns an error if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("{}: {status}", shown(command)).into()) }
}

/// Returns the trimmed standard output of a command. If it fails, returns an error with its standard error.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}: {}\n{}", shown(command), output.status, complaint.trim()).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Returns the error for a command that could not be started.
pub(crate) fn not_started(command: &Command, error: &std::io::Error) -> String {
    format!("{} could not be started: {error}", shown(command))
}

/// Formats a command as typed in a shell, with only the file name of the program.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let words = command.get_args().map(|word| word.to_string_lossy());
    [name.to_string_lossy()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_is_named_with_its_message() {
        let error =
            read(Command::new("/bin/sh").args(["-c", "echo no luck >&2; exit 3"])).expect_err("it exits with 3");
        assert_eq!(error.to_string(), "sh -c echo no luck >&2; exit 3: exit status: 3\nno luck");
        assert!(run(Command::new("sh").args(["-c", "exit 3"])).is_err());
        assert!(run(&mut Command::new("/no/such/program")).is_err());
    }

    #[test]
    fn the_root_is_the_workspace() {
        assert!(root().join("xtask/Cargo.toml").is_file());
    }
}
