//! `tape simulate`: survey-like data with planted variables.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tape::core::preset;
use tape::simulate::{Codec, Simulation, SurveyLayout, bands};

use super::args::unknown_preset;
use super::failure::Failure;
use super::screen::{Screen, bytes, counted};
use super::watch::Work;

/// Write a survey with planted variable stars, reproducible from its seed
#[derive(Args)]
#[command(after_help = "Examples:
  tape simulate survey --objects 20000 --epochs 150 --files 8
  tape simulate nights --objects 20000 --layout nightly --files 50 --row-group-rows 4096
  tape simulate shuffled --objects 20000 --seed 7 --layout shuffled --compression none
  tape simulate ztf --objects 1000 --columns ztf_dr23")]
pub(crate) struct Simulate {
    /// The folder to make
    out: PathBuf,
    /// Objects
    #[arg(long, value_name = "N", default_value_t = 1000)]
    objects: u64,
    /// Mean number of epochs of an object, over all bands; the numbers are log-normal
    #[arg(long, value_name = "MEAN", default_value_t = 150.0)]
    epochs: f64,
    /// One-letter labels of the bands [default: those of the preset, or ugrizy]
    #[arg(long)]
    bands: Option<String>,
    /// Write the columns of a known survey, with its units and codes of bands: see `tape inspect --presets`
    #[arg(long, value_name = "PRESET", default_value = "tape")]
    columns: String,
    /// Everything random follows from it
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Fraction of the objects that is variable
    #[arg(long, value_name = "FRACTION", default_value_t = 0.1)]
    variable: f64,
    /// Order of the rows: sorted (no file splits a light curve), sorted-split (files and row groups do), nightly (one
    /// file per range of nights, sorted within each), shuffled
    #[arg(long, default_value_t = SurveyLayout::Sorted)]
    layout: SurveyLayout,
    /// Files
    #[arg(long, value_name = "K", default_value_t = 1)]
    files: usize,
    /// The most rows of a row group; in a sorted survey, a light curve that is longer has one to itself
    #[arg(long, value_name = "ROWS", default_value_t = Simulation::default().row_group_rows)]
    row_group_rows: usize,
    /// Codec of the pages: zstd, snappy or none
    #[arg(long, default_value_t = Codec::Zstd)]
    compression: Codec,
    /// Replace a simulated survey that is there already
    #[arg(long)]
    overwrite: bool,
    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

impl Simulate {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let preset = preset(&self.columns).ok_or_else(|| unknown_preset(&self.columns))?;
        let bands = match &self.bands {
            Some(labels) => bands(labels),
            None if preset.bands.is_empty() => bands("ugrizy"),
            None => preset.bands.iter().map(|(_, name)| (*name).to_owned()).collect(),
        };
        let simulation = Simulation {
            objects: self.objects,
            epochs: self.epochs,
            bands,
            preset,
            seed: self.seed,
            variable_fraction: self.variable,
            layout: self.layout,
            files: self.files,
            compression: self.compression,
            row_group_rows: self.row_group_rows,
            overwrite: self.overwrite,
        };
        let work = Work::begin("rows")?;
        let report = simulation.write_with(&self.out, &|done, all| work.at(done, all))?;
        work.finish();
        if self.json {
            return Ok(screen.line(json!({
                "out": self.out,
                "files": report.files,
                "rows": report.rows,
                "objects": report.objects,
                "variables": report.variables,
                "bytes": report.bytes,
                "truth": report.truth,
            }))?);
        }
        let rows = format!("{} of {}", counted(report.rows, "row"), counted(report.objects, "object"));
        let variables = counted(report.variables, "variable");
        screen.row("survey", format_args!("{}: {rows}, {variables} among them", self.out.display()))?;
        screen.row("files", format_args!("{}, {}", counted(report.files as u64, "file"), bytes(report.bytes)))?;
        screen.row("truth", report.truth.display())?;
        Ok(())
    }
}
