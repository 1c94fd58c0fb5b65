//! Runs the commands in the README and on the pages of `docs/`.
//!
//! A command is a line of a block that opens with ```` ```sh ````. Lines that end in a backslash continue. A block
//! whose commands cannot run in a test opens with ```` ```sh,no-run REASON ````. Lines of ```` ```text ```` blocks must
//! occur in the output of the page's commands.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::run::{self, Result};

/// Pages without commands.
const WITHOUT_COMMANDS: [&str; 2] = ["docs/SUMMARY.md", "docs/glossary.md"];

/// Names of shells that are refused, because blocks with them would not be run.
const OTHER_SHELLS: [&str; 6] = ["", "bash", "console", "shell", "shellsession", "zsh"];

/// A command of a page.
#[derive(Debug, PartialEq, Eq)]
struct PageCommand {
    /// Line of the page, starting at 1.
    line: usize,
    command: String,
    /// The reason, if the command does not run in a test.
    no_run: Option<String>,
}

/// The outcome of running the commands of pages.
#[derive(Debug, Default)]
pub(crate) struct PagesOutcome {
    /// Number of pages.
    pub(crate) pages: usize,
    /// Number of commands that succeeded.
    pub(crate) passed: usize,
    /// Failed commands, with the reason.
    pub(crate) failures: Vec<String>,
    /// Skipped commands, with the reason.
    pub(crate) not_run: Vec<String>,
}

/// Runs the commands of the README and of all pages in `docs/`. If `only` is not empty, runs those pages only, named
/// like `docs/start.md`.
///
/// # Errors
/// If a page cannot be read or is not written as the module describes, or if the release build fails.
pub(crate) fn run_pages(only: &[String]) -> Result<PagesOutcome> {
    let pages = pages(run::root(), only)?;
    run::run(run::cargo().args(["build", "--release", "--package", "tape-cli"]))?;
    let programs = run::target_directory()?.join("release");
    let mut outcome = PagesOutcome::default();
    for page in &pages {
        println!("\n{}", page.name);
        let folder = tempfile::tempdir()?;
        outcome.add(run_page(page, folder.path(), &programs)?);
    }
    Ok(outcome)
}

/// A page, and its commands.
#[derive(Debug)]
struct Page {
    name: String,
    commands: Vec<PageCommand>,
    /// Lines of output that the page shows, each with its line on the page.
    shown: Vec<(usize, String)>,
}

/// Reads the README and the pages of `docs/`, in order of name.
fn pages(root: &Path, only: &[String]) -> Result<Vec<Page>> {
    let mut names = vec!["README.md".to_owned()];
    for entry in std::fs::read_dir(root.join("docs"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") {
            names.push(format!("docs/{name}"));
        }
    }
    names.sort();
    if let Some(unknown) = only.iter().find(|page| !names.contains(page)) {
        return Err(format!("there is no page {unknown}; the pages are {}", names.join(", ")).into());
    }
    names.retain(|name| only.is_empty() || only.contains(name));
    names.into_iter().map(|name| Page::parse(&std::fs::read_to_string(root.join(&name))?, name)).collect()
}

