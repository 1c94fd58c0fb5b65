//! Survey-like data with planted variables: Parquet that is reproducible from a seed, and the truth about it.
//!
//! A simulated survey is a folder of flat Parquet files `part-000.parquet`, …, one row per epoch:
//!
//! | column | type | |
//! | --- | --- | --- |
//! | `id` | int64 | the object's; ascending with its number, with gaps, and too long for an f64 |
//! | `mjd` | float64 | time in days, over ten years from 60000 with a gap in each |
//! | `flux`, `error` | float64 | nJy; the error is the standard deviation of the Gaussian noise that was added |
//! | `band` | string | |
//!
//! and a table `_truth.parquet`, which readers of the folder pass over because of its underscore, one row per object:
//! `id`, `kind` (see [`Kind`]), `period_days` (null where nothing repeats), `amplitude_mag` (at 620 nm, as the kind
//! defines it), `mean_flux` (without noise, over the object's epochs in all bands) and `n_epochs`.
//!
//! With another [preset](Simulation::preset) than `tape`, the files have the columns, units and codes of bands of that
//! survey, and also positions and a column of quality, which marks 2 % of the epochs as bad.
//!
//! An object's rows depend on the seed, its number, and the options that say what the sky is like
//! ([`Simulation::epochs`], [`Simulation::bands`], [`Simulation::variable_fraction`]); not on the layout, the files,
//! the codec, the threads, or how many other objects there are. Files are the same to the byte each time. Between
//! platforms, values may differ in their last bit, because the platform's mathematics library draws the curves.
//!
//! ```
//! use tape::simulate::{Simulation, SurveyLayout};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let survey = Simulation { objects: 100, epochs: 30.0, layout: SurveyLayout::Shuffled, ..Simulation::default() };
//! let report = survey.write(&folder.path().join("survey"))?;
//! assert_eq!(report.objects, 100);
//! assert!(report.truth.ends_with("_truth.parquet"));
//! # Ok(())
//! # }
//! ```

mod error;
mod kinds;
mod layout;
mod nightly;
mod object;
mod options;
mod ordered;
mod passband;
mod preset_columns;
mod run;
mod shuffled;
mod write;

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tape_core::{PRESETS, Preset};
use tape_pool::Pool;

pub use self::error::SimulateError;
pub use self::kinds::Kind;
pub use self::options::{Codec, SurveyLayout};

use self::nightly::FILES_AT_ONCE;
use self::object::{NIGHTS, Sky};
use self::run::{Run, Staging};
use self::shuffled::{BUCKET_ROWS, BUCKETS_AT_ONCE, Buckets};

/// Name of the truth table in the folder of the survey.
pub const TRUTH: &str = "_truth.parquet";

/// Maximum number of objects that ids have room for.
const MOST_OBJECTS: u64 = 1_000_000_000;
/// The largest mean number of epochs, because whole light curves are held in memory.
const MOST_EPOCHS: f64 = 1e6;
/// Maximum number of bands, which are stored in a byte.
const MOST_BANDS: usize = 255;

/// The parts of a survey that are held in memory at once if it does not fit. The sky is drawn again for each part.
#[derive(Clone, Copy, Debug)]
struct Lots {
    /// Buckets of a shuffled survey.
    buckets: Buckets,
    /// Files of a nightly survey.
    files: usize,
}

/// Settings of a simulated survey.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// Number of objects.
    pub objects: u64,
    /// The mean number of epochs of an object, over all bands. Numbers of epochs are log-normal (but for the first
    /// epoch, which every object has), with a spread of 0.5 in the natural logarithm.
    pub epochs: f64,
    /// The labels of the bands. Those that end in one of `ugrizy` look as deep and as red as that band of Rubin.
    pub bands: Vec<String>,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Probability that an object is variable, with equal shares for the kinds in [`Kind::VARIABLE`].
    pub variable_fraction: f64,
    /// Order of the rows.
    pub layout: SurveyLayout,
    /// Number of files.
    pub files: usize,
    /// Compression of pages.
    pub compression: Codec,
    /// Names, units and codes of the columns. Presets other than `tape` add positions and a column of quality.
    pub preset: &'static Preset,
    /// Maximum number of rows of a row group. In a sorted survey, a longer light curve gets its own row group.
    pub row_group_rows: usize,
    /// True to replace an existing simulated survey. Nothing else is ever replaced.
    pub overwrite: bool,
}

impl Default for Simulation {
    fn default() -> Self {
        Self {
            objects: 1000,
            epochs: 150.0,
            bands: bands("ugrizy"),
            seed: 1,
            variable_fraction: 0.1,
            layout: SurveyLayout::Sorted,
            files: 1,
            compression: Codec::Zstd,
            preset: &PRESETS[0],
            row_group_rows: 122_880,
            overwrite: false,
        }
    }
}

/// The outcome of a simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Number of survey files.
    pub files: usize,
    /// Number of rows.
    pub rows: u64,
    /// Number of objects.
    pub objects: u64,
    /// Number of variable objects.
    pub variables: u64,
    /// Size of the survey files in bytes.
    pub bytes: u64,
    /// Path of the truth table.
    pub truth: PathBuf,
}

