//! Computations on the light curves of a survey, and their settings.

mod absent;
mod described;
pub(crate) mod doubts;
mod group;
mod iterate;
mod run;
mod sinks;
mod structure_function;
mod wide;
mod workers;

use std::path::Path;
use std::sync::Arc;

use tape_core::{LightCurveStep, Statistic};
use tape_exec::{Config, OnError, Partitioning, PlanChoice, Threads};
use tape_io::internal::{Grouped, SpillFolder};

pub(crate) use absent::with_absent;
pub use iterate::{LightCurves, ResultBatches};
pub(crate) use sinks::{Output, beside, check_names};
pub use structure_function::BinsByBand;
pub use workers::{ClientInfo, Workers};

use crate::ensemble::Ensemble;
use crate::error::Error;
use crate::statistics::asked_for;

impl Ensemble {
    /// Prepares a batch of statistics for every light curve. Nothing is read yet.
    #[must_use]
    pub fn batch(&self, statistics: &[Statistic]) -> Batch {
        let asked = statistics.iter().map(|statistic| statistic.info().name.to_string()).collect();
        Batch::new(self, asked, statistics.to_vec(), false)
    }

    /// Prepares a batch of statistics by name, with parameters and groups as in [`crate::statistics_named`]. Another
    /// process can resume a job of such a batch, because the names describe the statistics completely.
    ///
    /// # Errors
    /// As [`crate::statistics_named`].
    pub fn batch_named<S: AsRef<str>>(&self, names: &[S]) -> Result<Batch, Error> {
        let (asked, statistics) = asked_for(names)?.into_iter().unzip();
        Ok(Batch::new(self, asked, statistics, true))
    }
}

/// A computation of statistics for every light curve.
///
/// A batch owns its data, so it can be stored in a struct or sent to another thread.
///
/// ```
/// use tape::prelude::*;
///
/// # let folder = tempfile::tempdir()?;
/// # let survey = folder.path().join("survey");
/// # tape::simulate::Simulation { objects: 50, files: 2, ..Default::default() }.write(&survey)?;
/// # let path = folder.path().join("wide.csv");
/// let batch = Ensemble::open(&survey)?.batch_named(&["mean", "stetson_j"])?.bands(["g", "r"]).wide();
/// assert_eq!(batch.explain()?.kind, PlanKind::Map);
/// let table = batch.compute()?;
/// assert!(table.column_by_name("stetson_j_g").is_some());
/// batch.write(&path, WriteOptions::new())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Batch {
    pub(crate) ensemble: Ensemble,
    pub(crate) statistics: Vec<Statistic>,
    /// The name and parameters by which each statistic was requested.
    pub(crate) asked: Vec<String>,
    /// True if names and parameters describe the statistics completely.
    pub(crate) by_name: bool,
    pub(crate) config: Config,
    pub(crate) wide: bool,
    /// Columns of the object table to append to results.
    pub(crate) joined: Vec<String>,
    /// The columns that define a light curve, unless these are the object and the band.
    pub(crate) groups: Option<Arc<Grouped>>,
    /// True if objects without a light curve get a row.
    pub(crate) all_objects: bool,
}

impl Batch {
    fn new(ensemble: &Ensemble, asked: Vec<String>, statistics: Vec<Statistic>, by_name: bool) -> Self {
        Self {
            ensemble: ensemble.clone(),
            statistics,
            asked,
            by_name,
            config: Config::default(),
            wide: false,
            joined: vec![],
            groups: None,
            all_objects: false,
        }
    }

    /// Computes only these bands.
    #[must_use]
    pub fn bands<S: Into<String>>(mut self, bands: impl IntoIterator<Item = S>) -> Self {
        self.config.bands = Some(bands.into_iter().map(Into::into).collect());
        self
    }

    /// Forces a plan, instead of the one that the footers suggest.
    #[must_use]
    pub const fn plan(mut self, plan: PlanChoice) -> Self {
        self.config.plan = plan;
        self
    }