/// Runs the commands of a page in order in one folder, so that later commands find the files of earlier ones.
fn run_page(page: &Page, folder: &Path, programs: &Path) -> Result<PagesOutcome> {
    let mut outcome = PagesOutcome { pages: 1, ..PagesOutcome::default() };
    let mut printed = String::new();
    for PageCommand { line, command, no_run } in &page.commands {
        let place = format!("{}:{line}: `{command}`", page.name);
        if let Some(reason) = no_run {
            println!("- {command}   (not run: {reason})");
            outcome.not_run.push(format!("{place}: {reason}"));
            continue;
        }
        let start = Instant::now();
        let output = shell(command, folder, programs)?.stdin(Stdio::null()).output()?;
        println!("$ {command}   ({:.1} s)", start.elapsed().as_secs_f64());
        let error = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            outcome.passed += 1;
        } else {
            outcome.failures.push(format!("{place}: {}\n{}", output.status, error.trim()));
        }
        printed.extend([&*String::from_utf8_lossy(&output.stdout), &error]);
    }
    let differs = |(_, shown): &&(usize, String)| !printed.lines().any(|line| line.trim() == shown);
    for (line, shown) in page.shown.iter().filter(differs) {
        outcome.failures.push(format!("{}:{line}: no command of the page prints `{shown}`", page.name));
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

impl Page {
    /// Finds the commands of all shell blocks, with continued lines joined, and without comments.
    fn parse(markdown: &str, name: String) -> Result<Self> {
        let (mut commands, mut shown) = (vec![], vec![]);
        let (mut block, mut command) = (None, String::new());
        for (line, text) in (1..).zip(markdown.lines().map(str::trim)) {
            let error = |message: &str| format!("{name}:{line}: {message}");
            if let Some(info) = text.strip_prefix("```") {
                block = match block {
                    Some(_) => None,
                    None => Some(Block::parse(info).map_err(|message| error(&message))?),
                };
                continue;
            }
            match &block {
                Some(Block::Shell { no_run }) => {
                    command.push_str(text);
                    if command.ends_with('\\') {
                        command.pop();
                        continue;
                    }
                    let command = std::mem::take(&mut command);
                    if !command.is_empty() && !command.starts_with('#') {
                        let no_run = no_run.clone().or_else(|| itself(&command));
                        commands.push(PageCommand { line, command, no_run });
                    }
                }
                Some(Block::Output | Block::Other) if text.starts_with("tape ") || text.starts_with("$ ") => {
                    return Err(error("commands belong in a ```sh block").into());
                }
                Some(Block::Output) if !text.is_empty() => shown.push((line, text.to_owned())),
                Some(Block::Output | Block::Other) | None => {}
            }
        }
        let has_commands = !commands.is_empty();
        match (has_commands, WITHOUT_COMMANDS.contains(&&*name)) {
            (false, false) => Err(format!("{name} has no ```sh block with a command").into()),
            (true, true) => Err(format!("{name} has commands: remove it from the list of pages without").into()),
            _ => Ok(Self { name, commands, shown }),
        }
    }
}

/// A fenced block.
enum Block {
    Shell { no_run: Option<String> },
    Output,
    Other,
}

impl Block {
    /// Parses the text after the opening fence.
    fn parse(info: &str) -> std::result::Result<Self, String> {
        match info.split_once(' ').unwrap_or((info, "")) {
            ("text", "") => Ok(Self::Output),
            ("sh", "") => Ok(Self::Shell { no_run: None }),
            ("sh,no-run", "") => Err("say after ```sh,no-run why the commands are not run".to_owned()),
            ("sh,no-run", reason) => Ok(Self::Shell { no_run: Some(reason.to_owned()) }),
            (language, _) if OTHER_SHELLS.contains(&language) || language.starts_with("sh,") => {
                Err(format!("write ```sh for commands or ```text for output, not ```{info}"))
            }
            _ => Ok(Self::Other),
        }
    }
}

/// Returns the reason not to run the test suite, which runs this.
fn itself(command: &str) -> Option<String> {
    command.starts_with("cargo xtask test").then(|| "it runs this test".to_owned())
}

impl PagesOutcome {
    fn add(&mut self, other: Self) {
        self.pages += other.pages;
        self.passed += other.passed;
        self.failures.extend(other.failures);
        self.not_run.extend(other.not_run);
    }
}

impl fmt::Display for PagesOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pages, passed, failures, not_run } = self;
        let (failed, not_run) = (failures.len(), not_run.len());
        write!(f, "{pages} pages: {passed} commands succeeded, {failed} failed, {not_run} were not run")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "
