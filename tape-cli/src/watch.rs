//! Shows the progress of a run on the terminal and in an event file, and handles Ctrl-C.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tape::core::{Cancellation, Event, Observer, Step};
use tape::progress::{Counts, Estimate, Rates};

use super::advice;
use super::events::{Events, Moment};
use super::failure::Failure;
use super::screen::{bytes, count, duration};

/// Cancelled by the first Ctrl-C.
static STOP: LazyLock<Cancellation> = LazyLock::new(Cancellation::new);

/// Interval at which the terminal is updated.
const TICK: Duration = Duration::from_millis(100);
/// Number of ticks between progress events and readings of the memory use.
const TICKS_PER_EVENT: u32 = 5;
/// Length of the progress bar.
const FULL: u64 = 1000;

/// Shows the progress of a run if stderr is a terminal, and stops the run at Ctrl-C.
pub(crate) struct Watch {
    shared: Arc<Shared>,
    ticker: Option<JoinHandle<()>>,
}

/// Sources of values that events do not contain.
#[derive(Default)]
pub(crate) struct Sources {
    /// Counts the bytes that are read.
    pub(crate) bytes_read: Option<Arc<AtomicU64>>,
    /// Memory budget, in bytes.
    pub(crate) memory: Option<u64>,
    pub(crate) events: Option<Arc<Events>>,
    /// Number of values in a row of the result.
    pub(crate) values: usize,
}

struct Shared {
    bar: ProgressBar,
    counts: Mutex<Counts>,
    sources: Sources,
    start: Instant,
    ended: Mutex<bool>,
    end: Condvar,
}

impl Watch {
    /// Starts to watch work on `rows` rows.
    pub(crate) fn over(rows: u64) -> Result<Self, Failure> {
        let watch = Self::with(Sources::default())?;
        watch.event(Event::Ahead { step: Step::Read, rows });
        Ok(watch)
    }

    /// Watches a run.
    pub(crate) fn with(sources: Sources) -> Result<Self, Failure> {
        stop_at_ctrl_c()?;
        let shown = std::io::stderr().is_terminal();
        let bar = if shown { ProgressBar::new(FULL) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {msg}") {
            bar.set_style(style);
        }
        let seen = shown || sources.events.is_some();
        let (counts, ended) = (Mutex::default(), Mutex::new(false));
        let shared = Arc::new(Shared { bar, counts, sources, start: Instant::now(), ended, end: Condvar::new() });
        let ticker = seen.then(|| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.tick())
        });
        Ok(Self { shared, ticker })
    }

    /// Counts `rows` more rows as done.
    pub(crate) fn advance(&self, rows: u64) {
        self.event(Event::Done { step: Step::Read, rows });
    }

    /// Returns true if the user asked to stop.
    pub(crate) fn stopped(&self) -> bool {
        STOP.is_cancelled()
    }

    /// Removes the progress bar.
    pub(crate) fn finish(mut self) {
        self.end();
    }

    fn end(&mut self) {
        *lock(&self.shared.ended) = true;
        self.shared.end.notify_all();
        if let Some(ticker) = self.ticker.take() {
            // The ticker only displays progress, so a panic in it is ignored.
            drop(ticker.join());
        }
        self.shared.bar.finish_and_clear();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end();
    }
}

impl Observer for Watch {
    fn event(&self, event: Event) {
        let Shared { counts, sources, bar, .. } = &*self.shared;
        lock(counts).take(&event);
        let events = sources.events.as_ref();
        match event {
            Event::Warning(warning) => {
                let warning = advice::on_warning(warning);
                warn(bar, &warning);
                events.inspect(|events| events.tell("warning", json!({ "message": warning })));
            }
            Event::Restart => drop(events.inspect(|events| events.tell("restart", json!({})))),
            _ => {}
        }
    }

    fn cancellation(&self) -> Cancellation {
        STOP.clone()
    }
}

