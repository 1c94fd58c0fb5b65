//! Writes the events of a run to a file, as lines of JSON.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tape::core::Step;
use tape::progress::Counts;

use super::failure::Failure;

/// A writer of events. Each event is one line, written in one call, so that only the last line can be incomplete.
pub(crate) struct Events {
    path: PathBuf,
    /// The file, until a write fails.
    file: Mutex<Option<fs::File>>,
}

/// The state of a run at one moment.
pub(crate) struct Moment<'a> {
    pub(crate) seconds: f64,
    pub(crate) counts: &'a Counts,
    /// Rows read, bytes read and light curves, per second.
    pub(crate) per_second: [f64; 3],
    pub(crate) bytes_read: u64,
    /// Resident memory of the process in bytes, if the system reports it.
    pub(crate) resident: Option<u64>,
    pub(crate) memory: Option<u64>,
    pub(crate) seconds_left: Option<f64>,
    pub(crate) share: f64,
}

impl Events {
    /// Opens the file at `path`. An existing regular file is an error unless `overwrite` is true.
    pub(crate) fn create(path: &Path, overwrite: bool) -> Result<Self, Failure> {
        let failed =
            |error: io::Error| Failure::failed(format!("{}: cannot write events: {}", path.display(), plain(&error)));
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() && !overwrite => {
                return Err(Failure::failed(format!(
                    "{}: already exists: choose another name for the event file, or pass --overwrite",
                    path.display()
                )));
            }
            _ => {}
        }
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file: Mutex::new(Some(file)) })
    }

    /// Writes an event of this name with these fields. A failed write does not stop the run.
    #[expect(clippy::print_stderr, reason = "a failed write of events has no other way to the user")]
    pub(crate) fn tell(&self, event: &str, mut fields: Value) {
        fields["event"] = json!(event);
        let line = format!("{fields}\n");
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Err(error)) = file.as_mut().map(|file| file.write_all(line.as_bytes())) {
            *file = None;
            eprintln!(
                "warning: {}: cannot write events, and no more are written: {}",
                self.path.display(),
                plain(&error)
            );
        }
    }

    /// Writes the progress of the run.
    pub(crate) fn progress(&self, moment: &Moment<'_>) {
        let Moment { counts, per_second: [rows, bytes, light_curves], .. } = moment;
        let steps: serde_json::Map<_, _> = Step::ALL
            .into_iter()
            .filter(|step| counts.ahead(*step) > 0)
            .map(|step| (step.name().to_owned(), json!({"rows": counts.done(step), "of": counts.ahead(step)})))
            .collect();
        let round = |rate: &f64| rate.round();
        self.tell(
            "progress",
            json!({
                "seconds": moment.seconds,
                "step": counts.step().name(),
                "steps": steps,
                "rows": counts.done(Step::Read),
                "rows_of": counts.ahead(Step::Read),
                "light_curves": counts.light_curves,
                "rows_per_second": round(rows),
                "bytes_per_second": round(bytes),
                "light_curves_per_second": round(light_curves),
                "bytes_read": moment.bytes_read,
                "spilled": counts.spilled,
                "resident": moment.resident,
                "memory": moment.memory,
                "share": moment.share,
                "seconds_left": moment.seconds_left,
            }),
        );
    }
}

/// Returns the system's message in lower case, without its error number.
fn plain(error: &io::Error) -> String {
    error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase()
}
