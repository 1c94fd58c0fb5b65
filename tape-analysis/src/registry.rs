//! The list of all statistics.

use std::sync::LazyLock;

use tape_core::{Statistic, nearest};

use crate::error::Error;
use crate::kind::Kind;
use crate::statistics::{
    amplitude::Amplitude, anderson_darling_normal::AndersonDarlingNormal, bazin_fit, beyond_n_std, binned_light_curve,
    bins, biweight_location, biweight_scale, chi2_p_value::Chi2PValue, colour, colour_spread::ColourSpread,
    cusum::Cusum, damped_random_walk, duration::Duration, eta::Eta, eta_e::EtaE, excess_variance::ExcessVariance,
    inter_percentile_range, inverse_von_neumann::InverseVonNeumann, kurtosis::Kurtosis, lafler_kinman,
    linear_fit::LinearFit, linear_trend::LinearTrend, linexp_fit, lomb_scargle, lomb_scargle_multiband,
    magnitude_percentage_ratio, maximum_slope::MaximumSlope, maximum_time_interval::MaximumTimeInterval, mean::Mean,
    mean_variance::MeanVariance, median::Median, median_absolute_deviation::MedianAbsoluteDeviation,
    median_buffer_range_percentage, minimum_time_interval::MinimumTimeInterval,
    normalised_excess_variance::NormalisedExcessVariance, observation_count::ObservationCount, otsu_split::OtsuSplit,
    parabola_fit::ParabolaFit, peak_to_peak_var::PeakToPeakVar, percent_amplitude::PercentAmplitude,
    percent_difference_magnitude_percentile, qn_scale::QnScale, reduced_chi2::ReducedChi2, roms::Roms, skew::Skew,
    standard_deviation::StandardDeviation, stetson_i, stetson_j::StetsonJ, stetson_k::StetsonK, stetson_l,
    time_mean::TimeMean, time_standard_deviation::TimeStandardDeviation, villar_fit, weighted_mean::WeightedMean,
    weighted_standard_deviation::WeightedStandardDeviation,
};
use crate::structure_function;

/// Returns the variability indices, which tell variable sources from constant ones and describe how they vary, and the
/// statistics of the sampling of a light curve.
fn variability() -> Vec<Statistic> {
    let mut all = vec![
        Statistic::fold(Amplitude),
        Statistic::whole(AndersonDarlingNormal),
        Statistic::whole(Cusum),
        Statistic::fold(Duration),
        Statistic::whole(Eta),
        Statistic::whole(EtaE),
        Statistic::fold(ExcessVariance),
        Statistic::fold(Kurtosis),
        Statistic::fold(LinearFit),
        Statistic::fold(LinearTrend),
        Statistic::whole(MaximumSlope),
        Statistic::whole(MaximumTimeInterval),
        Statistic::fold(Mean),
        Statistic::fold(MeanVariance),
        Statistic::whole(Median),
        Statistic::whole(MedianAbsoluteDeviation),
        Statistic::whole(MinimumTimeInterval),
        Statistic::fold(ObservationCount),
        Statistic::whole(OtsuSplit),
        Statistic::fold(PeakToPeakVar),
        Statistic::whole(PercentAmplitude),
        Statistic::fold(ReducedChi2),
        Statistic::whole(Roms),
        Statistic::fold(Skew),
        Statistic::fold(StandardDeviation),
        Statistic::whole(StetsonJ),
        Statistic::whole(StetsonK),
        Statistic::fold(TimeMean),
        Statistic::fold(TimeStandardDeviation),
        Statistic::fold(WeightedMean),
    ];
    all.extend(VARIABILITY_KINDS.iter().flat_map(|kind| kind.registered()));
    by_name(&mut all);
    all
}

/// Returns the other statistics of a light curve: robust scales, and more complex indices.
fn others() -> Vec<Statistic> {
    let mut all = vec![
        Statistic::fold(Chi2PValue),
        Statistic::whole(InverseVonNeumann),
        Statistic::fold(NormalisedExcessVariance),
        Statistic::whole(ParabolaFit),
        Statistic::whole(QnScale),
        Statistic::fold(WeightedStandardDeviation),
    ];
    all.extend(OTHER_KINDS.iter().flat_map(|kind| kind.registered()));
    all
}

