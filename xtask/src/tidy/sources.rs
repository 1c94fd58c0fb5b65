//! Checks of single manifests and Rust files.

use std::fs;
use std::path::Path;

use super::{Finding, Workspace, failures};
use crate::run::Result;

/// Longer files fail.
const MOST_LINES: usize = 500;
/// Longer files are noted.
const MANY_LINES: usize = 350;
/// Macros that mark code as unfinished.
const UNFINISHED: [&str; 3] = ["todo", "unimplemented", "dbg"];

/// A text file of the workspace.
#[derive(Debug)]
pub(super) struct File {
    /// Path relative to the root, with slashes.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    /// Reads a file under `root`.
    pub(super) fn read(root: &Path, path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let shown = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        Ok(Self { path: shown, text })
    }
}

/// Reads every file under `folders` with an extension, sorted by path. Skips cargo's `target` folders.
pub(super) fn files(root: &Path, folders: &[&Path], wanted: &str) -> Result<Vec<File>> {
    let mut files = vec![];
    let mut open: Vec<_> = folders.iter().map(|folder| folder.to_path_buf()).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == wanted) {
                files.push(File::read(root, &path)?);
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Checks that every member uses the lints of the workspace.
pub(super) fn lints(workspace: &Workspace) -> Vec<Finding> {
    let takes = |text: &str| {
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or("").replace(char::is_whitespace, ""));
        let mut table = String::new();
        lines.into_iter().any(|line| {
            if line.starts_with('[') {
                table = line;
                return false;
            }
            (table.as_str(), line.as_str()) == ("[lints]", "workspace=true")
        })
    };
    let broken = workspace.manifests.iter().filter(|manifest| !takes(&manifest.text));
    failures(broken.map(|manifest| format!("{} lacks [lints] workspace = true", manifest.path)))
}

/// Checks the length of files.
pub(super) fn lengths(workspace: &Workspace) -> Vec<Finding> {
    let judge = |file: &File| {
        let lines = file.text.lines().count();
        match lines {
            _ if lines > MOST_LINES => Some(Finding::Failure(format!("{}: {lines} lines", file.path))),
            _ if lines > MANY_LINES => Some(Finding::Note(format!("{}: {lines} lines", file.path))),
            _ => None,
        }
    };
    workspace.sources.iter().filter_map(judge).collect()
}

/// Checks that no macro for unfinished code or debugging is used.
pub(super) fn unfinished(workspace: &Workspace) -> Vec<Finding> {
    let mut broken = vec![];
    for file in workspace.sources.iter().filter(|file| file.path.contains("src/")) {
        for (number, line) in (1..).zip(file.text.lines()) {
            let code = line.split("//").next().unwrap_or("");
            let used = UNFINISHED.iter().filter(|name| uses_macro(code, name));
            broken.extend(used.map(|name| format!("{}:{number}: {name}!", file.path)));
        }
    }
    failures(broken)
}

/// Returns true if a line of code calls the macro `name`.
fn uses_macro(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + name.len()..].strip_prefix('!').and_then(|rest| rest.trim_start().chars().next());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_') && matches!(after, Some('(' | '[' | '{'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(sources: Vec<(&str, String)>, manifests: Vec<(&str, &str)>) -> Workspace {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        Workspace {
            sources: sources.iter().map(|(path, text)| file(path, text)).collect(),
            manifests: manifests.into_iter().map(|(path, text)| file(path, text)).collect(),
            ..Workspace::with_packages(&[])
        }
    }

    #[test]
    fn a_member_without_the_lints_is_found() {
        let good = "[package]\nname = \"a\"\n[lints] # all\nworkspace = true\n";
        let other_table = "[package]\nversion.workspace = true\n[lints.rust]\nworkspace = true\n";
        let workspace =
            workspace(vec![], vec![("a/Cargo.toml", good), ("b/Cargo.toml", other_table), ("c/Cargo.toml", "")]);
        let lacks = |name| format!("{name}/Cargo.toml lacks [lints] workspace = true");
        assert_eq!(lints(&workspace), failures([lacks("b"), lacks("c")]));
    }

    #[test]
    fn long_files_are_noted_and_longer_ones_fail() {
        let lines = |n: usize| "\n".repeat(n);
        let workspace = workspace(vec![("a.rs", lines(350)), ("b.rs", lines(351)), ("c.rs", lines(501))], vec![]);
        let expected = [Finding::Note("b.rs: 351 lines".into()), Finding::Failure("c.rs: 501 lines".into())];
        assert_eq!(lengths(&workspace), expected);
    }

    #[test]
    fn unfinished_code_is_found_but_not_in_comments() {
        let call = |name: &str| format!("fn f() {{ {name}!(1) }}\n");
        let [first, second, third] = UNFINISHED.map(call);
        let talk = format!("// {first}let todo = my_{}!(1);", UNFINISHED[2]);
        let workspace = workspace(vec![("a/src/b.rs", first + &second + &talk), ("a/tests/c.rs", third)], vec![]);
        assert_eq!(
            unfinished(&workspace),
            failures(["a/src/b.rs:1: todo!".into(), "a/src/b.rs:2: unimplemented!".into()])
        );
    }

    #[test]
    fn files_are_found_in_subfolders_but_not_in_target() {
        let root = tempfile::tempdir().expect("a folder");
        for path in ["a/src/x/y.rs", "a/target/z.rs", "a/readme.md"] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("can be made");
            fs::write(path, "").expect("can be written");
        }
        let files = files(root.path(), &[&root.path().join("a")], "rs").expect("can be read");
        assert_eq!(files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a/src/x/y.rs"]);
    }
}
