//! `cargo xtask tidy`: checks the project's rules, based on `cargo metadata` and the sources.

mod code_map;
mod layers;
mod licences;
mod links;
mod metadata;
mod sources;
mod structure;
mod tokens;
mod words;

use crate::run::{self, Result};
use metadata::Metadata;
use sources::File;

/// The input of the checks.
#[derive(Debug)]
struct Workspace {
    metadata: Metadata,
    /// Every Rust file of every member.
    sources: Vec<File>,
    /// The manifest of every member.
    manifests: Vec<File>,
    /// The documents of the workspace.
    pages: Vec<File>,
}

/// A finding of a check.
#[derive(Debug, PartialEq, Eq)]
enum Finding {
    /// A violation that must be fixed.
    Failure(String),
    /// Information that does not fail the check.
    Note(String),
}

/// A rule of the project, and the function that finds violations.
type Check = (&'static str, fn(&Workspace) -> Vec<Finding>);

const CHECKS: &[Check] = &[
    ("pillars only depend on tape-core and tape-pool, and only tape combines them", layers::pillars),
    ("tape-core uses no files, threads or GPU", layers::core),
    ("only tape-pool uses rayon's pools and parallel iterators", layers::pools),
    ("no wgpu without the gpu feature", layers::no_gpu),
    ("one version of arrow and parquet", layers::one_arrow),
    ("no copyleft licences", licences::licences),
    ("every member uses the lints of the workspace", sources::lints),
    ("no overlong files", sources::lengths),
    ("no unfinished code", sources::unfinished),
    ("modules, dependencies and cycles are within each crate's limits", structure::bounds),
    ("folders of tape-io only use earlier folders", structure::folders),
    ("messages of libraries do not name flags or commands", structure::messages),
    ("types and files of a crate have distinct names", structure::duplicates),
    ("links of documents lead somewhere, and the book is complete", links::links),
    ("plain wording in comments, strings and documents", words::words),
    ("all paths in the code map exist", |workspace| code_map::code_map(&workspace.metadata)),
];

/// Runs every check, and fails if any of them finds a violation.
pub(crate) fn tidy() -> Result<()> {
    let metadata: Metadata = serde_json::from_str(&run::read(run::cargo().args(["metadata", "--format-version=1"]))?)?;
    let folders: Vec<_> = metadata.members().map(metadata::Package::folder).collect();
    let sources = sources::files(&metadata.workspace_root, &folders, "rs")?;
    let manifests = metadata
        .members()
        .map(|member| File::read(&metadata.workspace_root, &member.manifest_path))
        .collect::<Result<_>>()?;
    let pages = words::pages(&metadata.workspace_root)?;
    let workspace = Workspace { metadata, sources, manifests, pages };
    let mut failures = 0;
    for (rule, check) in CHECKS {
        let findings = check(&workspace);
        let broken = findings.iter().filter(|finding| matches!(finding, Finding::Failure(_))).count();
        failures += broken;
        println!("{} {rule}", if broken == 0 { "ok    " } else { "BROKEN" });
        for finding in &findings {
            match finding {
                Finding::Failure(text) => println!("         {text}"),
                Finding::Note(text) => println!("         note: {text}"),
            }
        }
    }
    if failures == 0 { Ok(()) } else { Err(format!("{failures} violations").into()) }
}

/// Turns messages into failures.
fn failures(texts: impl IntoIterator<Item = String>) -> Vec<Finding> {
    texts.into_iter().map(Finding::Failure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Workspace {
        /// Creates the input from packages `(name, version, licence, is a member, normal dependencies)`.
        pub(super) fn with_packages(packages: &[(&str, &str, &str, bool, &[&str])]) -> Self {
            Self { metadata: Metadata::with_packages(packages), sources: vec![], manifests: vec![], pages: vec![] }
        }
    }

    #[test]
    fn every_rule_is_written_once() {
        for (i, (rule, _)) in CHECKS.iter().enumerate() {
            assert!(CHECKS[..i].iter().all(|(other, _)| other != rule), "{rule}");
        }
    }
}
