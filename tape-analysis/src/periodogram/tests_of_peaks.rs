//! Tests of peaks and false-alarm probabilities.

use std::f64::consts::TAU;

use super::tests::{Random, columns};
use super::*;

#[test]
fn two_periods_are_two_peaks() {
    let mut random = Random(11);
    let time: Vec<f64> = (0..300).map(|_| 100.0 * random.uniform()).collect();
    let wave = |t: &f64| 3.0 * (TAU * 1.234_567 * t).sin() + 2.0 * (TAU * 3.3 * t + 1.0).sin();
    let flux: Vec<f64> = time.iter().map(wave).collect();
    let periodogram = LombScargle::new(&time, &flux, &[]);
    let grid = Grid::of_periods(0.2, 10.0, periodogram.baseline(), 5.0).expect("a grid");
    let peaks = periodogram.peaks(&grid, 2);
    // Each peak moves the top of the other by a small fraction of the width, 0.01.
    for (peak, want) in peaks.iter().zip([1.234_567, 3.3]) {
        assert!((peak.frequency - want).abs() < 5e-4, "{peaks:?}");
        let near = [-1e-5, 1e-5].map(|off| periodogram.power_at(peak.frequency + off));
        assert!(near.iter().all(|power| *power < peak.power), "{peaks:?}, {near:?}");
    }
    let many = periodogram.peaks(&grid, 30);
    assert_eq!(many.len(), 30);
    for (i, a) in many.iter().enumerate() {
        assert!(many[i + 1..].iter().all(|b| a.power >= b.power && (a.frequency - b.frequency).abs() >= 0.99 / 100.0));
    }
}

#[test]
fn the_period_of_a_pure_sine_is_accurate_to_the_last_digits() {
    let mut random = Random(12);
    let time: Vec<f64> = (0..50).map(|_| 60_000.0 + 500.0 * random.uniform()).collect();
    let flux: Vec<f64> = time.iter().map(|t| (TAU * (t - 60_000.0) / 0.617_28).cos()).collect();
    let periodogram = LombScargle::new(&time, &flux, &[]);
    let grid = Grid::of_periods(0.2, 1.0, periodogram.baseline(), 5.0).expect("a grid");
    let [peak] = periodogram.peaks(&grid, 1)[..] else { panic!("no peak") };
    assert!((1.0 / peak.frequency - 0.617_28).abs() < 1e-8 && peak.power > 1.0 - 1e-9, "{peak:?}");
}

#[test]
fn grids_agree_with_astropy() {
    // astropy's autofrequency of 37 epochs over 12.5 days: df = 0.016, f0 = 0.008, 462 or 463 frequencies up to 7.4.
    let grid = Grid::automatic(37, 12.5, 5.0, 5.0).expect("a grid");
    assert_eq!((grid.first, grid.step, grid.number), (0.008, 0.016, 463));
    assert!(Grid::of_periods(1e-6, 1.0, 1e6, 5.0).is_none(), "it would have too many frequencies");
    assert!(Grid::of_periods(3.0, 9.0, 2.0, 5.0).is_none(), "the baseline is shorter than the shortest period");
    let grid = Grid::of_periods(0.2, 1.0, 100.0, 5.0).expect("a grid");
    assert_eq!((grid.first, grid.last(), grid.number), (1.0, 5.0, 2001));
}

/// Returns the highest peaks of light curves of pure noise on a grid.
fn of_noise(number: usize, grid: &Grid) -> Vec<(LombScargle, f64)> {
    let mut random = Random(13);
    let mut one = || {
        let [time, _, error] = columns(&mut random, 60, 20.0, 1.0);
        let flux: Vec<f64> = error.iter().map(|error| 17.0 + error * random.normal()).collect();
        let periodogram = LombScargle::new(&time, &flux, &error);
        let power = periodogram.peaks(grid, 1)[0].power;
        (periodogram, power)
    };
    (0..number).map(|_| one()).collect()
}

/// Returns true if each count is the given fraction of `number`, within three and a half counting errors.
fn calibrated(levels: &[f64], counts: &[usize], number: usize) -> bool {
    levels.iter().zip(counts).all(|(level, under)| {
        let error = (count(number) * level * (1.0 - level)).sqrt();
        (count(*under) - level * count(number)).abs() < 3.5 * error
    })
}

#[test]
fn the_fraction_of_noise_below_a_probability_equals_the_probability() {
    let (levels, number) = ([0.01, 0.03, 0.1, 0.3], 1000);
    let grid = Grid::new(0.1, 0.01, 400).expect("a grid");
    let all = of_noise(number, &grid);
    let under = |grid: &Grid| {
        let probabilities: Vec<f64> =
            all.iter().map(|(one, power)| one.false_alarm_probability(*power, grid)).collect();
        levels.map(|level| probabilities.iter().filter(|probability| **probability < level).count())
    };
    let counts = under(&grid);
    assert!(calibrated(&levels, &counts, number), "{counts:?} of {number} are under {levels:?}");
    // The test must detect a probability that ignores half of the frequencies.
    let counts = under(&Grid { step: 0.5 * grid.step, ..grid });
    assert!(!calibrated(&levels, &counts, number), "{counts:?} passed");
}

#[test]
fn every_normalisation_has_the_same_probability() {
    let [time, flux, error] = columns(&mut Random(14), 60, 20.0, 1.0);
    let grid = Grid::new(0.1, 0.01, 400).expect("a grid");
    let probabilities = Normalisation::ALL.map(|normalisation| {
        let periodogram = LombScargle::new(&time, &flux, &error).with_normalisation(normalisation);
        periodogram.false_alarm_probability(periodogram.power_at(0.7), &grid)
    });
    assert!(probabilities.iter().all(|p| (p - probabilities[0]).abs() < 1e-9 * probabilities[0]), "{probabilities:?}");
}

#[test]
fn phases_lie_from_zero_to_one() {
    let got = phases(&[-0.5, 0.0, 60_000.75, -1e-20], 1.0, 0.0);
    assert_eq!(got, [0.5, 0.0, 0.75, 0.0]);
    for period in [0.0, f64::INFINITY, f64::NAN] {
        assert!(phases(&[1.0, 2.0], period, 0.0).iter().all(|phase| phase.is_nan()));
    }
}
