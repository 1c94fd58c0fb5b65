//! Compares powers with a plain least-squares fit and with astropy.

use std::f64::consts::TAU;

use super::*;

/// Uniform numbers in 0..1, from a linear congruential generator.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).expect("32 bits")) / f64::from(u32::MAX)
    }

    /// Returns a normal random number (Box–Muller transform).
    pub(super) fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform() * 0.999_999).ln()).sqrt() * (TAU * self.uniform()).cos()
    }
}

/// Times, fluxes and errors.
pub(super) type Columns = [Vec<f64>; 3];

/// Creates a sine with noise over `days` days.
pub(super) fn columns(random: &mut Random, n: usize, days: f64, frequency: f64) -> Columns {
    let time: Vec<f64> = (0..n).map(|_| 60_000.0 + days * random.uniform()).collect();
    let flux = time.iter().map(|t| 1e3 + 2.0 * (TAU * frequency * (t - 60_000.0)).sin() + random.normal()).collect();
    [time, flux, (0..n).map(|_| 0.5 + random.uniform()).collect()]
}

/// Returns the reduction of χ² from a fit of one constant per band to a fit of a model, by Gaussian elimination with
/// pivoting on the normal equations of all columns, including constants. `bands` are times, fluxes and errors.
fn plain(bands: &[&Columns], model: &Model, frequency: f64) -> f64 {
    let harmonics = |time: f64, terms: usize| {
        (1..=terms).flat_map(move |m| {
            let angle = TAU * count(m) * frequency * (time - 60_000.0);
            [angle.cos(), angle.sin()]
        })
    };
    let own = 1 + 2 * model.band_terms;
    let size = 2 * model.base_terms + own * bands.len();
    let (mut matrix, mut right, mut chi2, mut squares) = (vec![vec![0.0; size]; size], vec![0.0; size], 0.0, 0.0);
    for (b, [time, flux, error]) in bands.iter().enumerate() {
        let weights: Vec<f64> = error.iter().map(|e| 1.0 / (e * e)).collect();
        let total: f64 = weights.iter().sum();
        let mean = weights.iter().zip(flux).map(|(w, x)| w * x).sum::<f64>() / total;
        for ((t, x), w) in time.iter().zip(flux).zip(&weights) {
            let mut row = vec![0.0; size];
            row.iter_mut().zip(harmonics(*t, model.base_terms)).for_each(|(to, from)| *to = from);
            let start = 2 * model.base_terms + own * b;
            row[start] = 1.0;
            row[start + 1..].iter_mut().zip(harmonics(*t, model.band_terms)).for_each(|(to, from)| *to = from);
            for i in 0..size {
                right[i] += w * row[i] * (x - mean);
                for j in 0..size {
                    matrix[i][j] += w * row[i] * row[j];
                }
            }
            chi2 += w * (x - mean) * (x - mean);
        }
        for i in 0..2 * model.band_terms {
            let place = 2 * model.base_terms + own * b + 1 + i;
            matrix[place][place] += model.regularisation * total;
        }
    }
    let solution = solve(matrix, right.clone());
    squares += solution.iter().zip(&right).map(|(a, b)| a * b).sum::<f64>();
    squares / chi2
}

fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for i in 0..size {
        let pivot = (i..size).max_by(|a, b| matrix[*a][i].abs().total_cmp(&matrix[*b][i].abs())).expect("a row");
        matrix.swap(i, pivot);
        right.swap(i, pivot);
        for j in i + 1..size {
            let factor = matrix[j][i] / matrix[i][i];
            let row = matrix[i].clone();
            matrix[j].iter_mut().zip(&row).for_each(|(to, from)| *to -= factor * from);
            right[j] -= factor * right[i];
        }
    }
    for i in (0..size).rev() {
        let known: f64 = (i + 1..size).map(|j| matrix[i][j] * right[j]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    right
}

fn single(terms: usize) -> Model {
    Model { base_terms: terms, band_terms: 0, regularisation: 0.0 }
}

/// Returns the maximum difference of powers.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |most, off| if off > most || off.is_nan() { off } else { most })
}

#[test]
fn every_method_agrees_with_a_plain_fit() {
    let mut random = Random(1);
    for (n, days, number) in [(12, 10.0, 300), (70, 400.0, 900), (150, 60.0, 5000), (500, 3000.0, 2049)] {
        let all @ [time, flux, error] = &columns(&mut random, n, days, 1.7);
        let grid = Grid::new(0.1 + random.uniform(), 0.2 / days, number).expect("a grid");
        for terms in [1, 3] {
            let periodogram = LombScargle::new(time, flux, error).with_terms(terms);
            let some: Vec<usize> = (0..number).step_by(67).collect();
            let want: Vec<f64> = some.iter().map(|i| plain(&[all], &single(terms), grid.frequency(*i))).collect();
            for (method, tolerance) in [(Method::Direct, 1e-9), (Method::Fast, 1e-8)] {
                let powers = periodogram.power(&grid, method);
                let got: Vec<f64> = some.iter().map(|i| powers[*i]).collect();
                let off = apart(&got, &want);
                // A fit of three harmonics to twelve epochs is nearly degenerate at some frequencies.
                assert!(off < tolerance || (terms, n) == (3, 12), "{method:?}, {terms} terms, {n} epochs: {off:e}");
            }
            // The comparison must detect a step that is wrong by one part in ten million.
            let other = Grid { step: grid.step * (1.0 + 1e-7), ..grid };
            let off = apart(&periodogram.power(&grid, Method::Direct), &periodogram.power(&other, Method::Fast));
            assert!(off > 1e-8, "{terms} terms, {n} epochs: {off:e}");
        }
    }
}

