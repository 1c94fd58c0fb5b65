//! Scans the tokens of a file for definitions, imports and mentioned paths.

use std::collections::{BTreeMap, BTreeSet};

use crate::tidy::tokens::{Token, group_end};

/// A path in code: `crate::a::B` is `["crate", "a", "B"]`.
pub(super) type CodePath<'a> = Vec<&'a str>;

/// The names of a module: a file, or an inline `mod name { … }`.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    /// Imported names, with their paths.
    pub(super) imported: BTreeMap<&'a str, CodePath<'a>>,
    /// Paths of glob imports (`use a::*`).
    pub(super) globs: Vec<CodePath<'a>>,
    /// Names of items defined here.
    pub(super) defined: BTreeSet<&'a str>,
}

/// A path mentioned in code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mention<'a> {
    /// The inline modules that contain it.
    pub(super) inside: Vec<&'a str>,
    pub(super) path: CodePath<'a>,
    pub(super) line: usize,
}

/// The names and mentions of a file. Names are grouped by inline module.
#[derive(Debug, Default)]
pub(super) struct Scanned<'a> {
    pub(super) names: BTreeMap<Vec<&'a str>, Names<'a>>,
    pub(super) mentions: Vec<Mention<'a>>,
}

/// Keywords that precede the name of an item.
const ITEMS: [&str; 8] = ["struct", "enum", "union", "trait", "type", "fn", "const", "static"];

/// Scans the tokens of a file, which must not contain test code.
pub(super) fn scan<'a>(tokens: &[Token<'a>]) -> Scanned<'a> {
    let mut scanned = Scanned::default();
    scanned.names.insert(vec![], Names::default());
    let (mut inside, mut ends): (Vec<&str>, Vec<usize>) = (vec![], vec![]);
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let mut at = 0;
    while at < tokens.len() {
        while ends.last().is_some_and(|end| at >= *end) {
            (_, _) = (inside.pop(), ends.pop());
        }
        let names = scanned.names.entry(inside.clone()).or_default();
        let (word, line) = (tokens[at].text, tokens[at].line);
        let mut mention = |path: CodePath<'a>| {
            if path.len() > 1 {
                scanned.mentions.push(Mention { inside: inside.clone(), path, line });
            }
        };
        if word == "mod" && text(at + 2) == "{" {
            inside.push(text(at + 1));
            ends.push(group_end(tokens, at + 2));
            scanned.names.entry(inside.clone()).or_default();
            at += 3;
        } else if word == "use" && text(at + 1) != "<" {
            at = use_tree(tokens, at + 1, &[], &mut |path, name| {
                match name {
                    Some(name) => drop(names.imported.insert(name, path.clone())),
                    None => names.globs.push(path.clone()),
                }
                mention(path);
            });
        } else if tokens[at].is_word() && text(at + 1) == "::" && !(at > 0 && matches!(text(at - 1), "::" | ".")) {
            let mut path = vec![word];
            while text(at + 1) == "::" && tokens.get(at + 2).is_some_and(Token::is_word) {
                path.push(text(at + 2));
                at += 2;
            }
            mention(path);
            at += 1;
        } else {
            if ITEMS.contains(&word) {
                names.defined.insert(text(at + 1));
            }
            at += 1;
        }
    }
    scanned
}

/// Reads a tree of imports that starts at `at`. Adds each path with its imported name (`None` for `*`), and returns the
/// index after the tree.
fn use_tree<'a>(
    tokens: &[Token<'a>],
    mut at: usize,
    before: &[&'a str],
    found: &mut impl FnMut(CodePath<'a>, Option<&'a str>),
) -> usize {
    let text = |at: usize| tokens.get(at).map_or(";", |token| token.text);
    let mut path = before.to_vec();
    // `use ::name` refers to another crate.
    if text(at) == "::" {
        path.push("::");
        at += 1;
    }
    loop {
        match text(at) {
            "{" => {
                let end = group_end(tokens, at);
                at += 1;
                while at + 1 < end {
                    at = use_tree(tokens, at, &path, found);
                    at += usize::from(text(at) == ",");
                }
                return end;
            }
            "*" => {
                found(path, None);
                return at + 1;
            }
            // `use a::{self, b}` imports `a` itself.
            "self" if !path.is_empty() => {}
            word => path.push(word),
        }
        at += 1;
        match text(at) {
            "::" => at += 1,
            "as" => {
                found(path, Some(text(at + 1)));
                return at + 2;
            }
            _ => {
                let name = path.last().copied();
                found(path, name);
                return at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tokens::tokens;

    fn mentions(source: &str) -> Vec<String> {
        scan(&tokens(source)).mentions.iter().map(|mention| mention.path.join("/")).collect()
    }

    #[test]
    fn trees_of_imports_are_expanded() {
        let source = "use crate::{a::{self, B as C, d::*}, e}; pub(crate) use super::super::f::G;";
        assert_eq!(mentions(source), ["crate/a", "crate/a/B", "crate/a/d", "crate/e", "super/super/f/G"]);
        let tokens = tokens(source);
        let names = &scan(&tokens).names[&vec![]];
        assert_eq!(names.imported.keys().copied().collect::<Vec<_>>(), ["C", "G", "a", "e"]);
        assert_eq!((&names.imported["C"], &names.globs), (&vec!["crate", "a", "B"], &vec![vec!["crate", "a", "d"]]));
    }

    #[test]
    fn paths_in_code_are_mentions() {
        let source = "pub(in crate::x) fn f(a: crate::b::C<self::d::E>) -> impl G + use<'_> { h.i::<super::J>(); k!($crate::l()) }";
        assert_eq!(mentions(source), ["crate/x", "crate/b/C", "self/d/E", "super/J", "crate/l"]);
    }

    #[test]
    fn inline_modules_have_their_own_names() {
        let tokens = tokens("mod a { use b::C; mod d { fn e() { f::g() } } } use h::I; struct J;");
        let scanned = scan(&tokens);
        assert_eq!(scanned.names.keys().cloned().collect::<Vec<_>>(), [vec![], vec!["a"], vec!["a", "d"]]);
        let inside: Vec<_> = scanned.mentions.iter().map(|mention| mention.inside.join("/")).collect();
        assert_eq!(inside, ["a", "a/d", ""]);
        assert!(scanned.names[&vec![]].defined.contains("J"));
    }
}
