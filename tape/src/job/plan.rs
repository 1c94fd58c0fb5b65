//! A batch planned as a job, and a job gone on with.

use std::path::Path;

use tape_core::{Event, Observer, Role};
use tape_exec::task::{self, Tasks, Work};
use tape_exec::{OnError, Partitioning, Plan, PlanChoice, PlanKind, Summary};

use super::Job;
use super::folder::Folder;
use super::manifest::{Asked, InputFile, Manifest, Sample, id_type_name, pieces_of};
use super::objects::PlannedObjects;
use crate::batch::Batch;
use crate::error::{Error, JobError};
use crate::options::WriteOptions;
use crate::query::{ConversionQuery, absolute};

impl Batch {
    /// Plans this batch as a job in `folder`, which is made: nothing of the survey is computed yet.
    ///
    /// # Errors
    /// As [`Batch::explain`], if something is in the folder already, or if it cannot be written to.
    pub fn plan_job(&self, folder: impl AsRef<Path>, observer: &dyn Observer) -> Result<Job, Error> {
        let folder = folder.as_ref();
        Folder::check_free(folder)?;
        self.check_kind()?;
        let plan = self.plan_with(observer)?;
        let manifest = self.manifest(&plan, None, observer)?;
        Folder::create(folder, &manifest)?;
        Job::new(folder, manifest, self.statistics.clone())
    }

    /// Goes on with the job in `folder`, which is planned first if it is not there, until the table is written: what an
    /// earlier call has done, however it ended, is not done again.
    ///
    /// Where partitions prove not to be in the order that their footers claim, the job is planned again as a shuffle, with a
    /// warning, as [`Batch::write`] does.
    ///
    /// # Errors
    /// As [`Batch::write`]; if the job was planned with other arguments or inputs; or if tasks failed, while the others are
    /// done and kept.
    pub fn resume(
        &self,
        folder: impl AsRef<Path>,
        path: impl AsRef<Path>,
        options: WriteOptions,
        observer: &dyn Observer,
    ) -> Result<Summary, Error> {
        let (folder, path) = (folder.as_ref(), path.as_ref());
        self.check_kind()?;
        // Asked before the work, not only after it.
        self.output(None).check(path, options)?;
        let mut job = self.job(folder, observer)?;
        let summary = loop {
            let error = match self.run_job(&job, path, options, observer) {
                Err(Error::Exec(error)) => error,
                other => break other?,
            };
            let forced = self.config.plan != PlanChoice::Auto;
            let (instead, why) = tape_exec::another_plan(job.kind, forced, &self.statistics, error)?;
            let why = format!("the {} plan was dropped for {instead}: {why}", job.kind);
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
            PlanKind::ALL.into_iter().filter(|kind| *kind != job.kind).for_each(|kind| job.folder.clean(Some(kind)));
        }
        job.run_missing(Some(self.ensemble.survey()), &self.config()?, observer)?;
        job.gather(path, options, observer)
    }

    /// The job in `folder`, made if it is not there.
    fn job(&self, folder: &Path, observer: &dyn Observer) -> Result<Job, Error> {
        if !Folder::has_job(folder) {
            return self.plan_job(folder, observer);
        }
        let manifest = Folder::read_manifest(folder)?;
        if let Some(difference) = self.difference(&manifest)? {
            return Err(JobError::Differs { folder: folder.to_owned(), difference }.into());
        }
        Job::new(folder, manifest, self.statistics.clone())
    }

    /// The same job with another plan. The new manifest takes the place of the old one at once; what the old one's tasks left
    /// is removed after that, or by whoever goes on.
    fn plan_again(&self, job: &Job, kind: PlanKind, why: String, observer: &dyn Observer) -> Result<Job, Error> {
        let mut plan = self.plan_with(observer)?;
        let dropped = job.kind.name().to_owned();
        (plan.kind, plan.why) = (kind, why);
        let manifest = self.manifest(&plan, Some(dropped), observer)?;
        Folder::write_manifest(job.folder.path(), &manifest)?;
        Job::new(job.folder.path(), manifest, self.statistics.clone())
    }

