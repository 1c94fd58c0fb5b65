//! `cargo xtask bench peers`: compares ours with other tools, on the same files in the same minutes.
//!
//! A peer is a script in `benches/peers`. It is started once and timed warm. Its startup and the compilation in its
//! first run are reported separately. Ours is timed as whole processes, including startup, sorting and writing the
//! table, while a peer may stop once its result is in memory. A second row of ours is timed like a peer. Each run of a
//! peer follows one of ours, so that changes in the machine's speed affect both. No ratio is printed if results differ.

mod environment;
mod measure;
mod script;
mod session;
mod table;
mod tree;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::programs::Programs;
use super::workload::{self, Layout, Size};
use super::{Common, RUNS};
use crate::run::{self, Result};
use script::{PeerRow, Script, Task};

/// Arguments of `cargo xtask bench peers`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,
    /// Measure only this peer: a script of benches/peers, or part of its name in the table
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Print tables in Markdown
    #[arg(long)]
    markdown: bool,
}

/// Name of our rows in the table.
const OURS: &str = "ours";
/// Maximum duration of one run of a peer.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// The surveys, programs and peers to measure.
struct PeerSettings {
    programs: Programs,
    cache: PathBuf,
    /// The Python that creates environments.
    python: PathBuf,
    sizes: Vec<Size>,
    runs: u32,
    only: Option<String>,
    limit: Duration,
}

impl PeerSettings {
    /// Returns true if a row is selected.
    fn selects(&self, script: &Script, row: &PeerRow) -> bool {
        let contains = |name: &String| row.name.to_lowercase().contains(&name.to_lowercase());
        self.only.as_ref().is_none_or(|name| script.name == *name || contains(name))
    }
}

/// The task of a row, and the comparison of a peer with ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PeerComparison {
    pub(super) task: Task,
    pub(super) layout: Layout,
    /// Number of timed runs.
    runs: usize,
    /// Wall time from the start to the first result, seconds.
    first_s: f64,
    /// True if there are results to compare.
    answers: bool,
    /// First difference from our results, if any.
    difference: Option<String>,
    /// CPU time divided by ours in the same minutes. `None` for ours, and if results differ.
    ratio: Option<f64>,
}

/// Details of the peers in a report.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Peers {
    /// Names and versions of their packages.
    versions: Vec<String>,
    /// Scripts that could not be set up, with the reason.
    skipped: Vec<String>,
    /// Rows without a time.
    untimed: Vec<Untimed>,
    /// Targets that could not be judged.
    unjudged: Vec<String>,
}

/// A row without a time.
#[derive(Debug, Serialize, Deserialize)]
struct Untimed {
    row: String,
    size: Size,
    task: Task,
    layout: Layout,
    why: String,
}

/// Measures peers and prints the report.
pub(super) fn peers(args: &Args) -> Result<()> {
    let Args { common, only, markdown } = args;
    let mut scripts = script::scripts(&run::root().join("benches/peers"))?;
    let baseline = common.baseline()?;
    let machine = common.machine()?;
    let mut settings = PeerSettings {
        programs: common.programs()?,
        cache: workload::cache()?,
        python: "python3".into(),
        sizes: common.sizes(&[Size::Medium, Size::Thousand]),
        runs: common.runs.unwrap_or(RUNS),
        only: only.clone(),
        limit: LIMIT,
    };
    if workload::s82(Layout::Sorted).exists() && common.size.is_empty() {
        settings.sizes.insert(0, Size::S82);
    }
    scripts.retain(|script| script.rows.iter().any(|row| settings.selects(script, row)));
    if scripts.is_empty() {
        return Err(format!("no peer matches '{}': see benches/peers", only.as_deref().unwrap_or_default()).into());
    }
    let report = measure::measure(&settings, &scripts, machine)?;
    let form = if *markdown { table::Format::Markdown } else { table::Format::Plain };
    print!("{}", table::table(&report, form));
    common.finish(&report, baseline.as_ref())
}
