//! `tape frames`: lists, exports and drops saved results.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use tape::WriteOptions;
use tape::frames::{Frame, Freshness, Saved};

use super::failure::Failure;
use super::screen::{Screen, counted};

/// List the frames in a saved ensemble and whether they are up to date; export or drop one
#[derive(Args)]
#[command(after_help = "Examples:
  tape frames saved/
  tape frames saved/ --json
  tape frames saved/ --export stetson -o stetson.csv
  tape frames saved/ --drop stetson")]
pub(crate) struct Frames {
    /// Read the saved ensemble in this folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Drop the frame with this label
    #[arg(long, value_name = "LABEL", conflicts_with = "export")]
    drop: Option<String>,
    /// Write the frame with this label to a file
    #[arg(long, value_name = "LABEL", requires = "output")]
    export: Option<String>,
    /// Write to this file, as Parquet, CSV, ECSV or Arrow by its extension
    #[arg(short, long, value_name = "FILE", requires = "export")]
    output: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "export")]
    overwrite: bool,
    /// Print the list as JSON
    #[arg(long, conflicts_with_all = ["drop", "export"])]
    json: bool,
}

impl Frames {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        if let Some(label) = &self.drop {
            Saved::drop_frame(&self.folder, label)?;
            return Ok(screen.row("dropped", format_args!("frame '{label}' from {}", self.folder.display()))?);
        }
        let saved = Saved::open(&self.folder)?;
        if let (Some(label), Some(path)) = (&self.export, &self.output) {
            saved.frames().export(label, path, WriteOptions::new().overwrite(self.overwrite))?;
            return Ok(screen.row("out", format_args!("frame '{label}', in {}", path.display()))?);
        }
        if self.json {
            return Ok(screen.line(Value::from_iter(saved.frames().list().map(as_json)))?);
        }
        for (label, frame) in saved.frames().list() {
            let columns = counted(frame.columns().len() as u64, "column");
            screen.row("frame", format_args!("{label}: {}, {columns}", counted(frame.rows(), "row")))?;
            screen.row("  columns", frame.columns().join(", "))?;
            screen.row("  from", frame.in_words())?;
            screen.row("  status", in_words(&frame.freshness()))?;
        }
        if saved.frames().list().len() == 0 {
            screen.line("no frames")?;
        }
        Ok(())
    }
}

fn in_words(freshness: &Freshness) -> String {
    match freshness {
        Freshness::UpToDate => "up to date".to_owned(),
        Freshness::OutOfDate(why) => format!("out of date: {why}"),
        Freshness::Unknown => "unknown: the inputs cannot be compared".to_owned(),
    }
}

fn as_json((label, frame): (&str, &Frame)) -> Value {
    let (is_current, why) = match frame.freshness() {
        Freshness::UpToDate => (Some(true), None),
        Freshness::OutOfDate(why) => (Some(false), Some(why)),
        Freshness::Unknown => (None, None),
    };
    json!({
        "label": label,
        "rows": frame.rows(),
        "columns": frame.columns(),
        "made": frame.made(),
        "computed_from": frame.in_words(),
        "origins": frame.origins(),
        "up_to_date": is_current,
        "out_of_date_because": why,
    })
}
