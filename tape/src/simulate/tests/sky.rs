//! Tests of the statistical properties of the data.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::*;

/// Creates a survey for tests of values, with many objects of all kinds and many epochs.
fn rich() -> (tempfile::TempDir, PathBuf, Report) {
    written(&Simulation { objects: 3000, epochs: 120.0, seed: 3, variable_fraction: 0.2, ..Simulation::default() })
}

fn by_object_and_band(epochs: &[Epoch]) -> BTreeMap<(i64, &str), Vec<&Epoch>> {
    let mut groups: BTreeMap<(i64, &str), Vec<&Epoch>> = BTreeMap::new();
    epochs.iter().for_each(|epoch| groups.entry((epoch.id, &epoch.band)).or_default().push(epoch));
    groups
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

fn weighted_mean(epochs: &[&Epoch]) -> f64 {
    let weights: f64 = epochs.iter().map(|epoch| epoch.error.powi(-2)).sum();
    epochs.iter().map(|epoch| epoch.flux * epoch.error.powi(-2)).sum::<f64>() / weights
}

#[test]
fn lengths_are_log_normal_with_the_mean_asked_for() {
    for epochs in [1.0, 1.4, 20.0, 150.0] {
        let sky = Sky::new(9, epochs, 0.0, &bands("r"));
        let lengths: Vec<f64> = (0..200_000).map(|object| sky.length(object) as f64).collect();
        let error = (variance(&lengths) / lengths.len() as f64).sqrt();
        assert!((mean(&lengths) - epochs).abs() <= 4.0 * error, "{} is not {epochs} +- {error}", mean(&lengths));
        assert!(lengths.iter().all(|&length| length >= 1.0));
    }
    let sky = Sky::new(9, 1000.0, 0.0, &bands("r"));
    let logarithms: Vec<f64> = (0..20_000).map(|object| (sky.length(object) as f64 - 1.0).ln()).collect();
    assert!((variance(&logarithms).sqrt() - 0.5).abs() < 4.0 * 0.5 / 40_000_f64.sqrt());
    let third: f64 = logarithms.iter().map(|value| ((value - mean(&logarithms)) / 0.5).powi(3)).sum::<f64>() / 20_000.0;
    assert!(third.abs() < 4.0 * (6.0 / 20_000_f64).sqrt(), "the logarithm is skewed by {third}");
}

#[test]
fn the_truth_counts_epochs_and_ids_ascend() {
    let (_folder, out, report) = written(&small(SurveyLayout::SortedSplit));
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    survey(&out).iter().for_each(|epoch| *counts.entry(epoch.id).or_default() += 1);
    let truths = truths(&out);
    assert!(counts.into_iter().eq(truths.iter().map(|truth| (truth.id, truth.n_epochs))));
    assert_eq!(truths.len() as u64, report.objects);
    assert!(truths.windows(2).all(|pair| pair[1].id - pair[0].id > 1 && pair[0].id > 1 << 53));
    let steps: HashSet<i64> = truths.windows(2).map(|pair| pair[1].id - pair[0].id).collect();
    assert_eq!(steps.len(), truths.len() - 1, "ids do not follow each other in steps");
}

#[test]
fn more_objects_leave_those_before_as_they_are() {
    let (_folder, out, _) = written(&small(SurveyLayout::Sorted));
    let (_other, fewer, _) = written(&Simulation { objects: 100, ..small(SurveyLayout::Sorted) });
    let (all, some) = (survey(&out), survey(&fewer));
    assert!(all[..some.len()] == some[..] && all.len() > some.len());
}

#[test]
fn visits_are_at_night_in_season_and_in_every_band() {
    let (_folder, out, _) = rich();
    let epochs = survey(&out);
    assert!(epochs.iter().all(|epoch| (60_000.0..63_652.5).contains(&epoch.mjd) && epoch.mjd.fract() < 0.4));
    let mut used: BTreeMap<&str, f64> = BTreeMap::new();
    epochs.iter().for_each(|epoch| *used.entry(&epoch.band).or_default() += 1.0 / epochs.len() as f64);
    assert_eq!(used.keys().copied().collect::<String>(), "giruyz");
    assert!((used["r"] - 0.22).abs() < 0.005 && (used["u"] - 0.07).abs() < 0.005, "{used:?}");
    // Long light curves show the gap: no object is seen all year round.
    let mut days: HashMap<i64, Vec<f64>> = HashMap::new();
    for epoch in &epochs {
        days.entry(epoch.id).or_default().push((epoch.mjd - 60_000.0) % 365.25);
    }
    // The longest wait within a year, the turn of the year included, leaves 210 days and a night for the season.
    for days in days.values_mut() {
        days.sort_by(f64::total_cmp);
        let turn = days[0] + 365.25 - days[days.len() - 1];
        let longest = days.windows(2).map(|pair| pair[1] - pair[0]).fold(turn, f64::max);
        assert!(365.25 - longest <= 212.0, "a season of {} days", 365.25 - longest);
    }
    let distinct: HashSet<u64> = epochs.iter().map(|epoch| epoch.flux.to_bits()).collect();
    assert_eq!(distinct.len(), epochs.len(), "values do not repeat");
}

#[test]
fn a_constant_star_scatters_as_its_errors_say() {
    let (_folder, out, _) = rich();
    let epochs = survey(&out);
    let kinds: HashMap<i64, String> = truths(&out).into_iter().map(|truth| (truth.id, truth.kind)).collect();
    let (mut chi2, mut freedom, mut fourth) = (0.0, 0.0, Vec::new());
    for ((id, _), epochs) in by_object_and_band(&epochs) {
        if kinds[&id] != "constant" || epochs.len() < 10 {
            continue;
        }
        let mean = weighted_mean(&epochs);
        chi2 += epochs.iter().map(|epoch| ((epoch.flux - mean) / epoch.error).powi(2)).sum::<f64>();
        freedom += epochs.len() as f64 - 1.0;
        let scale = epochs.len() as f64 / (epochs.len() as f64 - 1.0);
        fourth.extend(epochs.iter().map(|epoch| scale.powi(2) * ((epoch.flux - mean) / epoch.error).powi(4)));
    }
    assert!((chi2 / freedom - 1.0).abs() < 4.0 * (2.0 / freedom).sqrt(), "reduced chi squared {}", chi2 / freedom);
    assert!((mean(&fourth) - 3.0).abs() < 0.1, "the fourth moment {} is not a Gaussian's", mean(&fourth));
}

#[test]
fn kinds_come_in_the_shares_asked_for() {
    let (_folder, out, _) = rich();
    let truths = truths(&out);
    let mut counts: HashMap<&str, f64> = HashMap::new();
    truths.iter().for_each(|truth| *counts.entry(&truth.kind).or_default() += 1.0);
    assert!((counts["constant"] - 2400.0).abs() < 4.0 * (3000.0_f64 * 0.2 * 0.8).sqrt(), "{counts:?}");
    for kind in Kind::VARIABLE {
        assert!((counts[kind.name()] - 100.0).abs() < 40.0, "{counts:?}");
    }
    for truth in &truths {
        let periodic = ["rr_lyrae", "mira", "eclipsing_binary"].contains(&truth.kind.as_str());
        assert_eq!(truth.period_days.is_some(), periodic);
        assert_eq!(truth.amplitude_mag > 0.0, truth.kind != "constant");
        assert!(truth.mean_flux > 0.0);
    }
    for (fraction, expected) in [(0.0, 0), (1.0, 300)] {
        let simulation = Simulation { variable_fraction: fraction, ..small(SurveyLayout::Shuffled) };
        assert_eq!(written(&simulation).2.variables, expected);
    }
}

/// The scatter about the means of 15 phase bins, over all scatter, and the difference between the extreme bins.
fn folded(epochs: &[&Epoch], period: f64) -> (f64, f64) {
    let mut bins: Vec<Vec<f64>> = vec![Vec::new(); 15];
    for epoch in epochs {
        let phase = (epoch.mjd / period).fract();
        let bin = (1..15).take_while(|&edge| phase >= f64::from(edge) / 15.0).count();
        bins[bin].push(-2.5 * epoch.flux.log10());
    }
    let all: Vec<f64> = bins.concat();
    let within: f64 = bins.iter().filter(|bin| bin.len() > 1).map(|bin| variance(bin) * (bin.len() - 1) as f64).sum();
    let means: Vec<f64> = bins.iter().filter(|bin| !bin.is_empty()).map(|bin| mean(bin)).collect();
    let range = means.iter().copied().fold(f64::MIN, f64::max) - means.iter().copied().fold(f64::MAX, f64::min);
    (within / (variance(&all) * (all.len() - 1) as f64), range)
}

#[test]
fn what_repeats_does_so_with_its_period_and_amplitude() {
    let simulation = Simulation {
        objects: 60,
        epochs: 400.0,
        bands: bands("r"),
        variable_fraction: 1.0,
        ..small(SurveyLayout::Sorted)
    };
    let (_folder, out, _) = written(&simulation);
    let epochs = survey(&out);
    let light_curves = by_object_and_band(&epochs);
    let mut seen = HashSet::new();
    for truth in truths(&out).iter().filter(|truth| truth.kind == "rr_lyrae" || truth.kind == "mira") {
        let light_curve = &light_curves[&(truth.id, "r")];
        let period = truth.period_days.expect("a period");
        let (scatter, range) = folded(light_curve, period);
        assert!(scatter < 0.1, "{truth:?} leaves {scatter} of its variance");
        assert!((range / truth.amplitude_mag - 0.9).abs() < 0.15, "{truth:?} ranges over {range} mag");
        let (wrong, _) = folded(light_curve, 1.37 * period);
        assert!(wrong > 0.6, "{truth:?} folds as well with a wrong period: {wrong}");
        seen.insert(truth.kind.clone());
    }
    assert_eq!(seen.len(), 2);
}

/// Stetson J of single epochs about the weighted mean, without its iteration: enough to tell what stands out.
fn stetson_j(epochs: &[&Epoch]) -> f64 {
    let n = epochs.len() as f64;
    let mean = weighted_mean(epochs);
    let product = |epoch: &&Epoch| n / (n - 1.0) * ((epoch.flux - mean) / epoch.error).powi(2) - 1.0;
    epochs.iter().map(|epoch| product(epoch).signum() * product(epoch).abs().sqrt()).sum::<f64>() / n
}

#[test]
fn stetson_j_finds_most_of_what_was_planted() {
    let (_folder, out, report) = rich();
    let epochs = survey(&out);
    let mut best: HashMap<i64, f64> = HashMap::new();
    for ((id, _), epochs) in by_object_and_band(&epochs) {
        if epochs.len() >= 5 {
            let largest = best.entry(id).or_insert(f64::MIN);
            *largest = largest.max(stetson_j(&epochs));
        }
    }
    let mut ranked: Vec<(i64, f64)> = best.into_iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let planted = usize::try_from(report.variables).expect("a few");
    let top: HashSet<i64> = ranked.iter().take(planted).map(|&(id, _)| id).collect();
    let truths = truths(&out);
    for kind in Kind::VARIABLE {
        let planted: Vec<_> = truths.iter().filter(|truth| truth.kind == kind.name()).collect();
        let found = planted.iter().filter(|truth| top.contains(&truth.id)).count();
        assert!(10 * found >= 8 * planted.len(), "{found} of {} {}", planted.len(), kind.name());
    }
}
