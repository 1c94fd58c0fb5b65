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
    /// Prepares statistics of every light curve. Nothing is read yet.
    #[must_use]
    pub fn batch(&self, statistics: &[Statistic]) -> Batch {
        let asked = statistics.iter().map(|statistic| statistic.info().name.to_string()).collect();
        Batch::new(self, asked, statistics.to_vec(), false)
    }

    /// Prepares statistics by name, with parameters and groups as [`crate::statistics_named`] has them. Another process can
    /// continue a job that is made of them, because it knows the same names.
    ///
    /// # Errors
    /// As [`crate::statistics_named`].
    pub fn batch_named<S: AsRef<str>>(&self, names: &[S]) -> Result<Batch, Error> {
        let (asked, statistics) = asked_for(names)?.into_iter().unzip();
        Ok(Batch::new(self, asked, statistics, true))
    }
}

/// Statistics of every light curve, not computed yet.
///
/// It owns all that it needs: it can be kept in a struct, sent to another thread, and run there.
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
    /// Columns of the table of objects.
    pub(crate) joined: Vec<String>,
    /// The columns that define a light curve, unless these are the object and the band.
    pub(crate) groups: Option<Arc<Grouped>>,
    /// True if objects without a light curve have a row, too.
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

    /// Computes these bands only.
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

    /// Cuts the survey in another way than by row group.
    #[must_use]
    pub const fn partitioning(mut self, partitioning: Partitioning) -> Self {
        self.config.partitioning = partitioning;
        self
    }

    /// Uses this many worker threads instead of one for each core. The result does not depend on it. To share threads
    /// between runs, see [`crate::Workers`].
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        (self.config.workers, self.config.threads) = (workers, Threads::Own);
        self
    }

    /// Limits the memory to `bytes`, in addition to the program itself. Rows that must be regrouped, and results that
    /// wait for their place, are spilled to `spill_dir` if they do not fit: compressed, in a file without a name, which
    /// is deleted when the run ends for any reason.
    ///
    /// A light curve that does not fit is combined from partial states if all statistics are folds; if not, it is an error
    /// that names the object, or is left out with [`Batch::on_error`].
    #[must_use]
    pub fn memory(mut self, bytes: u64, spill_dir: impl AsRef<Path>) -> Self {
        self.config.memory = Some(bytes);
        self.config.spill = Some(Arc::new(SpillFolder::new(spill_dir.as_ref())));
        self
    }

    /// Leaves out what cannot be read, and light curves that do not fit in memory, instead of stopping there. What that was is
    /// in [`Summary::skipped`](tape_exec::Summary::skipped).
    #[must_use]
    pub const fn on_error(mut self, on_error: OnError) -> Self {
        self.config.on_error = on_error;
        self
    }

    /// Computes on a device what it has kernels for, with the same answers within the statistics' tolerances.
    #[cfg(feature = "gpu")]
    #[must_use]
    pub fn device(mut self, device: &crate::Device) -> Self {
        // A call of a device costs as much as some ten thousand epochs.
        self.config.chunk_rows = crate::cost::CHUNK_ROWS;
        self.statistics = self.statistics.iter().map(|statistic| device.accelerate(statistic)).collect();
        self
    }

    /// Estimates the time of the statistics on a calibrated device, and on the CPU. Returns `None` if none of them has
    /// a kernel. The numbers of rows are those of the footers.
    #[cfg(feature = "gpu")]
    #[must_use]
    pub fn estimate(&self, calibration: &crate::cost::Calibration) -> Option<crate::cost::Estimate> {
        let rows = self.source().row_groups().iter().fold(0_u64, |rows, group| rows.saturating_add(group.rows));
        calibration.estimate(&self.statistics, rows, self.config.worker_count())
    }

    /// Lets light curves go through a step before statistics see them, after those that were asked for before: see
    /// [`tape_analysis::steps`]. Epochs that it leaves out are neither in the statistics nor in `n_obs`; a run counts them.
    ///
    /// Partial states of light curves know nothing of a step, so runs with one keep whole light curves in memory.
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
    /// [`Error::Statistic`], if no step is called so, or it cannot have these parameters.
    pub fn step(self, step: &str) -> Result<Self, Error> {
        Ok(self.with_step(tape_analysis::steps::make(step)?))
    }

    /// Returns the steps that light curves go through, in order, by what they are asked for.
    pub fn steps(&self) -> impl Iterator<Item = &str> {
        self.config.steps.iter().map(|step| step.name())
    }

    /// Adds a step of the program itself, which is identified by its name.
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

    /// Puts these columns of the table of objects behind those of the results: see [`Ensemble::with_objects`].
    #[must_use]
    pub fn join<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.joined.extend(columns.into_iter().map(Into::into));
        self
    }
}
