//! Results of a batch as a frame of a saved ensemble.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use tape::core::Observer;
use tape::exec::{Plan, Summary};
use tape::frames::Saved;
use tape::{Batch, WriteOptions};

use super::failure::Failure;
use super::screen::{Screen, counted};

/// Arguments that save results as a frame.
#[derive(Args)]
pub(crate) struct KeepArgs {
    /// Save the results as a frame in this folder (created if missing), or reuse an equal frame: see docs/frames.md
    #[arg(long, value_name = "DIR", requires = "label", conflicts_with = "resume", help_heading = "Frames")]
    keep: Option<PathBuf>,
    /// Label the frame
    #[arg(long, value_name = "LABEL", requires = "keep", help_heading = "Frames")]
    label: Option<String>,
}

/// An existing frame that was reused.
pub(crate) struct Reused<'a> {
    place: (&'a Path, &'a str),
    rows: u64,
    output: Option<&'a Path>,
}

impl KeepArgs {
    fn place(&self) -> Option<(&Path, &str)> {
        self.keep.as_deref().zip(self.label.as_deref())
    }

    pub(crate) const fn is_asked(&self) -> bool {
        self.keep.is_some()
    }

    /// Returns the existing frame if it is up to date, after writing it to the output, if any.
    pub(crate) fn reused<'a>(
        &'a self,
        batch: &Batch,
        output: Option<&'a Path>,
        options: WriteOptions,
    ) -> Result<Option<Reused<'a>>, Failure> {
        let Some((folder, label)) = self.place() else { return Ok(None) };
        if let Some(path) = output.filter(|path| !options.overwrite && path.exists()) {
            return Err(tape::io::Error::Exists { path: path.to_owned() }.into());
        }
        if !batch.is_kept(folder, label, options)? {
            return Ok(None);
        }
        let saved = Saved::open(folder)?;
        let frame = saved.frames().frame(label)?;
        if let Some(path) = output {
            frame.export(path, options)?;
        }
        Ok(Some(Reused { place: (folder, label), rows: frame.rows(), output }))
    }

    /// Computes the frame and writes it to the output, if any.
    pub(crate) fn run(
        &self,
        batch: &Batch,
        plan: &Plan,
        output: Option<&Path>,
        options: WriteOptions,
        observer: &dyn Observer,
    ) -> Result<Summary, Failure> {
        let Some((folder, label)) = self.place() else { return Err(Failure::usage("--keep needs a --label")) };
        let summary = batch.keep(plan, folder, label, options, observer)?;
        if let Some(path) = output {
            Saved::open(folder)?.frames().export(label, path, options)?;
        }
        Ok(summary)
    }

    pub(crate) fn print(&self, screen: &mut Screen) -> Result<(), Failure> {
        let Some((folder, label)) = self.place() else { return Ok(()) };
        Ok(screen.row("kept", format_args!("in {}, as frame '{label}'", folder.display()))?)
    }

    pub(crate) fn as_json(&self) -> Value {
        self.place().map_or(Value::Null, |(folder, label)| json!({ "folder": folder, "label": label, "reused": false }))
    }
}

impl Reused<'_> {
    pub(crate) fn as_json(&self) -> Value {
        let (folder, label) = self.place;
        json!({
            "kept": { "folder": folder, "label": label, "reused": true },
            "rows_out": self.rows,
            "bytes_read": 0,
            "output": self.output,
        })
    }

    pub(crate) fn print(&self, screen: &mut Screen) -> Result<(), Failure> {
        let (folder, label) = self.place;
        let rows = counted(self.rows, "row");
        screen.row("kept", format_args!("reused from {}: frame '{label}', {rows}", folder.display()))?;
        screen.row("", "it was computed from the same inputs with the same arguments")?;
        if let Some(path) = self.output {
            screen.row("out", format_args!("in {}", path.display()))?;
        }
        Ok(())
    }
}
