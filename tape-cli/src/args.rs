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

/// Which files, and which columns of them.
#[derive(Args)]
pub(crate) struct SurveyArgs {
    /// Parquet files, folders of them, patterns such as 'survey/*.parquet', or HATS collections
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// Columns of a known survey: see `tape inspect --presets`
    #[arg(long, value_name = "PRESET", help_heading = "Columns")]
    columns: Option<String>,
    /// Column of the object's id (integer or text)
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    id: Option<String>,
    /// Column of the time, in days
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    time: Option<String>,
    /// Column of the flux or magnitude; in lists, as in lightcurve.mag
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    flux: Option<String>,
    /// Column of the error of the flux
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    err: Option<String>,
    /// Column of the band
    #[arg(long, value_name = "COLUMN", help_heading = "Columns")]
    band: Option<String>,
    /// A column that is computed of others, as in 'm = zp - 2.5 * log10(flux)': --where and roles can name it; see docs/where.md
    #[arg(long, value_name = "NAME = EXPRESSION", value_parser = assignment, help_heading = "Columns")]
    assign: Vec<(String, String)>,
    /// Only what lies within a radius of a place: degrees, and a radius with its unit, as in 348.75,0.5,30arcmin
    #[arg(long, value_name = "RA,DEC,RADIUS", value_parser = sky::cone, allow_hyphen_values = true, help_heading = "Sky")]
    cone: Option<Region>,
    /// Only what lies between two right ascensions, going east from the first, and two declinations, in degrees
    #[arg(
        long = "box",
        value_name = "RA1,RA2,DEC1,DEC2",
        value_parser = sky::between,
        allow_hyphen_values = true,
        conflicts_with = "cone",
        help_heading = "Sky"
    )]
    between: Option<Region>,
    /// Only these HEALPix pixels of a HATS catalogue: ORDER/NUMBER, in the nested scheme
    #[arg(long, value_name = "PIXELS", value_parser = sky::pixels, conflicts_with_all = ["cone", "between"], help_heading = "Sky")]
    pixels: Option<Region>,
    /// Column of the right ascension, degrees
    #[arg(long, value_name = "COLUMN", help_heading = "Sky")]
    ra: Option<String>,
    /// Column of the declination, degrees
    #[arg(long, value_name = "COLUMN", help_heading = "Sky")]
    dec: Option<String>,
}

impl SurveyArgs {
    /// Opens the survey; columns named one by one go before those of a preset.
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

    /// The part of the sky that is meant, if one is.
    fn region(&self) -> Option<&Region> {
        self.cone.as_ref().or(self.between.as_ref()).or(self.pixels.as_ref())
    }

    fn sky_columns(&self) -> SkyColumns {
        SkyColumns { ra: self.ra.clone(), dec: self.dec.clone(), healpix: None }
    }
}

/// The name and the expression of a derived column.
fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, expression) = text.split_once('=').ok_or("write a name, =, and an expression: 'snr = flux / error'")?;
    Ok((name.trim().to_owned(), expression.trim().to_owned()))
}

pub(crate) fn unknown_preset(name: &str) -> Failure {
    let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
    let hint = nearest(name, &names).map(|near| format!(" (did you mean '{near}'?)")).unwrap_or_default();
    Failure::usage(format!("no preset is called '{name}'{hint}; there are: {}", names.join(", ")))
}

/// Parses the name of a plan. The help lists every plan with its summary.
fn plan_parser() -> impl TypedValueParser<Value = PlanChoice> {
    let value = |plan: PlanChoice| PossibleValue::new(plan.name()).help(plan.summary());
    PossibleValuesParser::new(PlanChoice::ALL.map(value)).try_map(|name| name.parse())
}