/// Variability indices with parameters.
static VARIABILITY_KINDS: [&Kind; 5] = [
    &beyond_n_std::KIND,
    &inter_percentile_range::KIND,
    &magnitude_percentage_ratio::KIND,
    &median_buffer_range_percentage::KIND,
    &percent_difference_magnitude_percentile::KIND,
];

/// Other statistics of a light curve with parameters.
static OTHER_KINDS: [&Kind; 4] = [&bins::KIND, &biweight_location::KIND, &biweight_scale::KIND, &lafler_kinman::KIND];

/// Returns the statistics that compare the bands of an object.
fn of_bands() -> Vec<Statistic> {
    let mut all = vec![Statistic::object(ColourSpread)];
    all.extend(BAND_KINDS.iter().flat_map(|kind| kind.registered()));
    by_name(&mut all);
    all
}

/// Statistics with parameters that compare the bands of an object.
static BAND_KINDS: [&Kind; 3] = [&colour::KIND, &stetson_i::KIND, &stetson_l::KIND];

/// Statistics with many rows for each light curve. Each must be the only statistic in its run.
static ROW_KINDS: [&Kind; 2] = [&binned_light_curve::KIND, &structure_function::KIND];

/// Fits of models. They are in no group, because each costs as much as hundreds of other statistics.
static MODEL_KINDS: [&Kind; 4] = [&bazin_fit::KIND, &damped_random_walk::KIND, &linexp_fit::KIND, &villar_fit::KIND];

/// Period searches. They are in no group, because each costs as much as hundreds of other statistics.
static PERIOD_KINDS: [&Kind; 2] = [&lomb_scargle::KIND, &lomb_scargle_multiband::KIND];

fn by_name(all: &mut [Statistic]) {
    all.sort_by(|a, b| a.info().name.cmp(&b.info().name));
}

static VARIABILITY: LazyLock<Vec<Statistic>> = LazyLock::new(variability);

static REGISTRY: LazyLock<Vec<Statistic>> = LazyLock::new(|| {
    let mut all = VARIABILITY.clone();
    all.extend(others());
    by_name(&mut all);
    all
});

static OF_BANDS: LazyLock<Vec<Statistic>> = LazyLock::new(of_bands);

/// Returns all statistics of a light curve, ordered by name.
#[must_use]
pub fn registry() -> &'static [Statistic] {
    &REGISTRY
}

/// Returns all statistics that compare the bands of an object, ordered by name.
#[must_use]
pub fn object_registry() -> &'static [Statistic] {
    &OF_BANDS
}

/// Returns the names of all statistics: first those in [`registry`], then those in [`object_registry`].
pub fn names() -> impl Iterator<Item = &'static str> {
    registry().iter().chain(object_registry()).map(|statistic| statistic.info().name.as_ref())
}

/// Returns the statistic called `name`.
///
/// ```
/// assert_eq!(tape_analysis::find("stetson_j").unwrap().info().min_epochs, 2);
/// assert!(tape_analysis::find("stetson_q").is_none());
/// ```
#[must_use]
pub fn find(name: &str) -> Option<Statistic> {
    registry().iter().chain(object_registry()).find(|statistic| statistic.info().name == name).cloned()
}

static KINDS: LazyLock<Vec<&'static Kind>> = LazyLock::new(|| {
    let mut all: Vec<&Kind> = VARIABILITY_KINDS
        .into_iter()
        .chain(OTHER_KINDS)
        .chain(BAND_KINDS)
        .chain(ROW_KINDS)
        .chain(MODEL_KINDS)
        .chain(PERIOD_KINDS)
        .collect();
    all.sort_by_key(|kind| kind.name);
    all
});

/// Returns the statistics with parameters, ordered by name.
#[must_use]
pub fn kinds() -> &'static [&'static Kind] {
    &KINDS
}

/// Returns the statistic with parameters called `name`.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    kinds().iter().find(|kind| kind.name == name).copied()
}

