//! Arguments that several verbs share.

use std::path::PathBuf;

use bytesize::ByteSize;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use sysinfo::System;
use tape::core::{ColumnMap, PRESETS, Role, nearest, preset};
use tape::exec::{OnError, Partitioning, PlanChoice};
use tape::io::{Region, SkyColumns};
use tape::{Batch, Ensemble, statistics_named};

use super::failure::Failure;
use super::select::SelectArgs;
use super::sky;
use super::values::ValueArgs;

/// Arguments that name the files and columns of a survey.
#[derive(Args)]
pub(crate) struct SurveyArgs {
    /// Parquet files, folders of them, patterns such as 'survey/*.parquet', or HATS collections
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// Use the columns of a known survey: see `tape inspect --presets`
    #[arg(long, value_name = "PRESET", help_heading = "Columns")]
    columns: Option<String>,
    /// Name the column of the object id (integer or text)
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    id: Option<String>,
    /// Name the column of the time, in days
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    time: Option<String>,
    /// Name the column of the flux or magnitude; for lists, a path such as lightcurve.mag
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    flux: Option<String>,
    /// Name the column of the error of the flux
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    err: Option<String>,
    /// Name the column of the band
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    band: Option<String>,
    /// Compute a column from others, as in 'm = zp - 2.5 * log10(flux)', for use in --where and as a role: see docs/where.md
    #[arg(long, value_name = "NAME = EXPRESSION", value_parser = assignment, help_heading = "Columns")]
    assign: Vec<(String, String)>,
    /// Use only objects within a radius of a position: RA and Dec in degrees, radius with a unit, as in 348.75,0.5,30arcmin
    #[arg(long, value_name = "RA,DEC,RADIUS", value_parser = sky::cone, allow_hyphen_values = true, help_heading = "Sky")]
    cone: Option<Region>,
    /// Use only objects between two right ascensions, eastward from the first, and two declinations, in degrees
    #[arg(
        long = "box",
        value_name = "RA1,RA2,DEC1,DEC2",
        value_parser = sky::between,
        allow_hyphen_values = true,
        conflicts_with = "cone",
        help_heading = "Sky"
    )]
    between: Option<Region>,
    /// Use only these HEALPix pixels (nested) of a HATS catalogue, as ORDER/NUMBER
    #[arg(long, value_name = "PIXELS", value_parser = sky::pixels, conflicts_with_all = ["cone", "between"], help_heading = "Sky")]
    pixels: Option<Region>,
    /// Name the column of the right ascension, in degrees
    #[arg(long, value_name = "COLUMN", help_heading = "Sky")]
    ra: Option<String>,
    /// Name the column of the declination, in degrees
    #[arg(long, value_name = "COLUMN", help_heading = "Sky")]
    dec: Option<String>,
}

impl SurveyArgs {
    /// Opens the survey. A column named by its own flag takes precedence over the preset's.
    pub(crate) fn open(&self) -> Result<Ensemble, Failure> {
        let mut map = match &self.columns {
            None => ColumnMap::new(),
            Some(name) => preset(name).ok_or_else(|| unknown_preset(name))?.into(),
        };
        let named = [&self.id, &self.time, &self.flux, &self.err, &self.band];
        for (role, name) in Role::ALL.into_iter().zip(named) {
            if let Some(name) = name {
                map = map.with(role, name);
            }
        }
        for (name, expression) in &self.assign {
            map = map.derive(name, expression);
        }
        Ok(match self.region() {
            Some(region) => Ensemble::open_within_by(&self.paths, &map, region, &self.sky_columns())?,
            None => Ensemble::open_with(&self.paths, &map)?,
        })
    }

    /// Returns the selected region of the sky, if any.
    fn region(&self) -> Option<&Region> {
        self.cone.as_ref().or(self.between.as_ref()).or(self.pixels.as_ref())
    }

    fn sky_columns(&self) -> SkyColumns {
        SkyColumns { ra: self.ra.clone(), dec: self.dec.clone(), healpix: None }
    }
}

/// Parses the name and the expression of a derived column.
fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, expression) = text.split_once('=').ok_or("write a name, =, and an expression: 'snr = flux / error'")?;
    Ok((name.trim().to_owned(), expression.trim().to_owned()))
}

fn unknown_preset(name: &str) -> Failure {
    let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
    let hint = nearest(name, &names).map(|near| format!(" (did you mean '{near}'?)")).unwrap_or_default();
    Failure::usage(format!("no preset is called '{name}'{hint}; there are: {}", names.join(", ")))
}

/// Parses the name of a plan. The help lists every plan with its summary.
fn plan_parser() -> impl TypedValueParser<Value = PlanChoice> {
    let value = |plan: PlanChoice| PossibleValue::new(plan.name()).help(plan.summary());
    PossibleValuesParser::new(PlanChoice::ALL.map(value)).try_map(|name| name.parse())
}

/// The behaviour of a run when part of the input cannot be used.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum OnErrorArg {
    /// Stop, and write nothing
    #[default]
    Stop,
    /// Skip that part with a warning; its light curves are then incomplete or missing
    Skip,
}

