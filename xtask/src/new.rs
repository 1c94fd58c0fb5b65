//! `cargo xtask new`: writes the skeleton of a statistic, with the lines that register it.

use std::path::Path;
use std::process::Command;

use clap::Subcommand;

use crate::run::{self, Result};

/// The skeletons that can be written.
#[derive(Subcommand)]
pub(crate) enum Skeleton {
    /// Write the file of a statistic with its documentation, kernel and test, and register it
    Statistic {
        /// Name in lower case with underscores, as in median_of_slopes
        name: String,
    },
}

const STATISTICS: &str = "tape-analysis/src/statistics";
const REGISTRY: &str = "tape-analysis/src/registry.rs";
const TEMPLATE: &str = include_str!("new/statistic.txt");

/// Writes a skeleton and prints what remains to be done.
pub(crate) fn new(skeleton: &Skeleton) -> Result<()> {
    let Skeleton::Statistic { name } = skeleton;
    for path in statistic(run::root(), name)? {
        println!("{path}");
    }
    println!("Now replace every TODO in {STATISTICS}/{name}.rs: a test fails until the reference has a DOI.");
    println!("Then run cargo test --package tape-analysis, and mention the statistic in CHANGELOG.md.");
    Ok(())
}

/// Writes the files of a statistic in the workspace `root`, and returns the paths of the changed files.
fn statistic(root: &Path, name: &str) -> Result<[String; 3]> {
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    if !starts_well || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        return Err(format!("'{name}' is not a name in lower case with underscores, as in median_of_slopes").into());
    }
    let paths = [format!("{STATISTICS}/{name}.rs"), format!("{STATISTICS}/mod.rs"), REGISTRY.to_owned()];
    let [file, module, registry] = paths.each_ref().map(|path| root.join(path));
    if file.exists() {
        return Err(format!("{}: exists already", file.display()).into());
    }
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    let type_name = type_name(name);
    let modules = insert_sorted(&read(&module)?, "pub mod ", &format!("pub mod {name};"))?;
    let imports =
        insert_after(&read(&registry)?, "use crate::statistics::{\n", &format!("    {name}::{type_name},\n"))?;
    let list = "fn others() -> Vec<Statistic> {\n    let mut all = vec![\n";
    let registered = insert_after(&imports, list, &format!("        Statistic::whole({type_name}),\n"))?;
    std::fs::write(&file, TEMPLATE.replace("{name}", name).replace("{type}", &type_name))?;
    std::fs::write(&module, modules)?;
    std::fs::write(&registry, registered)?;
    let mut format = Command::new("rustfmt");
    format.args(["--edition", "2024", "--config-path"]).arg(run::root().join("rustfmt.toml"));
    run::read(format.args([&file, &registry]))?;
    Ok(paths)
}

/// Returns the type of a statistic: `median_of_slopes` becomes `MedianOfSlopes`.
fn type_name(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').filter(|word| !word.is_empty()).map(capital).collect()
}

/// Inserts `line` among the lines that begin with `prefix`, which are sorted.
fn insert_sorted(text: &str, prefix: &str, line: &str) -> Result<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let is_later = |other: &&str| other.starts_with(prefix) && *other > line;
    let at = match lines.iter().position(is_later) {
        Some(at) => at,
        None => {
            1 + lines
                .iter()
                .rposition(|other| other.starts_with(prefix))
                .ok_or(format!("no line begins with {prefix}"))?
        }
    };
    lines.insert(at, line);
    Ok(lines.join("\n") + "\n")
}

/// Inserts `addition` after `before`, which must occur once.
fn insert_after(text: &str, before: &str, addition: &str) -> Result<String> {
    match text.split(before).collect::<Vec<_>>()[..] {
        [head, tail] => Ok([head, before, addition, tail].concat()),
        _ => Err(format!("expected this once: {before}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A copy of the files that a new statistic changes.
    fn copy() -> tempfile::TempDir {
        let copy = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(copy.path().join(STATISTICS)).expect("a folder");
        for path in [&format!("{STATISTICS}/mod.rs"), REGISTRY] {
            std::fs::copy(run::root().join(path), copy.path().join(path)).expect("the file is there");
        }
        copy
    }

    fn lines(root: &Path, path: &str) -> Vec<String> {
        let text = std::fs::read_to_string(root.join(path)).expect("the file is there");
        text.lines().map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn a_statistic_is_one_file_and_three_lines() {
        let copy = copy();
        let paths = statistic(copy.path(), "median_of_slopes").expect("it is written");
        let [file, module, registry] = &paths;
        let skeleton = lines(copy.path(), file);
        assert!(skeleton.contains(&"pub struct MedianOfSlopes;".to_owned()) && !skeleton.concat().contains("{name}"));
        for (path, added) in [
            (module, &["pub mod median_of_slopes;"][..]),
            (registry, &["median_of_slopes::MedianOfSlopes", "Statistic::whole(MedianOfSlopes),"]),
        ] {
            let (before, after) = (lines(run::root(), path), lines(copy.path(), path));
            let all = after.join("\n");
            assert!(added.iter().all(|added| all.matches(added).count() == 1), "{path}: {all}");
            assert!(after.len() - before.len() <= added.len(), "{path}");
        }
        let modules =
            lines(copy.path(), module).into_iter().filter(|line| line.starts_with("pub mod")).collect::<Vec<_>>();
        assert!(modules.is_sorted());
    }

    #[test]
    fn names_that_are_taken_or_malformed_change_nothing() {
        let copy = copy();
        statistic(copy.path(), "median_of_slopes").expect("it is written");
        let before = lines(copy.path(), REGISTRY);
        let error = statistic(copy.path(), "median_of_slopes").expect_err("it exists").to_string();
        assert!(error.ends_with("median_of_slopes.rs: exists already"), "{error}");
        for name in ["", "Median", "2nd", "a-b", "../a"] {
            assert!(statistic(copy.path(), name).expect_err(name).to_string().contains("is not a name"), "{name}");
        }
        assert_eq!(lines(copy.path(), REGISTRY), before);
    }
}