/// The behaviour of a run on errors that concern only some of the input.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum OnErrorArg {
    /// Stop, and write nothing
    #[default]
    Stop,
    /// Skip them with a warning: light curves with rows there are incomplete or missing
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
    /// Columns of the table of objects to put behind those of the results
    #[arg(long, value_name = "COLUMNS", requires = "objects", value_delimiter = ',', help_heading = "Objects")]
    join: Vec<String>,
    /// Give a row without values to objects of the table that have no light curve, too
    #[arg(long, requires = "objects", help_heading = "Objects")]
    all_objects: bool,
    /// Statistics to compute, with parameters as in beyond_n_std:n=3, or groups of them: see `tape stats`
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "stetson_j")]
    stat: Vec<String>,
    /// Steps applied to light curves before the statistics, with parameters as in clip:sigma=3; see docs/steps.md
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    step: Vec<String>,
    /// Group epochs by these columns [default: id,band]: 'id', 'band', or columns of the table of objects
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    by: Vec<String>,
    /// Compute these bands only
    #[arg(long, value_name = "BANDS", value_delimiter = ',')]
    band_to_calc: Option<Vec<String>>,
    /// Plan for grouping rows into light curves
    #[arg(long, value_parser = plan_parser(), default_value_t)]
    plan: PlanChoice,
    /// Cut the survey into partitions of this size in memory (5KB, 256MiB), even within light curves
    #[arg(long, value_name = "SIZE", value_parser = size, conflicts_with = "partitions")]
    partition_size: Option<u64>,
    /// Cut the survey into N partitions of equal rows, even within light curves
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    partitions: Option<u64>,
    /// Worker threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    workers: Option<u16>,
    /// Memory limit of a run, in addition to the program itself; rows that do not fit are spilled to disk [default: 60
    /// % of the machine's memory, or of the memory available to the process]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<u64>,
    /// Folder for what does not fit in memory; it is gone when the run ends [default: /var/tmp where there is one]
    #[arg(long, value_name = "DIR")]
    spill_dir: Option<PathBuf>,
    /// Stop or skip on row groups that cannot be read, and on light curves that do not fit in memory
    #[arg(long, value_enum, default_value_t)]
    on_error: OnErrorArg,
    /// Write one row per object (seen in any selected band) with a column for each band, instead of one row per object
    /// and band
    #[arg(long)]
    wide: bool,
}

impl BatchArgs {
    /// Opens the survey, and of it the rows that are asked for.
    pub(crate) fn open(&self) -> Result<Ensemble, Failure> {
        // A zero point may be a column of the table of objects.
        self.values.of(self.select.of(self.survey.open()?)?)
    }

    /// The condition on rows.
    pub(crate) fn condition(&self) -> Option<&str> {
        self.select.condition()
    }

    /// The names of the statistics.
    pub(crate) fn statistics(&self) -> &[String] {
        &self.stat
    }

    /// The number of values that all statistics give a light curve.
    pub(crate) fn outputs(&self) -> Result<usize, Failure> {
        Ok(statistics_named(&self.stat)?.iter().map(|statistic| statistic.info().outputs.len()).sum())
    }

    /// The budget of memory, bytes.
    pub(crate) fn memory(&self) -> u64 {
        self.memory.unwrap_or_else(default_memory)
    }

    /// The batch that the arguments ask for.
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

/// 60 % of the memory of the machine, or of the control group that it is in.
fn default_memory() -> u64 {
    let mut system = System::new();
    system.refresh_memory();
    let allowed = system.cgroup_limits().map_or(u64::MAX, |limits| limits.total_memory);
    allowed.min(system.total_memory()) / 10 * 6
}

/// Temporary files of any size: `/tmp` is often held in memory itself.
fn default_spill_dir() -> PathBuf {
    let large = PathBuf::from("/var/tmp");
    if large.is_dir() { large } else { std::env::temp_dir() }
}

/// A size in bytes, above zero.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    match text.parse::<ByteSize>() {
        Ok(size) if size.as_u64() > 0 => Ok(size.as_u64()),
        Ok(_) => Err("it must be above zero".to_owned()),
        Err(_) => Err("write a number and a unit, such as 5KB or 256MiB".to_owned()),
    }
}
