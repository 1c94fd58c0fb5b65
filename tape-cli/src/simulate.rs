//! `tape simulate`: writes a simulated survey with planted variables.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tape::core::{Preset, preset};
use tape::simulate::{Codec, Simulation, SurveyLayout, bands};

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
    /// Create this folder for the survey
    out: PathBuf,
    /// Simulate N objects
    #[arg(long, value_name = "N", default_value_t = 1000)]
    objects: u64,
    /// Set the mean number of epochs per object, over all bands (log-normal)
    #[arg(long, value_name = "MEAN", default_value_t = 150.0)]
    epochs: f64,
    /// Use these one-letter band labels [default: those of the preset, or ugrizy]
    #[arg(long)]
    bands: Option<String>,
    /// Write the columns, units and band codes of a known survey: see `tape inspect --presets`
    #[arg(long, value_name = "PRESET", value_parser = known_preset, default_value = "tape")]
    columns: &'static Preset,
    /// Seed the random numbers; equal seeds give equal surveys
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Make this fraction of the objects variable
    #[arg(long, value_name = "FRACTION", default_value_t = 0.1)]
    variable: f64,
    /// Order rows as sorted, sorted-split (files split light curves), nightly (one file per range of nights) or shuffled
    #[arg(long, default_value_t = SurveyLayout::Sorted)]
    layout: SurveyLayout,
    /// Write K files
    #[arg(long, value_name = "K", default_value_t = 1)]
    files: usize,
    /// Limit the rows per row group; in a sorted survey, a longer light curve gets its own row group
    #[arg(long, value_name = "ROWS", default_value_t = Simulation::default().row_group_rows)]
    row_group_rows: usize,
    /// Compress pages with zstd, snappy or none
    #[arg(long, default_value_t = Codec::Zstd)]
    compression: Codec,
    /// Replace an existing simulated survey
    #[arg(long)]
    overwrite: bool,
    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

impl Simulate {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let preset = self.columns;
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

fn known_preset(name: &str) -> Result<&'static Preset, String> {
    preset(name).ok_or_else(|| "no such preset: see `tape inspect --presets`".to_owned())
}