#[test]
fn fast_and_direct_agree_at_every_frequency() {
    let mut random = Random(2);
    for (n, number) in [(4, 100), (30, 2000), (150, 20_000), (3000, 2500)] {
        let [time, flux, error] = &columns(&mut random, n, 1000.0, 1.7);
        let periodogram = LombScargle::new(time, flux, error);
        for first in [0.0, 0.0001, 3.7] {
            let grid = Grid::new(first, 0.0002, number).expect("a grid");
            let off = apart(&periodogram.power(&grid, Method::Direct), &periodogram.power(&grid, Method::Fast));
            assert!(off < 1e-8, "{n} epochs, from {first}: {off:e}");
        }
    }
}

#[test]
fn every_level_of_the_machine_gives_the_same_sums() {
    let [time, flux, error] = &columns(&mut Random(3), 37, 50.0, 1.7);
    let (epochs, grid) = (Epochs::new(time, flux, error), Grid::new(0.3, 0.004, 500).expect("a grid"));
    let sums = |level| {
        let mut all = vec![];
        direct::sums(level, &epochs, &grid, |_, sums| {
            all.extend(sums);
            Some(())
        });
        all
    };
    for level in Level::available() {
        assert!(sums(level) == sums(Level::PORTABLE), "{level}");
    }
}

#[test]
fn powers_and_probabilities_agree_with_astropy() {
    let text = include_str!("golden/astropy.txt");
    let numbers = |line: &str| line.split(' ').filter_map(|word| word.parse().ok()).collect::<Vec<f64>>();
    let lines = |kind: &'static str| text.lines().filter(move |line| line.starts_with(kind));
    let mut all = [vec![], vec![], vec![]];
    for line in lines("epoch ") {
        all.iter_mut().zip(numbers(line)).for_each(|(column, value)| column.push(value));
    }
    let [time, flux, error] = &all;
    let (mut powers, mut probabilities) = (0, 0);
    for line in lines("power ") {
        let words: Vec<&str> = line.split(' ').collect();
        let normalisation = Normalisation::ALL.into_iter().find(|known| known.name() == words[1]).expect("a name");
        let error: &[f64] = if words[3] == "errors" { error } else { &[] };
        let &[terms, frequency, want] = &numbers(line)[..] else { panic!("{line}") };
        let terms = if terms == 1.0 { 1 } else { 2 };
        let periodogram = LombScargle::new(time, flux, error).with_terms(terms).with_normalisation(normalisation);
        let got = periodogram.power_at(frequency);
        assert!((got - want).abs() < 1e-10 * want.abs().max(1.0), "{line}: {got}");
        powers += 1;
    }
    for line in lines("probability ") {
        let &[power, last, want] = &numbers(line)[..] else { panic!("{line}") };
        let effective = Epochs::new(time, flux, error).effective_baseline();
        let got = false_alarm_probability(power, time.len(), last, effective);
        assert!((got - want).abs() < 1e-9 * want, "{line}: {got:e}");
        probabilities += 1;
    }
    assert_eq!((powers, probabilities), (112, 6));
}

#[test]
fn a_model_of_many_bands_agrees_with_a_plain_fit() {
    let mut random = Random(4);
    let bands: Vec<Columns> = [40, 25, 60].map(|n| columns(&mut random, n, 90.0, 1.7)).to_vec();
    let periodogram = MultibandLombScargle::new(bands.iter().map(|[t, x, e]| LombScargle::new(t, x, e)));
    // The first epochs of the bands differ, so that shared harmonics need a common origin of times.
    let all: Vec<&Columns> = bands.iter().collect();
    for (base_terms, band_terms, regularisation) in [(0, 1, 0.0), (1, 0, 0.0), (3, 1, 0.001), (2, 2, 0.5), (0, 3, 0.0)]
    {
        let model = Model { base_terms, band_terms, regularisation };
        for frequency in [0.31, 1.0, 1.7, 4.44] {
            let (got, want) = (periodogram.power_at(&model, frequency), plain(&all, &model, frequency));
            assert!((got - want).abs() < 1e-9, "{model:?} at {frequency}: {got}, not {want}");
        }
    }
    let (grid, model) = (Grid::new(0.2, 0.002, 800).expect("a grid"), Model { band_terms: 1, ..single(0) });
    let want: Vec<f64> = (0..grid.number).map(|i| plain(&all, &model, grid.frequency(i))).collect();
    assert!(apart(&periodogram.power(&grid, Method::Fast), &want) < 1e-8);
}

#[test]
fn constant_light_curves_have_no_power() {
    let grid = Grid::new(0.1, 0.01, 50).expect("a grid");
    let constant = LombScargle::new(&[1.0, 2.0, 4.0, 7.0], &[0.1; 4], &[0.3, 0.1, 0.2, 0.7]);
    let at_once = LombScargle::new(&[60_000.1; 4], &[1.0, 2.0, 4.0, 7.0], &[]);
    for periodogram in [constant, at_once, LombScargle::new(&[], &[], &[])] {
        assert!(periodogram.power(&grid, Method::Automatic).iter().all(|power| power.is_nan()));
        assert!(periodogram.power_at(0.3).is_nan() && periodogram.peaks(&grid, 3).is_empty());
    }
}
