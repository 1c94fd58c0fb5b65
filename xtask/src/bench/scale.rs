//! `cargo xtask bench scale`: how cost grows with the survey, and what a shuffle costs that does not fit in memory.
//!
//! Surveys are of 1, 10 and 100 million rows, without compression, of the same sky. Runs of all plans and all sizes are
//! interleaved, and their answers compared first. Rows per second and exponents are of whole processes.

mod growth;
mod measure;

use super::workload::{self, Layout, Size};
use super::{Common, Programs, table};
use crate::run::Result;
use std::path::PathBuf;

pub(super) use growth::Growth;

/// What `cargo xtask bench scale` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,
}

/// The sizes, unless others are named.
const SIZES: [Size; 3] = [Size::Million, Size::TenMillion, Size::HundredMillion];
/// How often each run is measured, unless it is said: those of 100 million rows take long, and vary little.
const RUNS: u32 = 3;

/// What to measure, and with what.
struct Settings {
    programs: Programs,
    cache: PathBuf,
    sizes: Vec<Size>,
    runs: u32,
}

/// One kind of run.
#[derive(Debug)]
struct Row {
    /// What the table calls it.
    name: &'static str,
    /// As `--plan` names it.
    plan: &'static str,
    /// The files that it reads.
    layout: Layout,
    memory: Memory,
}

/// What a run may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Memory {
    /// Everything.
    Unlimited,
    /// [`BUDGET_MIB`], on the largest survey: the others fit.
    Bounded,
}

/// What a bounded run may hold beside the program itself, MiB.
const BUDGET_MIB: u32 = 512;

/// Every row; the first is what the answers of the others are compared with.
const ROWS: &[Row] = &[
    Row { name: "map", plan: "map", layout: Layout::Sorted, memory: Memory::Unlimited },
    Row { name: "stitch", plan: "stitch", layout: Layout::SortedSplit, memory: Memory::Unlimited },
    Row { name: "merge", plan: "merge", layout: Layout::Nightly, memory: Memory::Unlimited },
    Row { name: SHUFFLE, plan: "shuffle", layout: Layout::Shuffled, memory: Memory::Unlimited },
    Row { name: BOUNDED, plan: "shuffle", layout: Layout::Shuffled, memory: Memory::Bounded },
];
const SHUFFLE: &str = "shuffle";
const BOUNDED: &str = "shuffle, 512 MiB";

impl Row {
    /// Whether it is measured on surveys of a size.
    fn is_for(&self, size: Size) -> bool {
        self.memory == Memory::Unlimited || size == Size::HundredMillion
    }
}

impl Memory {
    /// As `--memory` has it. No machine that this runs on has what stands for no limit.
    fn argument(self) -> String {
        match self {
            Self::Unlimited => "1TiB".to_owned(),
            Self::Bounded => format!("{BUDGET_MIB}MiB"),
        }
    }
}

/// Measures, and prints what came out.
pub(super) fn scale(args: &Args) -> Result<()> {
    let Args { common } = args;
    let sizes = common.timed_sizes(&SIZES)?;
    let baseline = common.baseline()?;
    let machine = common.machine()?;
    let settings =
        Settings { programs: common.programs()?, cache: workload::cache()?, sizes, runs: common.runs.unwrap_or(RUNS) };
    let report = measure::measure(&settings, machine)?;
    print!("{}", table::table(&report));
    common.finish(&report, baseline.as_ref())
}
