//! `cargo xtask tidy`: the shape of the house, checked from `cargo metadata` and the sources.

mod code_map;
mod layers;
mod licences;
mod metadata;
mod sources;
mod structure;

use crate::run::{self, Result};
use metadata::Metadata;
use sources::File;

/// What the checks look at.
#[derive(Debug)]
struct House {
    metadata: Metadata,
    /// Every Rust file of every member.
    sources: Vec<File>,
    /// The manifest of every member.
    manifests: Vec<File>,
}

/// What a check has to say.
#[derive(Debug, PartialEq, Eq)]
enum Finding {
    /// Must be mended.
    Failure(String),
    /// Worth knowing.
    Note(String),
}

/// A rule of the house, and the function that finds what breaks it.
type Check = (&'static str, fn(&House) -> Vec<Finding>);

const CHECKS: &[Check] = &[
    ("pillars depend on tape-core and tape-pool alone, and only tape joins them", layers::pillars),
    ("tape-core knows no file, thread or GPU", layers::core),
    ("pools and parallel iterators of rayon in tape-pool alone", layers::pools),
    ("no wgpu without the gpu feature", layers::no_gpu),
    ("one arrow and one parquet, of the pinned version", layers::one_arrow),
    ("no copyleft licence", licences::licences),
    ("lints of the workspace in every member", sources::lints),
    ("files of readable length", sources::lengths),
    ("no unfinished code", sources::unfinished),
    ("modules, dependencies and cycles within the bounds of each crate", structure::bounds),
    ("folders of tape-io use only those before them", structure::folders),
    ("no message of a library names a flag or a verb of the command", structure::messages),
    ("the code map names files that exist", |house| code_map::code_map(&house.metadata)),
];

/// Runs every check, and fails if one finds a failure.
pub(crate) fn tidy() -> Result<()> {
    let metadata: Metadata = serde_json::from_str(&run::read(run::cargo().args(["metadata", "--format-version=1"]))?)?;
    let folders: Vec<_> = metadata.members().map(metadata::Package::folder).collect();
    let sources = sources::rust_files(&metadata.workspace_root, &folders)?;
    let manifests = metadata
        .members()
        .map(|member| File::read(&metadata.workspace_root, &member.manifest_path))
        .collect::<Result<_>>()?;
    let house = House { metadata, sources, manifests };
    let mut failures = 0;
    for (rule, check) in CHECKS {
        let findings = check(&house);
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
    if failures == 0 { Ok(()) } else { Err(format!("{failures} things are not tidy").into()) }
}

/// The findings of a check that only knows failures.
fn failures(texts: impl IntoIterator<Item = String>) -> Vec<Finding> {
    texts.into_iter().map(Finding::Failure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    impl House {
        /// A house of packages written `(name, version, licence, is a member, normal dependencies)`.
        pub(super) fn of(packages: &[(&str, &str, &str, bool, &[&str])]) -> Self {
            Self { metadata: Metadata::of(packages), sources: vec![], manifests: vec![] }
        }
    }

    #[test]
    fn every_rule_is_written_once() {
        for (i, (rule, _)) in CHECKS.iter().enumerate() {
            assert!(CHECKS[..i].iter().all(|(other, _)| other != rule), "{rule}");
        }
    }
}