    /// Sets how the survey is split into partitions (by default, one per row group).
    #[must_use]
    pub const fn partitioning(mut self, partitioning: Partitioning) -> Self {
        self.config.partitioning = partitioning;
        self
    }

    /// Sets the number of worker threads (by default, one per core). Results do not depend on it. To share threads
    /// between runs, see [`crate::Workers`].
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        (self.config.workers, self.config.threads) = (workers, Threads::Own);
        self
    }

    /// Limits the memory of the run to `bytes`, in addition to the program itself. Rows to regroup and pending results
    /// that do not fit are spilled to `spill_dir`, compressed, in an unlinked file that disappears when the run ends
    /// for any reason.
    ///
    /// A light curve that does not fit is combined from partial states if all statistics are folds. Otherwise it is an
    /// error that names the object, or is skipped with [`Batch::on_error`].
    #[must_use]
    pub fn memory(mut self, bytes: u64, spill_dir: impl AsRef<Path>) -> Self {
        self.config.memory = Some(bytes);
        self.config.spill = Some(Arc::new(SpillFolder::new(spill_dir.as_ref())));
        self
    }

    /// Sets whether the run stops at, or skips, row groups that cannot be read and light curves that do not fit in
    /// memory. [`Summary::skipped`](tape_exec::Summary::skipped) lists the skipped ones.
    #[must_use]
    pub const fn on_error(mut self, on_error: OnError) -> Self {
        self.config.on_error = on_error;
        self
    }

    /// Computes statistics that have a kernel on a device. Results agree within the tolerances of the statistics.
    #[cfg(feature = "gpu")]
    #[must_use]
    pub fn device(mut self, device: &crate::Device) -> Self {
        // A call to the device costs as much as some ten thousand epochs on the CPU.
        self.config.chunk_rows = crate::cost::CHUNK_ROWS;
        self.statistics = self.statistics.iter().map(|statistic| device.accelerate(statistic)).collect();
        self
    }

    /// Estimates the time of the statistics on a calibrated device and on the CPU, for the number of rows in the
    /// footers. Returns `None` if no statistic has a kernel.
    #[cfg(feature = "gpu")]
    #[must_use]
    pub fn estimate(&self, calibration: &crate::cost::Calibration) -> Option<crate::cost::Estimate> {
        let rows = self.source().row_groups().iter().fold(0_u64, |rows, group| rows.saturating_add(group.rows));
        calibration.estimate(&self.statistics, rows, self.config.worker_count())
    }

    /// Appends a step that is applied to light curves before the statistics: see [`tape_analysis::steps`]. Epochs that
    /// a step removes are not used by statistics and not included in `n_obs`; the run counts them.
    ///
    /// Steps need whole light curves, so runs with steps do not combine partial states.
    ///
    /// ```
    /// # use tape::prelude::*;
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("survey");
    /// # tape::simulate::Simulation { objects: 50, files: 2, ..Default::default() }.write(&out)?;
    /// let batch = Ensemble::open(&out)?.batch_named(&["standard_deviation"])?.step("clip:sigma=3")?;
    /// let table = batch.compute()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Statistic`] if no step has this name, or its parameters are invalid.
    pub fn step(self, step: &str) -> Result<Self, Error> {
        Ok(self.with_step(tape_analysis::steps::make(step)?))
    }

    /// Returns the names of the steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.config.steps.iter().map(|step| step.name())
    }

    /// Appends a custom step, which is identified by its name.
    #[must_use]
    pub fn with_step(mut self, step: Arc<dyn LightCurveStep>) -> Self {
        self.by_name &= tape_analysis::steps::make(step.name()).is_ok();
        self.config.steps.push(step);
        self
    }

    /// Writes one row per object, with a column for each output and band, instead of one row per object and band.
    #[must_use]
    pub const fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// Appends these columns of the object table to the results: see [`Ensemble::with_objects`].
    #[must_use]
    pub fn join<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.joined.extend(columns.into_iter().map(Into::into));
        self
    }
}
