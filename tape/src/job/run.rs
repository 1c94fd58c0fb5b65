//! Runs one task, or all unfinished tasks.

use std::sync::Arc;
use std::time::Instant;

use tape_core::{Event, Observer, Source, Spill, Step};
use tape_exec::task::{self, Tasks, Work};
use tape_exec::{Config, PlanKind, Skipped, Threads};
use tape_io::internal::{BlockWriter, SpillFolder};

use super::Job;
use super::folder::State;
use super::inputs::Inputs;
use super::outputs::{Outputs, Writing};
use super::receipt::Receipt;
use super::source::Planned;
use crate::error::{Error, JobError};

/// The input that the tasks of a round share.
pub(super) enum Round<'a> {
    /// The survey.
    First(Inputs<'a>),
    /// The outputs of the first round.
    Second { outputs: Outputs<'a>, source: Planned<'a> },
}

impl Job {
    /// Returns the input for some tasks of the first round.
    pub(super) fn first_round<'a>(&'a self, tasks: &Tasks, of: &[usize]) -> Result<Round<'a>, Error> {
        let partitions = of.iter().map(|&task| &tasks.partitions[task]);
        let inputs = match &self.batch {
            Some(batch) => Inputs::all(&self.manifest, batch.source()),
            None => Inputs::open(&self.manifest, self.folder.path(), partitions)?,
        };
        Ok(Round::First(inputs))
    }

    /// Returns the input for tasks of the second round.
    ///
    /// # Errors
    /// If the first round is unfinished; the message names the missing tasks.
    pub(super) fn second_round(&self) -> Result<Round<'_>, Error> {
        let (first, _) = self.folder.counts();
        let receipts = self.receipts(0..first, "task of the first round")?;
        let met = receipts.iter().flat_map(|receipt| receipt.met.iter().chain(&receipt.labels));
        let source = Planned::new(&self.manifest, met).map_err(|error| self.malformed(error))?;
        Ok(Round::Second { outputs: Outputs { job: self, receipts }, source })
    }

    /// Returns the settings of a task: the memory limit of the job, or the task's share of that of the run. Rows that
    /// do not fit are spilled next to the outputs.
    pub(super) fn task_config(&self, of_all: &Config, at_once: usize) -> Config {
        let memory = of_all.memory.map(|memory| memory / at_once as u64).or(self.manifest.memory);
        let on_error = self.manifest.query().on_error;
        let spill: Arc<dyn Spill> = Arc::new(SpillFolder::new(&self.folder.outputs()));
        let workers = (of_all.worker_count() / at_once).max(1);
        let bands = self.manifest.query().bands.clone();
        let threads = if workers == 1 { Threads::Caller } else { of_all.threads.clone() };
        let steps = self.steps.clone();
        Config { workers, threads, bands, memory, spill: Some(spill), on_error, steps, ..Config::default() }
    }

    /// Runs one task and writes its receipt, or a note that it failed.
    pub(super) fn run_in(
        &self,
        round: &Round<'_>,
        tasks: &Tasks,
        number: usize,
        config: &Config,
        observer: &dyn Observer,
    ) -> Result<Receipt, Error> {
        let start = Instant::now();
        let mut output = Writing(BlockWriter::create(&self.folder.output(number), self.folder.seal(number))?);
        let (mut report, met) = match round {
            Round::First(inputs) => {
                let work = self.work(inputs.source(), config, observer);
                let partition = &tasks.partitions[number];
                let read = task::read(work, tasks, number, &inputs.partition(partition), &mut output);
                let mut report = read.map_err(Error::from_task)?;
                inputs.check_unchanged(partition)?;
                report.skipped.iter_mut().for_each(|skipped| inputs.renumber(skipped));
                (report, inputs.source().bands().labels())
            }
            Round::Second { outputs, source } => {
                let reduced = task::reduce(self.work(source, config, observer), tasks, number, outputs, &mut output);
                (reduced.map_err(|error| self.located(Error::from_task(error)))?, vec![])
            }
        };
        // Slices of a merge share row groups, so only their total can be compared with the footers.
        let all_read = tasks.kind != PlanKind::Merge && !skips_row_groups(&report.skipped);
        if let Some(partition) = tasks.partitions.get(number).filter(|_| all_read) {
            self.check_rows(number, report.rows, partition.rows(), false)?;
        }
        let written = output.0.finish()?;
        let labels = std::mem::take(&mut report.labels);
        let receipt = Receipt {
            job: self.digest,
            task: number,
            rows_in: report.rows,
            rows_out: report.rows_out,
            without_rows: report.without_rows,
            milliseconds: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
            left_out: report.left_out.reasons().map(|(_, n)| n),
            ids: report.ids.map(|(min, max)| (min.into(), max.into())),
            labels,
            met,
            skipped: report.skipped.into_iter().map(Into::into).collect(),
            bytes: written.bytes,
            blocks: written.blocks,
            checksum: written.checksum,
        };
        self.folder.put_receipt(&receipt)?;
        Ok(receipt)
    }

    /// Writes a note of a failure, unless the user asked to stop.
    pub(super) fn note<T>(&self, number: usize, result: Result<T, Error>) -> Result<T, Error> {
        result.inspect_err(|error| {
            if !is_stop(error) {
                self.folder.put_failure(number, &error.to_string());
            }
        })
    }

    /// Runs all unfinished tasks on one pool of threads.
    pub(super) fn run_missing(&self, config: &Config, observer: &dyn Observer) -> Result<(), Error> {
        let (first, _) = self.folder.counts();
        let config = &Config { threads: config.threads.started(config.worker_count())?, ..config.clone() };
        let tasks = self.manifest.tasks();
        let missing = self.missing(config, observer)?;
        let (of_first, of_second): (Vec<usize>, Vec<usize>) = missing.into_iter().partition(|&task| task < first);
        self.tell_ahead(&tasks, &of_first, &of_second, observer);
        if !of_first.is_empty() {
            self.batch.as_ref().map_or(Ok(()), |batch| batch.prepare(config))?;
            let round = self.first_round(&tasks, &of_first)?;
            self.run_round(&round, &tasks, &of_first, config, observer)?;
        }
        if !of_second.is_empty() {
            let round = self.second_round()?;
            self.run_round(&round, &tasks, &of_second, config, observer)?;
        }
        Ok(())
    }

    /// Reports the rows of the remaining steps. The sizes of buckets are known only after the first round, so until
    /// then all tasks of the second round are assumed to be equal.
    fn tell_ahead(&self, tasks: &Tasks, of_first: &[usize], of_second: &[usize], observer: &dyn Observer) {
        let rows = of_first.iter().map(|&task| tasks.partitions[task].rows()).fold(0, u64::saturating_add);
        observer.event(Event::Ahead { step: Step::Read, rows });
        if tasks.reduces > 0 || tasks.read_one_by_one() {
            // Fold and merge compute while they read.
            let (some, all) = if tasks.read_one_by_one() {
                (of_first.len(), tasks.partitions.len())
            } else {
                (of_second.len(), tasks.reduces)
            };
            let rows = self.manifest.rows / all.max(1) as u64 * some as u64;
            observer.event(Event::Ahead { step: Step::Compute, rows });
        }
    }

    /// Returns the tasks that still have to run: unfinished tasks, and finished tasks whose output is damaged. Emits a
    /// warning for each damaged task.
    fn missing(&self, config: &Config, observer: &dyn Observer) -> Result<Vec<usize>, Error> {
        let (_, all) = self.folder.counts();
        let mut states: Vec<Option<State>> = vec![None; all];
        let state = |task| self.folder.state_to_the_byte(task);
        let keep = |task: usize, state: tape_exec::Result<State>| states[task] = state.ok();
        tape_exec::each(config.worker_count(), &config.threads, all, || observer.cancelled(), state, keep)?;
        if observer.cancelled() {
            return Err(self.stopped());
        }
        let mut missing = vec![];
        for (task, state) in states.iter().enumerate() {
            if let Some(State::Damaged(path, reason)) = state {
                let warning = format!("{} is damaged: {reason}; task {task} is run again", path.display());
                observer.event(Event::Warning(warning));
            }
            if !matches!(state, Some(State::Done(_))) {
                missing.push(task);
            }
        }
        Ok(missing)
    }

    fn run_round(
        &self,
        round: &Round<'_>,
        tasks: &Tasks,
        missing: &[usize],
        config: &Config,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        let inside = tasks.read_one_by_one() && matches!(round, Round::First(_));
        let at_once = if inside { 1 } else { config.worker_count() };
        let of_task = self.task_config(config, at_once);
        let mut failed = vec![];
        let (mut stopped, mut unsuitable) = (false, None);
        let run = |i: usize| self.note(missing[i], self.run_in(round, tasks, missing[i], &of_task, observer));
        let on = if at_once == 1 { &Threads::Caller } else { &config.threads };
        tape_exec::each(
            at_once,
            on,
            missing.len(),
            || observer.cancelled(),
            run,
            |i, result| match result {
                Ok(Ok(_)) => {}
                Ok(Err(error)) if is_stop(&error) => stopped = true,
                // Another plan may be suitable.
                Ok(Err(Error::Exec(error))) if is_unsuitable(&error) => unsuitable = Some(error),
                Ok(Err(error)) => failed.push((missing[i], error)),
                Err(panic) => {
                    self.folder.put_failure(missing[i], &panic.to_string());
                    failed.push((missing[i], panic.into()));
                }
            },
        )?;
        if stopped || observer.cancelled() {
            return Err(self.stopped());
        }
        if let Some(error) = unsuitable {
            return Err(error.into());
        }
        failed.sort_by_key(|(task, _)| *task);
        let tasks = failed.iter().map(|(task, error)| format!("{}: {error}", self.describe(*task))).collect();
        let Some((_, first)) = failed.into_iter().next() else { return Ok(()) };
        Err(JobError::Failed { folder: self.folder.path().to_owned(), tasks, source: Box::new(first) }.into())
    }

    fn work<'w>(&'w self, source: &'w dyn Source, config: &'w Config, observer: &'w dyn Observer) -> Work<'w> {
        Work { source, statistics: &self.statistics, config, observer }
    }
}

/// Returns true if an error only means that the user wants to stop.
pub(super) fn is_stop(error: &Error) -> bool {
    matches!(error, Error::Exec(tape_exec::Error::Cancelled) | Error::Job(JobError::Stopped { .. }))
}

/// Returns true if an error means that the plan does not suit the survey.
fn is_unsuitable(error: &tape_exec::Error) -> bool {
    matches!(error, tape_exec::Error::DoesNotFit { .. } | tape_exec::Error::FalseClaim { .. })
}

/// Returns true if row groups were skipped, so that fewer rows were read than footers count.
pub(super) fn skips_row_groups(skipped: &[Skipped]) -> bool {
    skipped.iter().any(|skipped| matches!(skipped, Skipped::RowGroup { .. }))
}
