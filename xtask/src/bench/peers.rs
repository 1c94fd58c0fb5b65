//! `cargo xtask bench peers`: ours beside everything that a user would run instead, on the same files in the same minutes.
//!
//! A peer is a script in `benches/peers`. It is started once, and timed warm: its start, and what it compiles in the first
//! run, are told apart. Ours is timed as whole processes, so that its start counts, and what it takes to sort and write
//! the table; a peer may stop as soon as its result is in memory, and so does a row of ours, warm, that stands beside. A peer's run follows one of ours, so that a machine that
//! grows slower or faster does so for both. No ratio is printed where answers differ.

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
use script::{Row, Script, Task};

/// What `cargo xtask bench peers` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,
    /// Only this peer: a script of benches/peers, or a part of what the table calls it
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Prints tables in Markdown
    #[arg(long)]
    markdown: bool,
}

/// What the table calls ours.
const OURS: &str = "ours";
/// The longest that a peer may take for one run.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// What to measure, and with what.
struct Settings {
    programs: Programs,
    cache: PathBuf,
    /// The Python that makes environments.
    python: PathBuf,
    sizes: Vec<Size>,
    runs: u32,
    only: Option<String>,
    limit: Duration,
}

impl Settings {
    /// Whether a row is among those asked for.
    fn asks(&self, script: &Script, row: &Row) -> bool {
        let contains = |name: &String| row.name.to_lowercase().contains(&name.to_lowercase());
        self.only.as_ref().is_none_or(|name| script.name == *name || contains(name))
    }
}

/// What is computed in a row, and how a peer's compares with ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Beside {
    pub(super) task: Task,
    pub(super) layout: Layout,
    /// How many runs were timed.
    runs: usize,
    /// Time on the clock from the start to the first result, seconds.
    first_s: f64,
    /// Whether there are answers to compare.
    answers: bool,
    /// The first difference from our answers, if there is one.
    difference: Option<String>,
    /// CPU time, times ours in the same minutes; nothing for ours, and if answers differ.
    ratio: Option<f64>,
}

/// The peers of a report, but for their rows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Peers {
    /// Names and versions of their packages.
    versions: Vec<String>,
    /// Scripts that could not be set up, and why.
    skipped: Vec<String>,
    /// Rows that have no time.
    untimed: Vec<Untimed>,
    /// Targets that could not be judged.
    unjudged: Vec<String>,
}

/// A row that has no time.
#[derive(Debug, Serialize, Deserialize)]
struct Untimed {
    row: String,
    size: Size,
    task: Task,
    layout: Layout,
    why: String,
}

/// Measures, and prints what came out.
pub(super) fn peers(args: &Args) -> Result<()> {
    let Args { common, only, markdown } = args;
    let mut scripts = script::scripts(&run::root().join("benches/peers"))?;
    let baseline = common.baseline()?;
    let machine = common.machine()?;
    let mut settings = Settings {
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
    scripts.retain(|script| script.rows.iter().any(|row| settings.asks(script, row)));
    if scripts.is_empty() {
        return Err(format!("no peer is called '{}': see benches/peers", only.as_deref().unwrap_or_default()).into());
    }
    let report = measure::measure(&settings, &scripts, machine)?;
    let form = if *markdown { table::Form::Markdown } else { table::Form::Plain };
    print!("{}", table::table(&report, form));
    common.finish(&report, baseline.as_ref())
}
