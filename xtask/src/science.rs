//! `cargo xtask science`: experiments with published results, one file each.
//!
//! Each experiment returns counts that must be at least as good as those of the field's tools, and must not decrease
//! from one change to the next. `docs/science.json` has the last recorded counts.

mod periods;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::run::{self, Result};

/// Arguments of `cargo xtask science`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write the counts to docs/science.json, even if they decreased
    #[arg(long)]
    record: bool,
}

/// An experiment.
struct Experiment {
    name: &'static str,
    /// Paths below `../shared` that it requires.
    needs: &'static [&'static str],
    run: fn(&Environment) -> Result<Vec<Figure>>,
}

const EXPERIMENTS: &[Experiment] = &[periods::EXPERIMENT];

/// The environment of an experiment.
struct Environment {
    /// Folder of the programs, built in release mode.
    programs: PathBuf,
    /// Folder for temporary files.
    scratch: tempfile::TempDir,
}

/// A count of an experiment. Larger is better.
#[derive(Clone, Debug, PartialEq)]
struct Figure {
    name: String,
    value: f64,
    /// Largest possible value.
    of: f64,
    /// Smallest allowed value.
    least: f64,
}

/// The last recorded counts.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Record {
    figures: BTreeMap<String, f64>,
}

pub(crate) fn science(args: &Args) -> Result<()> {
    let (runnable, skipped): (Vec<_>, Vec<_>) = EXPERIMENTS.iter().partition(|one| missing(one).is_none());
    let path = run::root().join("docs/science.json");
    let mut record = Record::read(&path)?;
    let mut figures = vec![];
    if !runnable.is_empty() {
        let bench = Environment::build()?;
        for experiment in runnable {
            figures.extend((experiment.run)(&bench).map_err(|error| format!("{}: {error}", experiment.name))?);
        }
    }
    print(&figures, &record);
    for experiment in skipped {
        let path = missing(experiment).unwrap_or_default();
        println!("skipping {}: {} is missing", experiment.name, path.display());
    }
    if figures.is_empty() {
        return Err("no experiment could be run".into());
    }
    let wrong = wrong(&figures, &record);
    if args.record {
        record.figures.extend(figures.into_iter().map(|figure| (figure.name, figure.value)));
        fs::write(&path, serde_json::to_string_pretty(&record)? + "\n")?;
        println!("recorded in {}", path.display());
        return Ok(());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Returns the first required path that does not exist.
fn missing(experiment: &Experiment) -> Option<PathBuf> {
    experiment.needs.iter().map(|path| shared(path)).find(|path| !path.exists())
}

/// Returns a path in the folder of shared data.
fn shared(path: &str) -> PathBuf {
    run::root().join("../shared").join(path)
}

fn print(figures: &[Figure], record: &Record) {
    println!("{:<44} {:>8} {:>8} {:>8} {:>8}", "", "found", "of", "at least", "before");
    for Figure { name, value, of, least } in figures {
        let before = record.figures.get(name).map_or_else(|| "-".to_owned(), f64::to_string);
        println!("{name:<44} {value:>8} {of:>8} {least:>8} {before:>8}");
    }
}

/// Lists counts that are below their minimum or lower than before.
fn wrong(figures: &[Figure], record: &Record) -> Vec<String> {
    let mut wrong = vec![];
    for Figure { name, value, least, .. } in figures {
        if value.is_nan() || value < least {
            wrong.push(format!("{name}: {value} is less than {least}"));
        }
        if let Some(before) = record.figures.get(name).filter(|before| value < before) {
            wrong.push(format!(
                "{name} fell from {before} to {value}; if this is intended, run: cargo xtask science --record"
            ));
        }
    }
    wrong
}

impl Environment {
    fn build() -> Result<Self> {
        run::run(
            run::cargo().args("build --release --quiet --package tape-cli --package tape-benches --bins".split(' ')),
        )?;
        Ok(Self { programs: run::target_directory()?.join("release"), scratch: tempfile::tempdir()? })
    }

    /// Returns a command for one of the programs.
    fn program(&self, name: &str) -> std::process::Command {
        std::process::Command::new(self.programs.join(name))
    }
}

impl Record {
    /// Reads the record, which is empty if the file does not exist.
    fn read(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(path)?;
        Ok(serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64) -> Figure {
        Figure { name: "periods".to_owned(), value, of: 10.0, least: 5.0 }
    }

    #[test]
    fn a_count_that_fell_or_is_too_low_is_wrong() {
        let record = Record { figures: [("periods".to_owned(), 7.0)].into() };
        assert_eq!(wrong(&[figure(7.0)], &record), [""; 0]);
        assert_eq!(wrong(&[figure(8.0)], &Record::default()), [""; 0]);
        assert!(wrong(&[figure(6.0)], &record)[0].contains("fell from 7 to 6"));
        assert_eq!(wrong(&[figure(4.0)], &Record::default()), ["periods: 4 is less than 5"]);
        assert_eq!(wrong(&[figure(f64::NAN)], &Record::default()).len(), 1);
    }
}