impl Shared {
    /// Updates the display until the run ends.
    fn tick(&self) {
        let (mut estimate, mut rates, mut process) =
            (Estimate::new(self.sources.values), Rates::default(), Process::new());
        let mut resident = process.resident();
        let mut ended = lock(&self.ended);
        for tick in 1u32.. {
            (ended, _) = self.end.wait_timeout(ended, TICK).unwrap_or_else(PoisonError::into_inner);
            if *ended {
                return;
            }
            let (counts, seconds) = (*lock(&self.counts), self.start.elapsed().as_secs_f64());
            let bytes_read = self.sources.bytes_read.as_ref().map_or(0, |read| read.load(Ordering::Relaxed));
            estimate.observe(seconds, &counts);
            rates.observe(seconds, [counts.done(Step::Read), bytes_read, counts.light_curves]);
            let due = tick.is_multiple_of(TICKS_PER_EVENT);
            if due {
                resident = process.resident();
            }
            let moment = Moment {
                seconds,
                counts: &counts,
                per_second: rates.per_second(),
                bytes_read,
                resident,
                memory: self.sources.memory,
                seconds_left: estimate.left(seconds),
                share: estimate.share(seconds),
            };
            self.show(&moment);
            if let Some(events) = self.sources.events.as_ref().filter(|_| due) {
                events.progress(&moment);
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of FULL")]
    fn show(&self, moment: &Moment<'_>) {
        self.bar.set_position((moment.share * FULL as f64) as u64);
        self.bar.set_message(words(moment));
    }
}

/// Formats the state of the run on one line, without values that are still zero.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rates that are shown with few digits")]
fn words(moment: &Moment<'_>) -> String {
    let Moment { counts, per_second: [_, read, light_curves], .. } = moment;
    let step = counts.step();
    let mut words = vec![format!("{} {}/{} rows", step.name(), count(counts.done(step)), count(counts.ahead(step)))];
    if *light_curves >= 1.0 {
        words.push(format!("{} light curves/s", count(*light_curves as u64)));
    }
    if *read >= 1.0 {
        words.push(format!("{:.0} MB/s", read / 1e6));
    }
    if counts.spilled > 0 {
        words.push(format!("{} spilled", bytes(counts.spilled)));
    }
    if let Some(resident) = moment.resident {
        let of = moment.memory.map(|memory| format!(" of {}", bytes(memory))).unwrap_or_default();
        words.push(format!("{}{of} memory", bytes(resident)));
    }
    if let Some(left) = moment.seconds_left {
        words.push(format!("{} left", duration(left)));
    }
    words.join("  ")
}

/// A reader of the memory use of this process.
struct Process {
    system: System,
    pid: Option<Pid>,
}

impl Process {
    fn new() -> Self {
        Self { system: System::new(), pid: sysinfo::get_current_pid().ok() }
    }

    /// Returns the resident memory in bytes.
    fn resident(&mut self) -> Option<u64> {
        let pid = self.pid?;
        let memory = ProcessRefreshKind::nothing().with_memory().without_tasks();
        self.system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, memory);
        Some(self.system.process(pid)?.memory())
    }
}

/// Locks a mutex, even if it is poisoned: its value is always valid.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::print_stderr, reason = "the one place where the command prints warnings")]
fn warn(bar: &ProgressBar, warning: &str) {
    bar.suspend(|| eprintln!("warning: {warning}"));
}

/// Exit code after the second Ctrl-C: 128 + SIGINT, as shells report it.
const INTERRUPTED: i32 = 130;

/// Installs the signal handler: the first Ctrl-C (or SIGTERM) asks runs to stop, and the second ends the process.
fn stop_at_ctrl_c() -> Result<(), Failure> {
    static SET: AtomicBool = AtomicBool::new(false);
    if SET.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let interrupt = || {
        if STOP.is_cancelled() {
            std::process::exit(INTERRUPTED);
        }
        STOP.cancel();
    };
    ctrlc::set_handler(interrupt).map_err(Failure::failed)
}

/// A progress bar of work that is not a run. It also stops the work at Ctrl-C.
pub(crate) struct Work {
    bar: ProgressBar,
}

impl Work {
    /// Starts a progress bar that counts in `unit`.
    pub(crate) fn begin(unit: &str) -> Result<Self, Failure> {
        stop_at_ctrl_c()?;
        let bar = if std::io::stderr().is_terminal() { ProgressBar::no_length() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template(&format!("{{wide_bar}} {{human_pos}}/{{human_len}} {unit}")) {
            bar.set_style(style);
        }
        Ok(Self { bar })
    }

    /// Sets the progress to `done` of `all`. Returns `Break` if the work must stop.
    pub(crate) fn at(&self, done: u64, all: u64) -> ControlFlow<()> {
        self.bar.set_length(all);
        self.bar.set_position(done);
        if STOP.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Removes the progress bar.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.finish();
    }
}
