//! Plans batches as jobs, and resumes jobs.

use std::path::Path;

use tape_core::{Event, Observer, Role};
use tape_exec::task::{self, Tasks, Work};
use tape_exec::{Plan, PlanChoice, PlanKind, Summary};

use super::Job;
use super::folder::Folder;
use super::manifest::{Manifest, id_type_name, pieces_of};
use super::stored::Stored;
use crate::batch::Batch;
use crate::error::{Error, JobError};
use crate::options::WriteOptions;

impl Batch {
    /// Plans this batch as a job in the new folder `folder`. Nothing is computed yet.
    ///
    /// # Errors
    /// As [`Batch::explain`], and if the folder is not empty or cannot be written to.
    pub fn plan_job(&self, folder: impl AsRef<Path>, observer: &dyn Observer) -> Result<Job, Error> {
        let folder = folder.as_ref();
        Folder::check_free(folder)?;
        let plan = self.plan_with(observer)?;
        self.prepare(&self.config)?;
        let stored = Stored::write(folder, self)?;
        let manifest = self.manifest(&plan, None, stored, observer)?;
        Folder::create(folder, &manifest)?;
        self.job_of(folder, manifest)
    }

    /// Opens the job in `folder` that was planned from this batch. Tasks can then use custom statistics and columns
    /// computed by functions, which are identified only by their names.
    ///
    /// # Errors
    /// As [`Job::open`], and if the job was planned with other arguments or inputs.
    pub fn open_job(&self, folder: impl AsRef<Path>) -> Result<Job, Error> {
        let folder = folder.as_ref();
        let manifest = Folder::read_manifest(folder)?;
        match self.difference(&manifest)? {
            Some(difference) => Err(JobError::Differs { folder: folder.to_owned(), difference }.into()),
            None => self.job_of(folder, manifest),
        }
    }

    fn job_of(&self, folder: &Path, manifest: Manifest) -> Result<Job, Error> {
        Job::new(folder, manifest, self.statistics.clone(), Some(self.clone()))
    }

    /// Runs the job in `folder` to the end and writes the table. The job is planned first if it does not exist. Tasks
    /// that an earlier call finished are not run again.
    ///
    /// If partitions are not in the order that their footers claim, the job is planned again as a shuffle, with a
    /// warning, as in [`Batch::write`].
    ///
    /// # Errors
    /// As [`Batch::write`], and if the job was planned with other arguments or inputs, or tasks failed. Finished tasks
    /// are kept.
    pub fn resume(
        &self,
        folder: impl AsRef<Path>,
        path: impl AsRef<Path>,
        options: WriteOptions,
        observer: &dyn Observer,
    ) -> Result<Summary, Error> {
        let (folder, path) = (folder.as_ref(), path.as_ref());
        // Fail before the run rather than after it.
        self.output(None).check(path, options)?;
        let mut job = self.job(folder, observer)?;
        let summary = loop {
            let error = match self.run_job(&job, path, options, observer) {
                Err(Error::Exec(error)) => error,
                other => break other?,
            };
            let forced = self.config.plan != PlanChoice::Auto;
            let can_fold = tape_exec::can_fold(&self.statistics, &self.config);
            let (instead, why) = tape_exec::another_plan(job.kind(), forced, can_fold, error)?;
            let why = format!("the {} plan was dropped for {instead}: {why}", job.kind());
            observer.event(Event::Restart);
            job = self.plan_again(&job, instead, why, observer)?;
        };
        summary.warnings.iter().for_each(|warning| observer.event(Event::Warning(warning.clone())));
        Ok(summary)
    }

    fn run_job(
        &self,
        job: &Job,
        path: &Path,
        options: WriteOptions,
        observer: &dyn Observer,
    ) -> Result<Summary, Error> {
        if job.manifest.dropped.is_some() {
            PlanKind::ALL.into_iter().filter(|kind| *kind != job.kind()).for_each(|kind| job.folder.clean(Some(kind)));
        }
        job.run_missing(&self.config()?, observer)?;
        job.gather(path, options, observer)
    }

    /// Opens the job in `folder`, or plans it if it does not exist.
    fn job(&self, folder: &Path, observer: &dyn Observer) -> Result<Job, Error> {
        if Folder::has_job(folder) { self.open_job(folder) } else { self.plan_job(folder, observer) }
    }

    /// Plans the job again with another kind of plan. The new manifest replaces the old one atomically. The outputs of
    /// the old tasks are then removed, or when the job is resumed.
    fn plan_again(&self, job: &Job, kind: PlanKind, why: String, observer: &dyn Observer) -> Result<Job, Error> {
        let mut plan = self.plan_with(observer)?;
        (plan.kind, plan.why) = (kind, why);
        let stored = job.manifest.stored.clone();
        let manifest = self.manifest(&plan, Some(job.kind()), stored, observer)?;
        Folder::write_manifest(job.folder.path(), &manifest)?;
        self.job_of(job.folder.path(), manifest)
    }

    fn manifest(
        &self,
        plan: &Plan,
        dropped: Option<PlanKind>,
        stored: Stored,
        observer: &dyn Observer,
    ) -> Result<Manifest, Error> {
        let (config, source) = (self.config()?, self.source());
        let work = Work { source, statistics: &self.statistics, config: &config, observer };
        let tasks = task::tasks(work, plan)?;
        let at_once = if tasks.read_one_by_one() { 1 } else { config.worker_count() as u64 };
        let Tasks { partitions, cuts, buckets, reduces, .. } = tasks;
        let survey = self.ensemble.survey();
        let keys = self.groups.as_ref().and_then(|groups| groups.keyed_by());
        let quality = self.quality_warning(&config)?;
        Ok(Manifest {
            provenance: self.provenance(),
            row_groups: self.row_groups_of_inputs(),
            stored,
            id_type: id_type_name(survey.id_type()),
            columns: Role::ALL.map(|role| source.column(role).map(str::to_owned)),
            titles: Role::ALL.map(|role| source.title(role).map(str::to_owned)),
            keys: keys.map(<[String]>::to_vec),
            memory: config.memory.map(|memory| memory / at_once),
            plan: plan.kind,
            why: plan.why.clone(),
            dropped,
            warnings: survey.warnings(plan.columns).into_iter().chain(quality).collect(),
            partitions: partitions.iter().map(pieces_of).collect(),
            cuts: cuts.into_iter().map(Into::into).collect(),
            buckets,
            reduces,
            rows: plan.rows,
        })
    }

    /// Returns the numbers of rows of the row groups of each input.
    fn row_groups_of_inputs(&self) -> Vec<Vec<u64>> {
        let survey = self.ensemble.survey();
        let mut row_groups = vec![vec![]; survey.paths().len()];
        survey.row_groups().iter().for_each(|group| row_groups[group.file].push(group.rows));
        row_groups
    }

    /// Describes how a planned job differs from this batch, or returns `None` if they are equal.
    fn difference(&self, planned: &Manifest) -> Result<Option<String>, Error> {
        let (then, now) = (&planned.provenance, self.provenance());
        if let Some(difference) = then.query.difference(&now.query) {
            return Ok(Some(difference));
        }
        let mut inputs = then.query.inputs.iter().zip(then.stamps.inputs.iter().zip(&now.stamps.inputs));
        if let Some((input, _)) = inputs.find(|(_, (then, now))| then != now) {
            return Ok(Some(format!("before {input} changed")));
        }
        Ok((then.stamps.objects != now.stamps.objects).then(|| "before the table of objects changed".to_owned()))
    }
}