/// Settings of a computation.
#[derive(Args)]
pub(crate) struct BatchArgs {
    #[command(flatten)]
    pub(crate) survey: SurveyArgs,
    #[command(flatten)]
    values: ValueArgs,
    #[command(flatten)]
    select: SelectArgs,
    /// Append these columns of the object table to the results
    #[arg(long, value_name = "COLUMNS", requires = "objects", value_delimiter = ',', help_heading = "Objects")]
    join: Vec<String>,
    /// Write a row with null values for objects of the table that have no light curve
    #[arg(long, requires = "objects", help_heading = "Objects")]
    all_objects: bool,
    /// Compute these statistics or groups of statistics, with parameters as in beyond_n_std:n=3: see `tape stats`
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "stetson_j")]
    stat: Vec<String>,
    /// Apply these steps to light curves before the statistics, with parameters as in clip:sigma=3: see docs/steps.md
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    step: Vec<String>,
    /// Group epochs by these columns: 'id', 'band', or columns of the object table [default: id,band]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    by: Vec<String>,
    /// Compute these bands only
    #[arg(long, value_name = "BANDS", value_delimiter = ',')]
    band_to_calc: Option<Vec<String>>,
    /// Choose the plan that groups rows into light curves
    #[arg(long, value_parser = plan_parser(), default_value_t)]
    plan: PlanChoice,
    /// Split the survey into partitions of this size in memory (5KB, 256MiB), even within light curves
    #[arg(long, value_name = "SIZE", value_parser = size, conflicts_with = "partitions")]
    partition_size: Option<u64>,
    /// Split the survey into N partitions with equal numbers of rows, even within light curves
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    partitions: Option<u64>,
    /// Use N worker threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    workers: Option<u16>,
    /// Limit the memory of a run; rows that do not fit are spilled to disk [default: 60 % of the available memory]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<u64>,
    /// Spill rows to temporary files in this folder [default: /var/tmp if it exists]
    #[arg(long, value_name = "DIR")]
    spill_dir: Option<PathBuf>,
    /// Stop at, or skip, row groups that cannot be read and light curves that do not fit in memory
    #[arg(long, value_enum, default_value_t)]
    on_error: OnErrorArg,
    /// Write one row per object with a column for each band, instead of one row per object and band
    #[arg(long)]
    wide: bool,
}

impl BatchArgs {
    /// Opens the survey and applies the selections.
    pub(crate) fn open(&self) -> Result<Ensemble, Failure> {
        // Values come last: a zero point may be a column of the object table.
        self.values.of(self.select.of(self.survey.open()?)?)
    }

    /// Returns the condition on rows.
    pub(crate) fn condition(&self) -> Option<&str> {
        self.select.condition()
    }

    /// Returns the names of the statistics.
    pub(crate) fn statistics(&self) -> &[String] {
        &self.stat
    }

    /// Returns the number of values per light curve, over all statistics.
    pub(crate) fn outputs(&self) -> Result<usize, Failure> {
        Ok(statistics_named(&self.stat)?.iter().map(|statistic| statistic.info().outputs.len()).sum())
    }

    /// Returns the memory budget, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.memory.unwrap_or_else(default_memory)
    }

    /// Builds the batch from the arguments.
    pub(crate) fn batch(&self, ensemble: &Ensemble) -> Result<Batch, Failure> {
        let partitioning = match (self.partition_size, self.partitions) {
            (Some(bytes), _) => Partitioning::Bytes(bytes),
            (_, Some(n)) => Partitioning::Count(n),
            _ => Partitioning::RowGroups,
        };
        let mut batch = ensemble.batch_named(&self.stat)?.plan(self.plan).partitioning(partitioning);
        if let Some(workers) = self.workers {
            batch = batch.workers(usize::from(workers));
        }
        let spill_dir = self.spill_dir.clone().unwrap_or_else(default_spill_dir);
        if !spill_dir.is_dir() {
            return Err(Failure::usage(format!("--spill-dir {}: no such folder", spill_dir.display())));
        }
        batch = batch.memory(self.memory(), spill_dir);
        if matches!(self.on_error, OnErrorArg::Skip) {
            batch = batch.on_error(OnError::Skip);
        }
        if let Some(bands) = &self.band_to_calc {
            batch = batch.bands(bands);
        }
        for step in &self.step {
            batch = batch.step(step)?;
        }
        batch = batch.join(&self.join);
        if self.all_objects {
            batch = batch.all_objects();
        }
        if !self.by.is_empty() {
            batch = batch.by(&self.by)?;
        }
        Ok(if self.wide { batch.wide() } else { batch })
    }
}

/// Returns 60 % of the memory of the machine, or of the control group that limits this process.
fn default_memory() -> u64 {
    let mut system = System::new();
    system.refresh_memory();
    let allowed = system.cgroup_limits().map_or(u64::MAX, |limits| limits.total_memory);
    allowed.min(system.total_memory()) / 10 * 6
}

/// Returns a folder for large temporary files. `/tmp` is often a file system in memory.
fn default_spill_dir() -> PathBuf {
    let large = PathBuf::from("/var/tmp");
    if large.is_dir() { large } else { std::env::temp_dir() }
}

/// Parses a size in bytes, which must be above zero.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    match text.parse::<ByteSize>() {
        Ok(size) if size.as_u64() > 0 => Ok(size.as_u64()),
        Ok(_) => Err("it must be above zero".to_owned()),
        Err(_) => Err("write a number and a unit, such as 5KB or 256MiB".to_owned()),
    }
}