impl Simulation {
    /// Writes the survey and its truth table into a new folder `out`, which appears only when it is complete.
    ///
    /// # Errors
    /// If an option is invalid, or `out` exists or cannot be written.
    pub fn write(&self, out: &Path) -> Result<Report, SimulateError> {
        self.write_with(out, &|_, _| ControlFlow::Continue(()))
    }

    /// Like [`Simulation::write`], but calls `progress` from time to time, on the calling thread, with the finished and
    /// the total work. If it returns `Break`, the run stops and leaves nothing behind.
    ///
    /// # Errors
    /// As [`Simulation::write`], and [`SimulateError::Interrupted`] if `progress` returned `Break`.
    pub fn write_with(
        &self,
        out: &Path,
        progress: &dyn Fn(u64, u64) -> ControlFlow<()>,
    ) -> Result<Report, SimulateError> {
        let buckets = Buckets { rows_each: BUCKET_ROWS, at_once: BUCKETS_AT_ONCE };
        self.write_in_lots(out, progress, Lots { buckets, files: FILES_AT_ONCE })
    }

    fn write_in_lots(
        &self,
        out: &Path,
        progress: &dyn Fn(u64, u64) -> ControlFlow<()>,
        lots: Lots,
    ) -> Result<Report, SimulateError> {
        let objects = self.check()?;
        let staging = Staging::new(out, self.overwrite)?;
        let sky = Sky::new(self.seed, self.epochs, self.variable_fraction, &self.bands);
        let pool = Pool::here();
        let starts = pool.install(|| starts(&sky, objects));
        let all = starts[objects];
        let rows = all as u64;
        let begin = |passes: usize| Run::new(self, &staging, rows * passes as u64, pool, progress);
        let equal = || layout::equal(all, self.files, self.row_group_rows);
        let run = match self.layout {
            SurveyLayout::Sorted => {
                let groups = layout::cohesive(&starts, self.files, self.row_group_rows);
                ordered::write(begin(1)?, &sky, &starts, &groups)?
            }
            SurveyLayout::SortedSplit => ordered::write(begin(1)?, &sky, &starts, &equal())?,
            SurveyLayout::Nightly => {
                let passes = self.files.div_ceil(lots.files);
                nightly::write(begin(passes)?, self, &sky, &starts, lots.files)?
            }
            SurveyLayout::Shuffled => {
                let passes = 1 + lots.buckets.passes(all);
                shuffled::write(begin(passes)?, &sky, &starts, &equal(), lots.buckets)?
            }
        };
        let variables = run.truth.finish()?;
        let bytes = run.survey.finish()?;
        staging.commit()?;
        Ok(Report { files: self.files, rows, objects: self.objects, variables, bytes, truth: out.join(TRUTH) })
    }

    /// Checks the options and returns the number of objects.
    fn check(&self) -> Result<usize, SimulateError> {
        let &Self { objects, epochs, files, .. } = self;
        let too_many = SimulateError::TooManyObjects { objects, limit: MOST_OBJECTS };
        let count = usize::try_from(objects).ok().filter(|_| objects <= MOST_OBJECTS).ok_or(too_many)?;
        if count == 0 {
            return Err(SimulateError::NoObjects);
        }
        if !(1.0..=MOST_EPOCHS).contains(&epochs) {
            return Err(SimulateError::BadEpochs { epochs, limit: MOST_EPOCHS });
        }
        if !(0.0..=1.0).contains(&self.variable_fraction) {
            return Err(SimulateError::BadFraction { fraction: self.variable_fraction });
        }
        if files == 0 {
            return Err(SimulateError::NoFiles);
        }
        if self.layout == SurveyLayout::Nightly {
            if files > NIGHTS {
                return Err(SimulateError::TooManyNights { files, nights: NIGHTS });
            }
        } else if files > count {
            return Err(SimulateError::TooManyFiles { files, objects });
        }
        if self.row_group_rows == 0 {
            return Err(SimulateError::EmptyRowGroups);
        }
        self.check_bands()?;
        Ok(count)
    }

    fn check_bands(&self) -> Result<(), SimulateError> {
        if self.bands.is_empty() {
            return Err(SimulateError::NoBands);
        }
        if self.bands.len() > MOST_BANDS {
            return Err(SimulateError::TooManyBands { bands: self.bands.len(), limit: MOST_BANDS });
        }
        let bad = |(position, label): &(usize, &String)| label.is_empty() || self.bands[..*position].contains(label);
        match self.bands.iter().enumerate().find(bad) {
            Some((_, label)) => Err(SimulateError::BadBand { label: label.clone() }),
            None => Ok(()),
        }
    }
}

/// Splits a text into one-letter band labels, so `ugrizy` gives six bands.
///
/// ```
/// assert_eq!(tape::simulate::bands("gr"), ["g", "r"]);
/// ```
#[must_use]
pub fn bands(labels: &str) -> Vec<String> {
    labels.chars().map(String::from).collect()
}

/// Returns the first row of each object, and then the total number of rows.
fn starts(sky: &Sky, objects: usize) -> Vec<usize> {
    let mut starts = vec![0; objects + 1];
    tape_pool::for_each(&mut starts[1..], |object, length| *length = sky.length(object));
    let mut total = 0;
    for start in &mut starts {
        total += *start;
        *start = total;
    }
    starts
}
