//! Progress of a run on the terminal, and Ctrl-C.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tape::core::{Event, Observer};

use super::failure::Failure;

static STOP: AtomicBool = AtomicBool::new(false);

/// Shows how many rows were read, where someone sees it, and stops the run at Ctrl-C.
pub(crate) struct Watch {
    bar: ProgressBar,
}

impl Watch {
    /// Watches a run over so many rows.
    pub(crate) fn over(rows: u64) -> Result<Self, Failure> {
        stop_at_ctrl_c()?;
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(rows) } else { ProgressBar::hidden() };
        let template = "{wide_bar} {human_pos}/{human_len} rows  {per_sec}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Ok(Self { bar })
    }

    /// So many more rows are done.
    pub(crate) fn advance(&self, rows: u64) {
        self.bar.inc(rows);
    }

    /// Whether the user asked to stop.
    pub(crate) fn stopped(&self) -> bool {
        STOP.load(Ordering::Relaxed)
    }

    /// Tells the user something.
    pub(crate) fn warn(&self, warning: &str) {
        warn(&self.bar, warning);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Observer for Watch {
    fn event(&self, event: Event) {
        match event {
            Event::RowsRead(rows) => self.advance(rows),
            Event::Restart => self.bar.set_position(0),
            Event::Warning(warning) => self.warn(&warning),
            _ => {}
        }
    }

    fn cancelled(&self) -> bool {
        self.stopped()
    }
}

#[expect(clippy::print_stderr, reason = "this is where the command warns")]
fn warn(bar: &ProgressBar, warning: &str) {
    bar.suspend(|| eprintln!("warning: {warning}"));
}

/// From now on Ctrl-C (or SIGTERM) asks runs to stop, which they do between two batches of rows.
fn stop_at_ctrl_c() -> Result<(), Failure> {
    static SET: AtomicBool = AtomicBool::new(false);
    if SET.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    ctrlc::set_handler(|| STOP.store(true, Ordering::Relaxed)).map_err(Failure::failed)
}

/// Shows how far some work has come, and tells it to stop at Ctrl-C.
pub(crate) struct Work {
    bar: ProgressBar,
}

impl Work {
    /// Work that is counted in `unit`.
    pub(crate) fn begin(unit: &str) -> Result<Self, Failure> {
        stop_at_ctrl_c()?;
        let bar = if std::io::stderr().is_terminal() { ProgressBar::no_length() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template(&format!("{{wide_bar}} {{human_pos}}/{{human_len}} {unit}")) {
            bar.set_style(style);
        }
        Ok(Self { bar })
    }

    /// So much of all is done.
    pub(crate) fn at(&self, done: u64, all: u64) -> ControlFlow<()> {
        self.bar.set_length(all);
        self.bar.set_position(done);
        if STOP.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.finish();
    }
}
