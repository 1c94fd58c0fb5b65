//! Finds names with two meanings in one crate.

use std::collections::BTreeMap;

use super::graph::{Graph, Module};
use crate::tidy::tokens::{Token, item_end};

/// File names that may occur in several folders of a crate, with the reason.
const COMMON_FILES: [(&str, &str); 4] = [
    ("mod.rs", "the root of a folder"),
    ("error.rs", "the errors of a folder"),
    ("table.rs", "the printed form of a report"),
    ("measure.rs", "the measurements of a benchmark"),
];

/// Names of types that may occur in several modules of a crate, with the reason.
const COMMON_TYPES: [(&str, &str); 2] =
    [("Args", "the arguments of a subcommand, as clap's users call them"), ("Result", "the results of a module")];

/// Keywords of items that declare a type.
const TYPES: [&str; 5] = ["struct", "enum", "union", "trait", "type"];

/// Finds types and files of a crate that have the same name.
pub(super) fn duplicates(graph: &Graph<'_>) -> Vec<String> {
    let mut types: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut files: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for Module { path, tokens, .. } in &graph.modules {
        for Token { text, line } in declared_types(tokens) {
            if !COMMON_TYPES.iter().any(|(common, _)| *common == text) {
                types.entry(text).or_default().push(format!("{path}:{line}"));
            }
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        if !COMMON_FILES.iter().any(|(common, _)| *common == name) {
            files.entry(name).or_default().push((*path).to_owned());
        }
    }
    let described = |kind: &str, names: BTreeMap<&str, Vec<String>>| {
        let repeated = names.into_iter().filter(|(_, places)| places.len() > 1);
        repeated.map(|(name, places)| format!("{kind} {name}: {}", places.join(", "))).collect::<Vec<_>>()
    };
    [described("type", types), described("file", files)].concat()
}

/// Returns the names of types that modules declare. Associated types and types within functions do not count.
fn declared_types<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut names = vec![];
    let mut at = 0;
    while at < tokens.len() {
        let word = tokens[at].text;
        if TYPES.contains(&word) && tokens.get(at + 1).is_some_and(Token::is_word) {
            names.push(tokens[at + 1]);
        }
        at = if matches!(word, "trait" | "impl" | "fn" | "macro_rules") { item_end(tokens, at) } else { at + 1 };
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::sources::File;

    fn found(texts: &[(&str, &str)]) -> Vec<String> {
        let file = |(path, text): &(&str, &str)| File { path: format!("a/src/{path}"), text: (*text).to_owned() };
        let files: Vec<File> = texts.iter().map(file).collect();
        duplicates(&Graph::read(&files, "a/src"))
    }

    #[test]
    fn types_and_files_of_one_name_are_found() {
        let files = [
            ("lib.rs", "mod a; mod b; struct Row { a: u8 }"),
            ("a/row.rs", "\n\npub(crate) enum Row {}\npub trait Read { type Item; }"),
            ("b/row.rs", "mod inner { type Read<T> = Vec<T>; }"),
        ];
        let expected =
            ["type Read: a/row.rs:4, b/row.rs:1", "type Row: lib.rs:1, a/row.rs:3", "file row.rs: a/row.rs, b/row.rs"];
        assert_eq!(found(&files), expected);
    }

    #[test]
    fn associated_and_local_types_tests_and_common_files_do_not_count() {
        let files = [
            ("lib.rs", "mod a; mod b; struct Row; struct Args; impl Iterator for Row { type Item = u8; }"),
            ("a/mod.rs", "impl<T> Iterator for T { type Item = u8; } #[cfg(test)] mod tests { struct Row; }"),
            ("b/mod.rs", "struct Args; fn f<T>(x: impl Read) { struct Row; } fn g() { f.union(Row) }"),
            ("b/tests.rs", "struct Row;"),
            ("bin/c.rs", "struct Row;"),
        ];
        assert_eq!(found(&files), [""; 0]);
    }
}