    fn manifest(&self, plan: &Plan, dropped: Option<String>, observer: &dyn Observer) -> Result<Manifest, Error> {
        let config = self.config()?;
        let work = Work { source: self.source(), statistics: &self.statistics, config: &config, observer };
        let tasks = task::tasks(work, plan)?;
        let at_once = if tasks.read_one_by_one() { 1 } else { config.worker_count() as u64 };
        let Tasks { partitions, cuts, buckets, reduces, .. } = tasks;
        let survey = self.ensemble.survey();
        Ok(Manifest {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            files: self.input_files()?,
            id_type: id_type_name(survey.id_type()),
            columns: Role::ALL.map(|role| survey.column(role).map(str::to_owned)),
            preset: survey.preset().map(|preset| preset.name.to_owned()),
            quantity: survey.said_quantity(),
            conversion: survey.conversion().map(ConversionQuery::from),
            derived: self.planned_derived()?,
            filter: survey.filter().map(str::to_owned),
            objects: self.planned_objects()?,
            samples: self.planned_samples()?,
            titles: Role::ALL.map(|role| survey.title(role).map(str::to_owned)),
            statistics: self.asked.clone(),
            bands: self.config.bands.clone(),
            wide: self.wide,
            skips: config.on_error == OnError::Skip,
            memory: config.memory.map(|memory| memory / at_once),
            asked: self.cut_as_asked(),
            plan: plan.kind.name().to_owned(),
            why: plan.why.clone(),
            dropped,
            partitions: partitions.iter().map(pieces_of).collect(),
            cuts: cuts.into_iter().map(Into::into).collect(),
            buckets,
            reduces,
            rows: plan.rows,
        })
    }

    pub(crate) fn cut_as_asked(&self) -> Asked {
        let (partitions, partition_bytes) = match self.config.partitioning {
            Partitioning::RowGroups => (None, None),
            Partitioning::Count(n) => (Some(n), None),
            Partitioning::Bytes(bytes) => (None, Some(bytes)),
        };
        Asked { plan: self.config.plan.to_string(), partitions, partition_bytes }
    }

    /// The inputs as they are.
    fn input_files(&self) -> Result<Vec<InputFile>, Error> {
        let survey = self.ensemble.survey();
        let mut row_groups = vec![vec![]; survey.paths().len()];
        survey.row_groups().iter().for_each(|group| row_groups[group.file].push(group.rows));
        let file = |((path, stamp), row_groups): ((&Path, tape_io::FileStamp), Vec<u64>)| {
            Ok(InputFile { path: absolute(path)?, bytes: stamp.bytes, modified: stamp.modified, row_groups })
        };
        survey.paths().zip(survey.stamps()).zip(row_groups).map(file).collect()
    }

    fn planned_objects(&self) -> Result<Option<PlannedObjects>, Error> {
        self.ensemble.survey().objects().map(|table| PlannedObjects::of(table, &self.joined)).transpose()
    }

    /// That the light curves are those of objects, as the tasks of a job take them.
    fn check_kind(&self) -> Result<(), Error> {
        if self.ensemble.survey().paths().any(tape_io::is_in_memory) {
            return Err(JobError::InMemory.into());
        }
        match self.groups() {
            None if self.all_objects => Err(JobError::AllObjects.into()),
            Some(by) => Err(JobError::Groups { by }.into()),
            None => Ok(()),
        }
    }

    /// The choices of objects that each task can make by itself; others are refused.
    fn planned_samples(&self) -> Result<Vec<Sample>, Error> {
        let survey = self.ensemble.survey();
        let Some(drawn) = survey.samples() else {
            let what = survey.selections().collect::<Vec<_>>().join(", of these ");
            return Err(JobError::Selects { what }.into());
        };
        Ok(drawn.into_iter().map(|(fraction, seed)| Sample { fraction: fraction.to_string(), seed }).collect())
    }

    fn planned_derived(&self) -> Result<Vec<(String, String)>, Error> {
        crate::ensemble::derived_in_text(self.ensemble.survey()).map_err(|name| JobError::Derived { name }.into())
    }

    /// Says how a job was planned otherwise than this batch would be.
    fn difference(&self, planned: &Manifest) -> Result<Option<String>, Error> {
        // What no task can tell is refused before anything is compared.
        drop((self.planned_samples()?, self.planned_derived()?));
        let then = planned.provenance();
        if let Some(difference) = then.query.difference(&self.query()?) {
            return Ok(Some(difference));
        }
        if let Some((file, _)) = planned.files.iter().zip(self.input_files()?).find(|(then, now)| *then != now) {
            return Ok(Some(format!("before {} changed", file.path)));
        }
        let now = self.planned_objects()?;
        Ok((planned.objects != now).then(|| "before the table of objects changed".to_owned()))
    }
}
