//! `cargo xtask science`: experiments whose right answers are published, one file each.
//!
//! Each gives counts that must reach what the field's tools reach, and must not fall from one change to the next: the last
//! ones are in `docs/science.json`.

mod periods;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::run::{self, Result};

/// Whether to keep what comes of it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write the figures into docs/science.json, even where they fell
    #[arg(long)]
    record: bool,
}

/// One experiment.
struct Experiment {
    name: &'static str,
    /// What it needs below `../shared`.
    needs: &'static [&'static str],
    run: fn(&Bench) -> Result<Vec<Figure>>,
}

const EXPERIMENTS: &[Experiment] = &[periods::EXPERIMENT];

/// What experiments work with.
struct Bench {
    /// The folder of the programs, built for release.
    programs: PathBuf,
    /// A folder for what is left over.
    scratch: tempfile::TempDir,
}

/// What an experiment found: the more, the better.
#[derive(Clone, Debug, PartialEq)]
struct Figure {
    name: String,
    value: f64,
    /// Out of how many.
    of: f64,
    /// What it must reach.
    least: f64,
}

/// The figures last recorded.
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
        let bench = Bench::build()?;
        for experiment in runnable {
            figures.extend((experiment.run)(&bench).map_err(|error| format!("{}: {error}", experiment.name))?);
        }
    }
    print(&figures, &record);
    for experiment in skipped {
        let path = missing(experiment).unwrap_or_default();
        println!("not run: {}, because {} is missing", experiment.name, path.display());
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

/// The first thing that an experiment needs and that is not there.
fn missing(experiment: &Experiment) -> Option<PathBuf> {
    experiment.needs.iter().map(|path| shared(path)).find(|path| !path.exists())
}

/// A path of the data that lies beside the project.
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

/// What is less than it must be, or than it was.
fn wrong(figures: &[Figure], record: &Record) -> Vec<String> {
    let mut wrong = vec![];
    for Figure { name, value, least, .. } in figures {
        if value.is_nan() || value < least {
            wrong.push(format!("{name}: {value} is less than {least}"));
        }
        if let Some(before) = record.figures.get(name).filter(|before| value < before) {
            wrong.push(format!("{name} fell from {before} to {value}; if that is meant: cargo xtask science --record"));
        }
    }
    wrong
}

impl Bench {
    fn build() -> Result<Self> {
        run::run(
            run::cargo().args("build --release --quiet --package tape-cli --package tape-benches --bins".split(' ')),
        )?;
        Ok(Self { programs: run::target_directory()?.join("release"), scratch: tempfile::tempdir()? })
    }

    /// One of the programs.
    fn program(&self, name: &str) -> std::process::Command {
        std::process::Command::new(self.programs.join(name))
    }
}

impl Record {
    /// What was recorded; nothing if nothing was.
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
    fn a_figure_that_fell_or_is_too_low_is_wrong() {
        let record = Record { figures: [("periods".to_owned(), 7.0)].into() };
        assert_eq!(wrong(&[figure(7.0)], &record), [""; 0]);
        assert_eq!(wrong(&[figure(8.0)], &Record::default()), [""; 0]);
        assert!(wrong(&[figure(6.0)], &record)[0].contains("fell from 7 to 6"));
        assert_eq!(wrong(&[figure(4.0)], &Record::default()), ["periods: 4 is less than 5"]);
        assert_eq!(wrong(&[figure(f64::NAN)], &Record::default()).len(), 1);
    }
}