/// Creates a statistic from `text`: the name of a registered statistic, or the name of a statistic with parameters,
/// followed by its parameters as `:NAME=VALUE`.
///
/// ```
/// assert_eq!(tape_analysis::make("mean")?.info().name, "mean");
/// assert_eq!(tape_analysis::make("beyond_n_std:n=3")?.info().name, "beyond_3_std");
/// let error = tape_analysis::make("beyond_n_std:n=-1").unwrap_err();
/// assert_eq!(error.to_string(), "the parameter 'n' of 'beyond_n_std' is '-1', but must be a number above 0 and finite");
/// # Ok::<(), tape_analysis::Error>(())
/// ```
///
/// # Errors
/// If the statistic does not exist, or a parameter is unknown, missing, repeated or out of range.
pub fn make(text: &str) -> Result<Statistic, Error> {
    let (name, parameters) = text.split_once(':').unwrap_or((text, ""));
    if let Some(kind) = kind(name) {
        return kind.make(parameters);
    }
    match find(name) {
        Some(statistic) if parameters.is_empty() => Ok(statistic),
        Some(_) => Err(Error::NotAParameter { statistic: name.to_owned(), part: parameters.to_owned(), known: vec![] }),
        None => {
            let kinds = kinds().iter().map(|kind| kind.name).filter(|kind| find(kind).is_none());
            let known: Vec<String> = names().chain(kinds).map(str::to_owned).collect();
            let nearest = nearest(name, &known).map(str::to_owned);
            Err(Error::UnknownStatistic { name: name.to_owned(), nearest, known })
        }
    }
}

/// Names of the groups, for [`group`].
pub const GROUPS: [&str; 3] = ["all", "multiband", "variability"];

/// Returns the names of the statistics in a group in ascending order, or `None` if there is no such group.
///
/// `all` has the statistics of a light curve except period searches and fits, which cost hundreds of times as much,
/// `multiband` those that compare the bands of an object, by default g and r, and `variability` the common indices.
///
/// ```
/// assert!(tape_analysis::group("variability").unwrap().contains(&"stetson_j"));
/// assert_eq!(tape_analysis::group("all").unwrap().len(), tape_analysis::registry().len());
/// assert!(tape_analysis::group("stetson_j").is_none());
/// ```
#[must_use]
pub fn group(name: &str) -> Option<Vec<&'static str>> {
    let members: &'static [Statistic] = match name {
        "all" => registry(),
        "multiband" => object_registry(),
        "variability" => &VARIABILITY,
        _ => return None,
    };
    Some(members.iter().map(|statistic| statistic.info().name.as_ref()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_known_and_no_group_shares_its_name_with_a_statistic() {
        for name in GROUPS {
            let members = group(name).expect(name);
            assert!(members.is_sorted() && members.iter().all(|member| find(member).is_some()), "{name}: {members:?}");
            assert!(find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn outputs_are_unique() {
        let mut outputs: Vec<&str> = registry()
            .iter()
            .chain(object_registry())
            .flat_map(|statistic| &statistic.info().outputs)
            .map(|output| &*output.name)
            .collect();
        outputs.sort_unstable();
        assert!(outputs.is_sorted_by(|a, b| a < b), "{outputs:?}");
    }

    #[test]
    fn names_are_ascending_and_hence_unique() {
        for all in [registry(), object_registry()] {
            assert!(all.is_sorted_by(|a, b| a.info().name < b.info().name));
        }
        assert!(
            object_registry()
                .iter()
                .all(|of_objects| registry().iter().all(|s| s.info().name != of_objects.info().name))
        );
    }

    #[test]
    fn every_info_is_complete() {
        for statistic in registry().iter().chain(object_registry()) {
            let info = statistic.info();
            let name = &info.name;
            assert!(!info.summary.is_empty(), "{name} has no summary");
            assert!(!info.formula.is_empty(), "{name} has no formula");
            assert!(info.reference.contains("doi:10."), "{name} has no DOI");
            let counts = name == "observation_count";
            assert_eq!(info.min_epochs == 0, counts, "{name}: only observation_count has a value without epochs");
            assert!(!info.outputs.is_empty(), "{name} has no output");
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.".contains(c)), "{name}");
        }
    }
}
