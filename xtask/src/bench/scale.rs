//! `cargo xtask bench scale`: measures how cost grows with the survey, and the cost of a shuffle that does not fit in
//! memory.
//!
//! Surveys have 1, 10 and 100 million rows of the same sky, without compression. Runs of all plans and sizes are
//! interleaved, and their results are compared first. Rows per second and exponents include the startup of the process.

mod growth;
mod measure;

use super::workload::{self, Layout, Size};
use super::{Common, Programs, table};
use crate::run::Result;
use std::path::PathBuf;

pub(super) use growth::Growth;

/// Arguments of `cargo xtask bench scale`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,
}

/// Default sizes.
const SIZES: [Size; 3] = [Size::Million, Size::TenMillion, Size::HundredMillion];
/// Default number of timed runs. Runs over 100 million rows take long, and vary little.
const RUNS: u32 = 3;

/// The surveys and programs to measure.
struct ScaleSettings {
    programs: Programs,
    cache: PathBuf,
    sizes: Vec<Size>,
    runs: u32,
}

/// A row of the benchmark.
#[derive(Debug)]
struct ScaleRow {
    /// Name in the table.
    name: &'static str,
    /// Name of the plan, as for `--plan`.
    plan: &'static str,
    /// Layout of the files to read.
    layout: Layout,
    memory: Memory,
}

/// The memory limit of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Memory {
    /// No limit.
    Unlimited,
    /// [`BUDGET_MIB`], only on the largest survey, because the others fit.
    Bounded,
}

/// Memory limit of a bounded run in addition to the program itself, MiB.
const BUDGET_MIB: u32 = 512;

/// All rows. Results of the others are compared with the first.
const ROWS: &[ScaleRow] = &[
    ScaleRow { name: "map", plan: "map", layout: Layout::Sorted, memory: Memory::Unlimited },
    ScaleRow { name: "stitch", plan: "stitch", layout: Layout::SortedSplit, memory: Memory::Unlimited },
    ScaleRow { name: "merge", plan: "merge", layout: Layout::Nightly, memory: Memory::Unlimited },
    ScaleRow { name: SHUFFLE, plan: "shuffle", layout: Layout::Shuffled, memory: Memory::Unlimited },
    ScaleRow { name: BOUNDED, plan: "shuffle", layout: Layout::Shuffled, memory: Memory::Bounded },
];
const SHUFFLE: &str = "shuffle";
const BOUNDED: &str = "shuffle, 512 MiB";

impl ScaleRow {
    /// Returns true if the row is measured on surveys of a size.
    fn is_for(&self, size: Size) -> bool {
        self.memory == Memory::Unlimited || size == Size::HundredMillion
    }
}

impl Memory {
    /// Returns the value of `--memory`. Unlimited is a size larger than the memory of any machine in use.
    fn argument(self) -> String {
        match self {
            Self::Unlimited => "1TiB".to_owned(),
            Self::Bounded => format!("{BUDGET_MIB}MiB"),
        }
    }
}

/// Runs the benchmark and prints its report.
pub(super) fn scale(args: &Args) -> Result<()> {
    let Args { common } = args;
    let sizes = common.timed_sizes(&SIZES)?;
    let baseline = common.baseline()?;
    let machine = common.machine()?;
    let settings = ScaleSettings {
        programs: common.programs()?,
        cache: workload::cache()?,
        sizes,
        runs: common.runs.unwrap_or(RUNS),
    };
    let report = measure::measure(&settings, machine)?;
    print!("{}", table::table(&report));
    common.finish(&report, baseline.as_ref())
}
