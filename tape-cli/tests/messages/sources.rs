//! The errors and warnings that the sources of the workspace declare.
//!
//! The sources are formatted by rustfmt, which this relies on: variants are indented by four spaces, and an item ends with
//! a brace in the first column.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The crates whose messages users see.
const CRATES: [&str; 8] =
    ["tape", "tape-analysis", "tape-cli", "tape-core", "tape-exec", "tape-gpu", "tape-io", "tape-pool"];

/// A source file: its path from the root of the workspace, and its text without tests.
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Reads all sources, without unit tests.
pub(crate) fn all() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the root of the workspace");
    let mut paths = Vec::new();
    CRATES.iter().for_each(|name| walk(&root.join(name).join("src"), &mut paths));
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source file");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        let path = path.strip_prefix(root).expect("a path below the root").to_string_lossy().replace('\\', "/");
        SourceFile { path, text: code }
    };
    paths.into_iter().map(read).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            walk(&path, files);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            files.push(path);
        }
    }
}

/// Returns the names of all errors that have a message, as [`Row::of_error`](crate::table::Row::of_error) makes them.
/// Transparent variants have no message of their own. Errors that only builds with the feature `gpu` have are included
/// if this test has it.
pub(crate) fn errors(file: &SourceFile) -> BTreeSet<String> {
    let name = file.path.split('/').next().unwrap_or_default().replace('-', "_");
    if name == "tape_gpu" && !cfg!(feature = "gpu") {
        return BTreeSet::new();
    }
    let items = file.text.split("thiserror::Error)]\n").skip(1);
    items.flat_map(|item| of_item(item.split("\n}").next().unwrap_or_default(), &name)).collect()
}

/// The errors of an enum or struct, whose text begins below its `derive`.
fn of_item(item: &str, crate_name: &str) -> Vec<String> {
    let mut declared = Declared::default();
    let mut attributes: Vec<&str> = vec![];
    for line in item.lines() {
        let code = line.trim_start();
        let variant = line.len() - code.len() == 4 && code.starts_with(|c: char| c.is_ascii_uppercase());
        if let Some(name) = declared_name(line) {
            declared.name = name;
            if line.contains("struct ") {
                return vec![format!("{crate_name}::{}", declared.name)];
            }
        } else if variant {
            let word = code.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            let skipped = attributes.iter().any(|attribute| {
                attribute.contains("#[error(transparent)]")
                    || (attribute.contains("#[cfg(feature = \"gpu\")]") && !cfg!(feature = "gpu"))
            });
            if !skipped {
                declared.variants.push(word.to_owned());
            }
            attributes.clear();
        } else if code.starts_with("#[") {
            attributes.push(code);
        }
    }
    declared.variants.iter().map(|variant| format!("{crate_name}::{}::{variant}", declared.name)).collect()
}

#[derive(Default)]
struct Declared {
    name: String,
    variants: Vec<String>,
}

/// The name of the type that a line declares.
fn declared_name(line: &str) -> Option<String> {
    let indented = line.starts_with(' ');
    let rest = ["enum ", "struct "].iter().find_map(|kind| Some(line.split_once(kind)?.1)).filter(|_| !indented)?;
    Some(rest.chars().take_while(|c| c.is_alphanumeric()).collect())
}

/// Code that makes a warning or passes one on.
const WARNS: [&str; 6] =
    ["Event::Warning(", "warnings.push(", "warnings.extend(", "notes.extend(", "notes.push(", "eprintln!(\"warning"];

/// Returns the places of a file where a warning is made or passed on: `path: function`.
pub(crate) fn warning_places(file: &SourceFile) -> BTreeSet<String> {
    let mut function = String::new();
    let mut places = BTreeSet::new();
    for line in file.text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        if let Some((before, after)) = line.split_once("fn ")
            && before.chars().all(|c| c.is_alphabetic() || " ()".contains(c))
        {
            function = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        }
        let warns = line.contains("fn ") && (function.contains("warning") || function == "doubts");
        if warns || WARNS.iter().any(|warns| line.contains(warns)) {
            places.insert(format!("{}: {function}", file.path));
        }
    }
    places
}

/// Returns, for each message that the command itself makes, its longest text without values.
pub(crate) fn own_messages(file: &SourceFile) -> Vec<String> {
    let code = &file.text;
    let made = ["Failure::usage(", "Failure::failed("].iter().flat_map(|marker| code.split(marker).skip(1));
    made.filter_map(|after| longest_text(after.trim_start().trim_start_matches("format!(").trim_start())).collect()
}

/// The longest part of the string literal that `code` begins with, between values. Messages that only pass on others have none.
fn longest_text(code: &str) -> Option<String> {
    let literal = code.strip_prefix('"')?.split('"').next()?;
    let parts = literal.split('{').map(|part| part.split_once('}').map_or(part, |(_, text)| text));
    parts.max_by_key(|part| part.len()).map(|part| part.trim().to_owned()).filter(|part| part.len() > 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SourceFile {
        SourceFile { path: "tape-io/src/error.rs".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn variants_with_messages_are_found() {
        let code = "#[derive(Debug, thiserror::Error)]\n#[non_exhaustive]\npub enum Error {\n    /// None.\n    #[error(\"no \
                    input\")]\n    NoInput,\n    #[error(transparent)]\n    Io(Other),\n    #[error(\n        \"{}: \
                    bad\"\n    )]\n    Bad {\n        /// Path.\n        path: PathBuf,\n    },\n}\n\nenum Other {\n    Not,\n}\n";
        let found: Vec<String> = errors(&file(code)).into_iter().collect();
        assert_eq!(found, ["tape_io::Error::Bad", "tape_io::Error::NoInput"]);
        let code = "#[derive(Debug, thiserror::Error)]\n#[error(\"no\")]\npub struct NotSorted;\n";
        assert_eq!(errors(&file(code)).into_iter().collect::<Vec<_>>(), ["tape_io::NotSorted"]);
    }

    #[test]
    fn places_of_warnings_are_found() {
        let code = "fn quiet() {}\n\n    pub(crate) fn run() {\n        warnings.push(text);\n    }\n// Event::Warning(\nfn other() {\n}\n";
        assert_eq!(warning_places(&file(code)).into_iter().collect::<Vec<_>>(), ["tape-io/src/error.rs: run"]);
    }

    #[test]
    fn texts_of_the_command_are_found() {
        let code = "Failure::usage(format!(\n    \"{}: no such folder, or {x}\", path))\nFailure::failed(why)";
        assert_eq!(own_messages(&file(code)), [": no such folder, or"]);
    }
}