```sh
cargo run --release --bin tape -- demo
cargo xtask test   # everything
```
text, and `tape no`
```rust
let no = tape;
```
```sh
# a comment
tape batch survey \\
    --stat stetson_j
```
```sh,no-run needs an object store
tape inspect s3://bucket/survey/
```";

    fn command(line: usize, command: &str, no_run: Option<&str>) -> PageCommand {
        PageCommand { line, command: command.to_owned(), no_run: no_run.map(str::to_owned) }
    }

    fn parse(text: &str) -> Result<Page> {
        Page::parse(text, "docs/a.md".to_owned())
    }

    #[test]
    fn only_commands_of_shell_blocks_are_found() {
        let expected = [
            command(3, "cargo run --release --bin tape -- demo", None),
            command(4, "cargo xtask test   # everything", Some("it runs this test")),
            command(13, "tape batch survey --stat stetson_j", None),
            command(16, "tape inspect s3://bucket/survey/", Some("needs an object store")),
        ];
        assert_eq!(parse(PAGE).expect("the page is valid").commands, expected);
    }

    #[test]
    fn commands_that_would_never_run_are_refused() {
        let error = |text: &str| parse(text).expect_err("the page is refused").to_string();
        for info in ["", "bash", "console", "sh,norun"] {
            let message = error(&format!("\n```{info}\ntape batch survey\n```"));
            assert!(message.starts_with("docs/a.md:2: write ```sh for commands"), "{message}");
        }
        assert!(error("```sh,no-run\ntape inspect s3://a\n```").contains("why the commands are not run"));
        assert!(error("```text\ntape inspect survey\n```").starts_with("docs/a.md:2: commands belong in"));
        assert_eq!(error("text only"), "docs/a.md has no ```sh block with a command");
        assert!(Page::parse("text only", "docs/glossary.md".to_owned()).is_ok());
        assert!(Page::parse("```sh\ntape stats\n```", "docs/glossary.md".to_owned()).is_err());
    }

    /// A program `tape` that writes a file for `make`, and reads one for any other verb.
    fn programs() -> tempfile::TempDir {
        let programs = tempfile::tempdir().expect("a folder");
        let script = "#!/bin/sh\ntest \"$1\" != make || { echo x > made; exit 0; }\ncat \"$2\"\n";
        crate::bench::fake::program(programs.path(), "tape", script);
        programs
    }

    #[test]
    fn a_broken_command_of_a_page_is_reported_and_later_ones_see_earlier_files() {
        let (programs, folder) = (programs(), tempfile::tempdir().expect("a folder"));
        let text = "```sh\ntape make\ntape read made\ntape read missing\ntape read made\n```\n```sh,no-run slow\ntape read all\n```";
        let outcome = run_page(&parse(text).expect("a page"), folder.path(), programs.path()).expect("it runs");
        assert_eq!(outcome.to_string(), "1 pages: 3 commands succeeded, 1 failed, 1 were not run");
        let [failure] = &outcome.failures[..] else { panic!("one fails: {outcome:?}") };
        assert!(failure.starts_with("docs/a.md:4: `tape read missing`: exit status: 1\ncat:"), "{failure}");
        assert_eq!(outcome.not_run, ["docs/a.md:8: `tape read all`: slow"]);
    }

    #[test]
    fn output_that_no_command_prints_is_reported() {
        let (programs, folder) = (programs(), tempfile::tempdir().expect("a folder"));
        let text = "```sh\ntape make\ntape read made\n```\n```text\n  x\ny\n```";
        let outcome = run_page(&parse(text).expect("a page"), folder.path(), programs.path()).expect("it runs");
        assert_eq!(outcome.failures, ["docs/a.md:7: no command of the page prints `y`"]);
    }

    #[test]
    fn every_page_of_docs_is_found_and_none_is_empty() {
        let all = pages(run::root(), &[]).expect("the pages are valid");
        let documents = std::fs::read_dir(run::root().join("docs")).expect("the folder is there");
        let files = documents.filter(|entry| entry.as_ref().is_ok_and(|e| e.path().extension() == Some("md".as_ref())));
        assert_eq!(all.len(), 1 + files.count());
        assert!(all.iter().map(|page| page.commands.len()).sum::<usize>() > 100);
        let only = pages(run::root(), &["docs/jobs.md".to_owned()]).expect("the page exists");
        assert!(matches!(&only[..], [page] if page.name == "docs/jobs.md"));
        assert!(pages(run::root(), &["docs/no.md".to_owned()]).is_err());
    }

    #[test]
    fn cargo_runs_in_the_workspace() {
        let folder = Path::new("/");
        let shell = shell("cargo run --release", folder, folder).expect("paths join");
        let line = format!("sh -euc cargo run --manifest-path '{}/Cargo.toml' --release", run::root().display());
        assert_eq!(run::shown(&shell), line);
    }
}
