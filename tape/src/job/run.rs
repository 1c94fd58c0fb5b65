//! Tasks run: one, or all that are missing.

use std::time::Instant;

use tape_core::{Event, LeftOut, Observer, Part, Partition, Results, Source, Step};
use tape_exec::task::{self, Labels, Tasks, Work};
use tape_exec::{Config, PlanKind};
use tape_io::{BlockWriter, Survey};

use super::Job;
use super::folder::State;
use super::inputs::Inputs;
use super::receipt::Receipt;
use super::source::Planned;
use crate::error::{Error, JobError};

/// Results in a block: those of all tasks of the second round are read side by side.
const BLOCK: usize = 4096;

/// What a task gave, without what the folder knows of it.
struct Ran {
    rows: u64,
    rows_out: u64,
    without_rows: u64,
    left_out: LeftOut,
    ids: Option<(tape_core::ObjectId, tape_core::ObjectId)>,
    labels: Vec<String>,
}

/// What tasks of a round have in common.
pub(super) enum Round<'a> {
    /// They read the survey.
    First(Inputs<'a>),
    /// They read what the first round left.
    Second { receipts: Vec<Receipt>, source: Planned<'a> },
}

impl Job {
    /// What the tasks of the first round need, for some of them.
    pub(super) fn first_round<'a>(&'a self, tasks: &Tasks, of: &[usize]) -> Result<Round<'a>, Error> {
        let partitions = of.iter().map(|&task| &tasks.partitions[task]);
        Ok(Round::First(Inputs::open(&self.manifest, partitions)?))
    }

    /// What the tasks of the second round need.
    ///
    /// # Errors
    /// If the first round is not done, with what is missing.
    pub(super) fn second_round(&self) -> Result<Round<'_>, Error> {
        let (first, _) = self.folder.counts();
        let receipts = self.receipts(0..first, "task of the first round")?;
        let met = receipts.iter().flat_map(|receipt| receipt.met.iter().chain(&receipt.labels));
        let source = Planned::new(&self.manifest, met).map_err(|error| self.malformed(error))?;
        Ok(Round::Second { receipts, source })
    }

    /// Runs one task, and leaves its receipt, or a note that it failed.
    pub(super) fn run_in(
        &self,
        round: &Round<'_>,
        tasks: &Tasks,
        number: usize,
        workers: usize,
        observer: &dyn Observer,
    ) -> Result<Receipt, Error> {
        let start = Instant::now();
        let path = self.folder.output(number);
        let config = Config { workers, bands: self.manifest.bands.clone(), ..Config::default() };
        let mut writer = BlockWriter::create(&path, self.folder.seal(number))?;
        let (ran, met) = match round {
            Round::First(inputs) => {
                let work = self.work(inputs.survey(), &config, observer);
                let partition = &tasks.partitions[number];
                let ran = self.first(work, &inputs.partition(partition), tasks.buckets, &mut writer)?;
                inputs.check_unchanged(partition)?;
                (ran, inputs.survey().bands().labels())
            }
            Round::Second { receipts, source } => {
                let work = self.work(source, &config, observer);
                let buckets = tasks.buckets_of(number - tasks.partitions.len());
                (self.second(work, buckets, receipts, &mut writer)?, vec![])
            }
        };
        if let Some(expected) = tasks.partitions.get(number).map(Partition::rows) {
            self.check_rows(number, ran.rows, expected, false)?;
        }
        let written = writer.finish()?;
        let receipt = Receipt {
            job: self.digest,
            task: number,
            rows_in: ran.rows,
            rows_out: ran.rows_out,
            without_rows: ran.without_rows,
            milliseconds: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
            left_out: ran.left_out.reasons().map(|(_, n)| n),
            ids: ran.ids.map(|(min, max)| (min.into(), max.into())),
            labels: ran.labels,
            met,
            bytes: written.bytes,
            blocks: written.blocks,
            checksum: written.checksum,
        };
        self.folder.put_receipt(&receipt)?;
        Ok(receipt)
    }

    /// Notes a failure, unless it is only that the user wants to stop.
    pub(super) fn note<T>(&self, number: usize, result: Result<T, Error>) -> Result<T, Error> {
        result.inspect_err(|error| {
            if !is_stop(error) {
                self.folder.put_failure(number, &error.to_string());
            }
        })
    }

    fn first(
        &self,
        work: Work<'_>,
        partition: &Partition,
        buckets: usize,
        writer: &mut BlockWriter,
    ) -> Result<Ran, Error> {
        match self.kind {
            PlanKind::Map | PlanKind::Stitch | PlanKind::MapUnchecked => {
                let output = task::run_partition(work, self.kind, partition)?;
                writer.results(&output.results)?;
                for edge in &output.edges {
                    let parts = edge.as_ref().map(|rows| Part::of(rows, 0..rows.len()));
                    writer.rows(parts.as_slice())?;
                }
                let task::PartitionOutput { labels, results, ids, rows, left_out, .. } = output;
                let (rows_out, without_rows) = (results.len() as u64, results.without_rows);
                Ok(Ran { rows, rows_out, without_rows, left_out, ids, labels })
            }
            PlanKind::Shuffle | PlanKind::Merge => {
                let output = task::scatter(work, partition, buckets)?;
                for bucket in 0..buckets {
                    check_stop(work.observer)?;
                    writer.rows(&output.parts(bucket))?;
                }
                let (rows, labels) = (output.rows, output.labels);
                Ok(Ran { rows, rows_out: 0, without_rows: 0, left_out: output.left_out, ids: None, labels })
            }
            PlanKind::Fold => {
                let output = task::lift(work, partition, buckets)?;
                output.states.iter().try_for_each(|states| writer.results(states))?;
                let (rows, labels) = (output.rows, output.labels);
                Ok(Ran { rows, rows_out: 0, without_rows: 0, left_out: output.left_out, ids: None, labels })
            }
        }
    }

    fn second(
        &self,
        work: Work<'_>,
        buckets: std::ops::Range<usize>,
        receipts: &[Receipt],
        writer: &mut BlockWriter,
    ) -> Result<Ran, Error> {
        let labels = receipts.iter().map(|receipt| Labels::known_to(work.source.bands(), &receipt.labels));
        let labels =
            labels.collect::<Result<Vec<_>, _>>().map_err(|error| self.malformed(super::Malformed::new(error)))?;
        let open = |input: usize| {
            check_stop(work.observer)?;
            self.folder.open(&receipts[input]).map_err(|error| Error::from(self.folder.unreadable(input, &error)))
        };
        let unreadable = |input: usize, error: &tape_io::Error| Error::from(self.folder.unreadable(input, error));
        let reduced = if self.kind == PlanKind::Fold {
            let width = task::state_width(&self.statistics);
            task::combine(work, buckets, receipts.len(), |bucket, input| {
                let mut states = Results::new(work.source.id_type(), width);
                let read = open(input)?.results(bucket as u64, &mut states);
                let n = read.map_err(|error| unreadable(input, &error))?;
                labels[input].of_results(&mut states);
                work.observer.event(Event::Done { step: Step::Compute, rows: n });
                Ok(states)
            })
        } else {
            task::reduce(work, buckets, |bucket, rows| {
                for (input, labels) in labels.iter().enumerate() {
                    let from = rows.len();
                    let read = open(input)?.rows(bucket as u64, rows);
                    let n = read.map_err(|error| unreadable(input, &error))?;
                    labels.of_rows(rows, from);
                    work.observer.event(Event::Done { step: Step::Compute, rows: n });
                }
                Ok(())
            })
        };
        let reduced = reduced.map_err(Error::from_task)?;
        let results = &reduced.results;
        for from in (0..results.len()).step_by(BLOCK) {
            let mut block = results.new_like();
            block.extend_from(results, from..results.len().min(from + BLOCK));
            writer.results(&block)?;
        }
        let (rows_out, without_rows) = (results.len() as u64, results.without_rows);
        let task::Reduced { labels, rows, left_out, .. } = reduced;
        Ok(Ran { rows, rows_out, without_rows, left_out, ids: None, labels })
    }

    /// Runs all tasks that are not done, on so many threads; with the survey, if it is open already.
    pub(super) fn run_missing(
        &self,
        survey: Option<&Survey>,
        workers: usize,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        let (first, _) = self.folder.counts();
        let tasks = self.manifest.tasks();
        let missing = self.missing(workers, observer)?;
        let (of_first, of_second): (Vec<usize>, Vec<usize>) = missing.into_iter().partition(|&task| task < first);
        self.tell_ahead(&tasks, &of_first, &of_second, observer);
        if !of_first.is_empty() {
            let round = match survey {
                Some(survey) => Round::First(Inputs::all(&self.manifest, survey)),
                None => self.first_round(&tasks, &of_first)?,
            };
            self.run_round(&round, &tasks, &of_first, workers, observer)?;
        }
        if !of_second.is_empty() {
            let round = self.second_round()?;
            self.run_round(&round, &tasks, &of_second, workers, observer)?;
        }
        Ok(())
    }

    /// Tells the rows of the steps to come. Those of a bucket are known once the first round is done; till then each task of
    /// the second is taken for one like the others.
    fn tell_ahead(&self, tasks: &Tasks, of_first: &[usize], of_second: &[usize], observer: &dyn Observer) {
        let rows = of_first.iter().map(|&task| tasks.partitions[task].rows()).fold(0, u64::saturating_add);
        observer.event(Event::Ahead { step: Step::Read, rows });
        if tasks.reduces > 0 {
            let rows = self.manifest.rows / tasks.reduces as u64 * of_second.len() as u64;
            observer.event(Event::Ahead { step: Step::Compute, rows });
        }
    }

    /// The tasks to run: those not done, and those of which something is damaged, which is told.
    fn missing(&self, workers: usize, observer: &dyn Observer) -> Result<Vec<usize>, Error> {
        let (_, all) = self.folder.counts();
        let mut states: Vec<Option<State>> = vec![None; all];
        let state = |task| self.folder.state_to_the_byte(task);
        tape_exec::each(workers, all, || observer.cancelled(), state, |task, state| states[task] = state.ok())?;
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
        workers: usize,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        // Rounds of the fold plan hold as much memory as all workers may; they share out the work within.
        let inside = self.kind == PlanKind::Fold && matches!(round, Round::First(_));
        let (at_once, each) = if inside { (1, workers) } else { (workers, 1) };
        let mut failed = vec![];
        let mut stopped = false;
        let run = |i: usize| self.note(missing[i], self.run_in(round, tasks, missing[i], each, observer));
        tape_exec::each(
            at_once,
            missing.len(),
            || observer.cancelled(),
            run,
            |i, result| match result {
                Ok(Ok(_)) => {}
                Ok(Err(error)) if is_stop(&error) => stopped = true,
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
        failed.sort_by_key(|(task, _)| *task);
        let tasks = failed.iter().map(|(task, error)| format!("{}: {error}", self.describe(*task))).collect();
        let Some((_, first)) = failed.into_iter().next() else { return Ok(()) };
        Err(JobError::Failed { folder: self.folder.path().to_owned(), tasks, source: Box::new(first) }.into())
    }

    fn work<'w>(&'w self, source: &'w dyn Source, config: &'w Config, observer: &'w dyn Observer) -> Work<'w> {
        Work { source, statistics: &self.statistics, config, observer }
    }
}

/// Whether an error is only that the user wants to stop.
pub(super) fn is_stop(error: &Error) -> bool {
    matches!(error, Error::Exec(tape_exec::Error::Cancelled) | Error::Job(JobError::Stopped { .. }))
}

fn check_stop(observer: &dyn Observer) -> Result<(), Error> {
    if observer.cancelled() { Err(tape_exec::Error::Cancelled.into()) } else { Ok(()) }
}
