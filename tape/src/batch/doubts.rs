//! Warnings about results that are correct but may not be intended.

use tape_core::Role;
use tape_exec::Summary;

/// Fewest light curves for which a single epoch each is worth a warning.
const FEWEST: u64 = 10;

/// Returns warnings about the outcome of a run. `id` is the column of the ids, and `bands` are the labels that were
/// met. `by_id` is true if objects were requested by id.
pub(crate) fn doubts(summary: &Summary, id: Option<&str>, bands: &[String], by_id: bool) -> Vec<String> {
    let epochs = summary.rows.saturating_sub(summary.left_out.total());
    let is_single = summary.light_curves >= FEWEST && epochs == summary.light_curves;
    let single = id.filter(|_| is_single).map(|id| {
        format!(
            "every light curve has one epoch: is '{id}' the id of a row, not of an object? Then name the {} column",
            Role::Id
        )
    });
    let absent =
        (by_id && epochs == 0).then(|| "none of the requested ids has an epoch among the selected rows".to_owned());
    single.into_iter().chain(absent).chain(alike(bands)).collect()
}

/// Says which bands differ by spaces or case only.
fn alike(bands: &[String]) -> Option<String> {
    let folded = |label: &String| label.trim().to_lowercase();
    let pair = bands.iter().enumerate().find_map(|(i, label)| {
        bands[i + 1..].iter().find(|other| folded(other) == folded(label)).map(|other| (label, other))
    });
    let (one, other) = pair?;
    let how = if one.trim() == other.trim() { "by spaces" } else { "by case" };
    Some(format!(
        "bands '{one}' and '{other}' differ {how} only, and their light curves are apart: if they are one band, write the column \
         anew with one label for it"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_that_differ_by_padding_or_case_are_named() {
        let labels = |labels: &[&str]| labels.iter().map(|&label| label.to_owned()).collect::<Vec<_>>();
        assert_eq!(alike(&labels(&["g", "r", "i"])), None);
        assert!(alike(&labels(&["g", "r", "g   "])).expect("padded").contains("'g' and 'g   ' differ by spaces only"));
        assert!(alike(&labels(&["I", "r", "i"])).expect("case").contains("'I' and 'i' differ by case only"));
    }
}
