//! Checks the licences of dependencies.

use super::{Finding, Workspace, failures};

/// Checks that every package is available under a licence outside of the GPL family.
pub(super) fn licences(workspace: &Workspace) -> Vec<Finding> {
    failures(workspace.metadata.packages.iter().filter_map(|package| match &package.license {
        Some(licence) if is_permitted(licence) => None,
        Some(licence) => Some(format!("{} {}: {licence}", package.name, package.version)),
        None => Some(format!("{} {} has no licence", package.name, package.version)),
    }))
}

/// Returns true if an SPDX expression allows a choice without the GPL family. Invalid expressions do not.
fn is_permitted(expression: &str) -> bool {
    // Before SPDX expressions, a slash meant a choice.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    matches!(choice(&words), Some((permitted, [])) if permitted)
}

/// True if the parsed part is permitted, and the remaining words.
type Parsed<'a> = Option<(bool, &'a [&'a str])>;

/// Parses `a OR b OR …`.
fn choice<'a>(words: &'a [&'a str]) -> Parsed<'a> {
    let (mut permitted, mut rest) = combination(words)?;
    while let ["OR", after @ ..] = rest {
        let (other, after) = combination(after)?;
        (permitted, rest) = (permitted | other, after);
    }
    Some((permitted, rest))
}

/// Parses `a AND b AND …`.
fn combination<'a>(words: &'a [&'a str]) -> Parsed<'a> {
    let (mut permitted, mut rest) = licence(words)?;
    while let ["AND", after @ ..] = rest {
        let (other, after) = licence(after)?;
        (permitted, rest) = (permitted & other, after);
    }
    Some((permitted, rest))
}

/// Parses `(…)`, `a` or `a WITH exception`.
fn licence<'a>(words: &'a [&'a str]) -> Parsed<'a> {
    match words {
        ["(", inner @ ..] => match choice(inner)? {
            (permitted, [")", rest @ ..]) => Some((permitted, rest)),
            _ => None,
        },
        [")" | "OR" | "AND" | "WITH", ..] | [] => None,
        [name, "WITH", _, rest @ ..] | [name, rest @ ..] => {
            let is_copyleft = ["GPL", "LGPL", "AGPL"].iter().any(|family| name.starts_with(family));
            Some((!is_copyleft, rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_enough_and_a_combination_is_not() {
        for good in ["MIT", "MIT OR LGPL-2.1-or-later", "MIT/GPL-3.0", "(MIT OR GPL-2.0) AND Unicode-3.0", "CC0-1.0"] {
            assert!(is_permitted(good), "{good}");
        }
        for good in ["Apache-2.0 WITH LLVM-exception OR MIT", "BSD-3-Clause AND (MIT OR (AGPL-3.0 OR Zlib))"] {
            assert!(is_permitted(good), "{good}");
        }
        for bad in ["GPL-3.0", "LGPL-3.0-only", "AGPL-3.0-or-later", "MIT AND GPL-2.0", "GPL-2.0 WITH Classpath"] {
            assert!(!is_permitted(bad), "{bad}");
        }
        for unreadable in ["", "MIT OR", "(MIT", "MIT)", "MIT Apache-2.0", "AND MIT"] {
            assert!(!is_permitted(unreadable), "{unreadable}");
        }
    }

    #[test]
    fn a_package_under_the_gpl_is_named() {
        let mut workspace = Workspace::with_packages(&[
            ("good", "1.0.0", "MIT", false, &[]),
            ("light-curve-feature", "0.9.0", "GPL-3.0", false, &[]),
        ]);
        assert_eq!(licences(&workspace), failures(["light-curve-feature 0.9.0: GPL-3.0".to_owned()]));
        workspace.metadata.packages[1].license = None;
        assert_eq!(licences(&workspace), failures(["light-curve-feature 0.9.0 has no licence".to_owned()]));
    }
}
