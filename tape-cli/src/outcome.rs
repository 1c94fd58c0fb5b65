//! Prints the outcome of a run, as text and as JSON.

use std::path::Path;

use serde_json::{Map, Value, json};
use tape::exec::{Skipped, Summary, TooFew};

use super::failure::Failure;
use super::screen::{Screen, bytes, count, counted};

/// Prints the number of results, and the epochs and rows that were skipped.
pub(crate) fn print(summary: &Summary, names: &str, output: Option<&Path>, screen: &mut Screen) -> Result<(), Failure> {
    let to = output.map(|path| format!(", in {}", path.display())).unwrap_or_default();
    let of_light_curves =
        (summary.light_curves > 0 || summary.objects == 0).then(|| counted(summary.light_curves, "light curve"));
    let of_objects = (summary.objects > 0).then(|| counted(summary.objects, "object"));
    let of: Vec<String> = of_light_curves.into_iter().chain(of_objects).collect();
    screen.row("out", format_args!("{names} of {}{to}", of.join(" and ")))?;
    for TooFew { statistic, light_curves } in summary.too_few.iter().filter(|too_few| too_few.light_curves > 0) {
        screen.row("", format_args!("{} with too few epochs for {statistic}", count(*light_curves)))?;
    }
    let left_out = &summary.left_out;
    screen.row("skipped", counted(left_out.total(), "epoch"))?;
    for (reason, n) in left_out.reasons().into_iter().filter(|(_, n)| *n > 0) {
        screen.row("", format_args!("{} because the {reason}", count(n)))?;
    }
    if !summary.skipped.is_empty() {
        let rows = summary.skipped.iter().map(Skipped::rows).sum();
        screen.row("errors", format_args!("{} skipped: see the warnings", counted(rows, "row")))?;
    }
    if summary.spilled > 0 {
        screen.row("spilled", format_args!("{} spilled to disk (memory limit reached)", bytes(summary.spilled)))?;
    }
    Ok(())
}

/// Returns the outcome as JSON, to which a subcommand can add fields.
pub(crate) fn as_json(summary: &Summary, output: Option<&Path>) -> Map<String, Value> {
    let left_out: Map<_, _> =
        summary.left_out.reasons().into_iter().map(|(reason, n)| (reason.to_owned(), json!(n))).collect();
    let too_few: Map<_, _> = summary
        .too_few
        .iter()
        .map(|TooFew { statistic, light_curves }| (statistic.clone(), json!(light_curves)))
        .collect();
    let skipped = summary.skipped.iter().map(|skipped| json!({ "what": skipped.to_string(), "rows": skipped.rows() }));
    let told = [
        ("plan", json!(summary.plan.name())),
        ("rows", json!(summary.rows)),
        ("light_curves", json!(summary.light_curves)),
        ("objects", json!(summary.objects)),
        ("too_few_epochs", json!(too_few)),
        ("left_out", json!(left_out)),
        ("spilled", json!(summary.spilled)),
        ("skipped", skipped.collect()),
        ("warnings", json!(summary.warnings)),
        ("output", json!(output)),
    ];
    told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
