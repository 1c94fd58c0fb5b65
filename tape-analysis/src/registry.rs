//! The one list of all statistics.

use std::sync::LazyLock;

use tape_core::Statistic;

use crate::statistics::{
    eta::Eta, mean::Mean, reduced_chi2::ReducedChi2, standard_deviation::StandardDeviation, stetson_j::StetsonJ,
    weighted_mean::WeightedMean,
};

static REGISTRY: LazyLock<Vec<Statistic>> = LazyLock::new(|| {
    vec![
        Statistic::whole(Eta),
        Statistic::fold(Mean),
        Statistic::fold(ReducedChi2),
        Statistic::fold(StandardDeviation),
        Statistic::whole(StetsonJ),
        Statistic::fold(WeightedMean),
    ]
});

/// All statistics, ordered by name.
#[must_use]
pub fn registry() -> &'static [Statistic] {
    &REGISTRY
}

/// The names of all statistics, in the order of [`registry`].
pub fn names() -> impl Iterator<Item = &'static str> {
    registry().iter().map(|statistic| statistic.info().name.as_ref())
}

/// The statistic of that name.
///
/// ```
/// assert_eq!(tape_analysis::find("stetson_j").unwrap().info().min_epochs, 2);
/// assert!(tape_analysis::find("stetson_q").is_none());
/// ```
#[must_use]
pub fn find(name: &str) -> Option<Statistic> {
    registry().iter().find(|statistic| statistic.info().name == name).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ascending_and_hence_unique() {
        assert!(names().is_sorted_by(|a, b| a < b), "{:?}", names().collect::<Vec<_>>());
    }

    #[test]
    fn every_info_is_complete() {
        for statistic in registry() {
            let info = statistic.info();
            let name = &info.name;
            assert!(!info.summary.is_empty(), "{name} has no summary");
            assert!(!info.formula.is_empty(), "{name} has no formula");
            assert!(info.reference.contains("doi:10."), "{name} has no DOI");
            assert!(info.min_epochs >= 1, "{name} is defined without epochs");
            assert!(!info.outputs.is_empty(), "{name} has no output");
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{name}");
        }
    }
}
