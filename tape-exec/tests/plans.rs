//! Every plan over every layout gives the answers of one naive loop, which is written here and shares nothing with the
//! engine: rows into a map by (id, band), one pass over each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use tape_core::{
    Bands, Event, Fold, IdRange, IdRef, IdType, Info, Inputs, LightCurve, MemorySource, Moments, ObjectId, Observer,
    Part, Results, Rows, Silent, Sink, Source, SourceError, Spill, Spilled, Statistic, Value,
};
use tape_exec::{Config, Error, Partitioning, PlanChoice, PlanKind, Summary, plan, run};

/// One row: id, band, time, flux, error.
type Row = (i64, Option<u8>, f64, f64, f64);

const LABELS: [&str; 3] = ["z", "g", "r"];

struct Collected(Vec<Results>);

impl Sink for Collected {
    fn write(&mut self, results: Results) -> Result<(), SourceError> {
        self.0.push(results);
        Ok(())
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        self.0.clear();
        Ok(())
    }
}

/// A fold: count and mean by way of moments.
struct MeanFold {
    info: Info,
    /// A fold that forgets what it is combined with: the harness must see that.
    forgets: bool,
}

impl Fold for MeanFold {
    fn info(&self) -> &Info {
        &self.info
    }

    fn state_len(&self) -> usize {
        3
    }

    fn lift(&self, epochs: &LightCurve<'_>, state: &mut [f64]) {
        let Moments { n, mean, m2 } = *epochs.moments();
        state.copy_from_slice(&[n, mean, m2]);
    }

    fn combine(&self, state: &mut [f64], other: &[f64]) {
        if self.forgets {
            return;
        }
        let moments = |s: &[f64]| Moments { n: s[0], mean: s[1], m2: s[2] };
        let Moments { n, mean, m2 } = moments(state).combine(moments(other));
        state.copy_from_slice(&[n, mean, m2]);
    }

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        out[0] = Value::Float(state[1]);
    }
}

fn mean_fold(forgets: bool) -> Statistic {
    Statistic::fold(MeanFold { info: Info::new("mean", Inputs::FLUX_ERROR), forgets })
}

/// A statistic of whole light curves that tells pieces from wholes and one order from another.
fn slope_sum(broken: bool) -> Statistic {
    Statistic::from_fn("slope_sum", Inputs::ALL, move |light_curve| {
        let (time, flux) = (light_curve.time(), light_curve.flux());
        let from = usize::from(broken);
        (1..flux.len()).skip(from).map(|i| (flux[i] - flux[i - 1]) * (1.0 + time[i] - time[i - 1])).sum::<f64>()
    })
}

/// Time, flux, error.
type Epoch = (f64, f64, f64);

/// (n, mean, `slope_sum`) by id and label.
type Expected = BTreeMap<(i64, &'static str), (u64, f64, f64)>;

/// Id, label, n and values.
type Table = Vec<(i64, String, u64, Vec<f64>)>;

/// What the engine should say of `rows`, and how many epochs are left out.
fn naive(rows: &[Row]) -> (Expected, u64) {
    let mut left_out = 0;
    let mut curves: BTreeMap<(i64, &str), Vec<Epoch>> = BTreeMap::new();
    for &(id, band, time, flux, error) in rows {
        let Some(band) = band else {
            left_out += 1;
            continue;
        };
        let curve = curves.entry((id, LABELS[usize::from(band)])).or_default();
        if time.is_nan() || !flux.is_finite() || !(error > 0.0 && error.is_finite()) {
            left_out += 1;
        } else {
            curve.push((time, flux, error));
        }
    }
    let of = |curve: &mut Vec<Epoch>| {
        curve.sort_by(|a, b| a.partial_cmp(b).expect("finite"));
        let n = curve.len() as u64;
        let mut sum = 0.0;
        let mut slopes = 0.0;
        for (i, epoch) in curve.iter().enumerate() {
            sum += epoch.1;
            if i > 0 {
                slopes += (epoch.1 - curve[i - 1].1) * (1.0 + epoch.0 - curve[i - 1].0);
            }
        }
        (n, sum / n as f64, slopes)
    };
    (curves.into_iter().map(|(key, mut curve)| (key, of(&mut curve))).collect(), left_out)
}

fn source(rows: &[Row], cuts: &[usize]) -> MemorySource {
    let bands = Bands::default();
    let codes: Vec<u8> = LABELS.iter().map(|label| bands.code(label).expect("three fit")).collect();
    let mut columns = Rows::new(IdType::Int64);
    for &(id, band, time, flux, error) in rows {
        columns.ids.push(IdRef::Int(id));
        columns.band.push(band.map_or(tape_core::NO_BAND, |band| codes[usize::from(band)]));
        columns.time.push(time);
        columns.flux.push(flux);
        columns.error.push(error);
    }
    MemorySource::new(IdType::Int64, columns, bands, cuts)
}

fn compute(source: &MemorySource, statistics: &[Statistic], config: &Config) -> Result<(Table, Summary), Error> {
    let plan = plan(source, statistics, config, &Silent)?;
    let mut sink = Collected(vec![]);
    let summary = run(source, statistics, config, &plan, &mut sink, &Silent)?;
    let labels = source.bands().labels();
    let mut table = Vec::new();
    for results in &sink.0 {
        for row in 0..results.len() {
            let IdRef::Int(id) = results.ids.get(row) else { panic!("ids are integers") };
            let value = |column: &Vec<Value>| match column[row] {
                Value::Float(value) => value,
                // Too few epochs.
                Value::Null => f64::NAN,
                other => panic!("{other:?} is no float"),
            };
            let values = results.values.iter().map(value).collect();
            table.push((id, labels[usize::from(results.band[row])].clone(), results.n_obs[row], values));
        }
    }
    Ok((table, summary))
}

/// Whether a table is that of the naive loop, to 1e-12 of the scale of what was summed.
fn agrees(table: &[(i64, String, u64, Vec<f64>)], rows: &[Row]) -> Result<(), String> {
    let (expected, _) = naive(rows);
    if table.len() != expected.len() {
        return Err(format!("{} light curves, not {}", table.len(), expected.len()));
    }
    for ((id, band, n, values), (key, wanted)) in table.iter().zip(&expected) {
        if (*id, band.as_str()) != *key || *n != wanted.0 {
            return Err(format!("({id}, {band}): {n} epochs, where {key:?} has {}", wanted.0));
        }
        if *n == 0 {
            if values.iter().any(|value| !value.is_nan()) {
                return Err(format!("({id}, {band}) has no epoch, but {values:?}"));
            }
            continue;
        }
        let wanted = [wanted.1, wanted.2];
        for (value, wanted) in values.iter().zip(wanted) {
            // Fluxes are below 1000 and times below 100, so terms are below 2e5.
            if (value - wanted).abs() > 1e-12 * 2e5 * (*n as f64) {
                return Err(format!("({id}, {band}): {value}, not {wanted}"));
            }
        }
    }
    Ok(())
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        20 => -1000.0..1000.0f64,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
    ]
}

fn error() -> impl Strategy<Value = f64> {
    prop_oneof![20 => 0.001..10.0f64, 1 => Just(f64::NAN), 1 => Just(0.0), 1 => Just(-1.0), 1 => Just(f64::INFINITY)]
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let band = prop_oneof![20 => (0u8..3).prop_map(Some), 1 => Just(None)];
    // Times on a coarse grid repeat; few ids make light curves that span many partitions.
    let time = prop_oneof![20 => (0u8..100).prop_map(f64::from), 1 => Just(f64::NAN)];
    let row = (0i64..12, band, time, value(), error());
    prop::collection::vec(row, 0..120)
}

fn cuts(rows: usize) -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..=rows, 0..10).prop_map(|mut cuts| {
        cuts.sort_unstable();
        cuts
    })
}

fn survey() -> impl Strategy<Value = (Vec<Row>, Vec<usize>)> {
    rows().prop_flat_map(|rows| {
        let cuts = cuts(rows.len());
        (Just(rows), cuts)
    })
}

fn both() -> Vec<Statistic> {
    vec![mean_fold(false), slope_sum(false)]
}

fn sorted(rows: &[Row]) -> Vec<Row> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| row.0);
    rows
}

fn config(plan: PlanChoice, partitioning: Partitioning, workers: usize) -> Config {
    Config { plan, partitioning, workers, ..Config::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_plan_over_every_layout_equals_the_naive_loop(
        (rows, cuts) in survey(),
        n in 1u64..20,
        workers in 1usize..4,
    ) {
        let (_, left_out) = naive(&rows);
        for rows in [rows.clone(), sorted(&rows)] {
            let source = source(&rows, &cuts);
            for plan in [PlanChoice::Auto, PlanChoice::Shuffle, PlanChoice::Stitch, PlanChoice::Map] {
                for partitioning in [Partitioning::RowGroups, Partitioning::Count(n), Partitioning::Bytes(200)] {
                    match compute(&source, &both(), &config(plan, partitioning, workers)) {
                        Ok((table, summary)) => {
                            prop_assert_eq!(agrees(&table, &rows), Ok(()), "{:?} {:?}", plan, partitioning);
                            prop_assert_eq!(summary.left_out.total(), left_out);
                            prop_assert_eq!(summary.rows, rows.len() as u64);
                            prop_assert_eq!(summary.light_curves, table.len() as u64);
                        }
                        // A forced plan may be impossible; the others never are.
                        Err(Error::CutLightCurve { .. }) => prop_assert_eq!(plan, PlanChoice::Map),
                        Err(Error::IllegalPlan { .. }) => {
                            prop_assert!(matches!(plan, PlanChoice::Map | PlanChoice::Stitch));
                        }
                        Err(error) => return Err(TestCaseError::fail(error.to_string())),
                    }
                }
            }
        }
    }

    #[test]
    fn a_false_claim_leads_to_the_right_answer((rows, cuts) in survey(), lie in prop::collection::vec(0i64..100, 24)) {
        // Footers claim whatever they like: ranges in ascending order, as if all were well, or anything at all.
        for orderly in [true, false] {
            let mut at = 0;
            let source = source(&rows, &cuts).claiming(|group| {
                let (a, b) = (lie[at % 24], lie[(at + 1) % 24]);
                let (min, max) = if orderly { (at as i64 * 10, at as i64 * 10 + 9) } else { (a.min(b), a.max(b)) };
                at += 2;
                group.ids = Some(IdRange { min: ObjectId::Int(min), max: ObjectId::Int(max), exact: true });
                group.sorted = true;
            });
            // Without a statistic that needs time, no epoch is left out for its time.
            for (statistics, rows) in [(both(), rows.clone()), (vec![mean_fold(false)], timeless(&rows))] {
                for partitioning in [Partitioning::RowGroups, Partitioning::Count(5)] {
                    let answer = compute(&source, &statistics, &config(PlanChoice::Auto, partitioning, 2));
                    let (table, _) = answer.map_err(|error| TestCaseError::fail(error.to_string()))?;
                    prop_assert_eq!(agrees(&table, &rows), Ok(()));
                }
            }
        }
    }

    #[test]
    fn rows_that_were_put_away_give_the_same_answer((rows, cuts) in survey(), at_once in 1u64..60, workers in 1usize..4) {
        let source = source(&rows, &cuts);
        let shuffle = config(PlanChoice::Shuffle, Partitioning::RowGroups, workers);
        let config = Config { rows_at_once: at_once, spill: Some(Arc::new(Put::default())), ..shuffle };
        let (table, summary) =
            compute(&source, &both(), &config).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(agrees(&table, &rows), Ok(()));
        prop_assert_eq!(summary.left_out.total(), naive(&rows).1);
        prop_assert!(summary.spilled == 0 || rows.len() as u64 > at_once);
    }

    #[test]
    fn folds_combine_to_the_whole((rows, cuts) in survey(), n in 1u64..20) {
        let source = source(&rows, &cuts);
        // So few rows at once that light curves are combined from many states.
        let config = Config { rows_at_once: 30, ..config(PlanChoice::Fold, Partitioning::Count(n), 2) };
        let (table, summary) = compute(&source, &[mean_fold(false)], &config)
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(summary.plan, PlanKind::Fold);
        let rows = timeless(&rows);
        prop_assert_eq!(summary.left_out.total(), naive(&rows).1);
        prop_assert_eq!(agrees(&table, &rows), Ok(()));
    }
}

/// Rows put away in memory.
#[derive(Debug, Default)]
struct Put {
    pieces: Mutex<Vec<Rows>>,
    /// Loses the last row of each piece: the harness must see that.
    loses: bool,
}

impl Spill for Put {
    fn put(&self, parts: &[Part<'_>]) -> Result<Spilled, SourceError> {
        let mut piece = parts.first().map_or(Rows::new(IdType::Int64), |part| part.rows.new_like());
        parts.iter().for_each(|part| piece.extend_from(part.rows, part.start..part.end));
        let mut pieces = self.pieces.lock().expect("no panic");
        let (at, rows) = (pieces.len() as u64, piece.len() as u64);
        pieces.push(piece);
        Ok(Spilled { at, bytes: rows + 1, rows, checksum: 0 })
    }

    fn take(&self, piece: &Spilled, rows: &mut Rows) -> Result<(), SourceError> {
        let pieces = self.pieces.lock().expect("no panic");
        let piece = &pieces[usize::try_from(piece.at)?];
        rows.extend_from(piece, 0..piece.len().saturating_sub(usize::from(self.loses)));
        Ok(())
    }
}

/// The rows with nothing wrong about their times.
fn timeless(rows: &[Row]) -> Vec<Row> {
    rows.iter().map(|&(id, band, _, flux, error)| (id, band, 0.0, flux, error)).collect()
}

/// Ids 0, 1, …, each with `epochs` epochs in two bands.
fn regular(objects: i64, epochs: usize) -> Vec<Row> {
    let row = |id: i64, i: usize| (id, Some(u8::from(i % 2 == 1)), i as f64, (id * 7 + i as i64) as f64, 1.0);
    (0..objects).flat_map(|id| (0..epochs).map(move |i| row(id, i))).collect()
}

#[test]
fn a_broken_kernel_does_not_pass() {
    let rows = regular(20, 12);
    let source = source(&rows, &[50, 130]);
    let config = config(PlanChoice::Auto, Partitioning::Count(7), 2);
    let (table, _) = compute(&source, &[mean_fold(false), slope_sum(true)], &config).expect("runs");
    assert!(agrees(&table, &rows).is_err(), "a kernel that skips an epoch was taken for right");
    let fold = Config { plan: PlanChoice::Fold, rows_at_once: 60, ..config };
    let (table, _) = compute(&source, &[mean_fold(true)], &fold).expect("runs");
    assert!(agrees(&table, &rows).is_err(), "a fold that forgets was taken for right");
    let spill = Some(Arc::new(Put { loses: true, ..Put::default() }) as Arc<dyn Spill>);
    let spilled = Config { plan: PlanChoice::Shuffle, spill, ..fold };
    let (table, _) = compute(&source, &both(), &spilled).expect("runs");
    assert!(agrees(&table, &rows).is_err(), "a disk that loses rows was taken for right");
    let nowhere = Config { spill: None, ..spilled };
    assert!(matches!(compute(&source, &both(), &nowhere), Err(Error::NoSpill)));
}

#[test]
fn plans_follow_the_evidence() {
    let rows = regular(50_000, 2);
    let kind = |cuts: &[usize], statistics: &[Statistic]| {
        let source = source(&rows, cuts);
        plan(&source, statistics, &Config::default(), &Silent).expect("plans").kind
    };
    assert_eq!(kind(&[40_000, 80_000], &both()), PlanKind::Map);
    assert_eq!(kind(&[40_001, 80_000], &both()), PlanKind::Stitch);
    assert_eq!(kind(&[40_001, 80_000], &[mean_fold(false)]), PlanKind::Stitch);
    let mut shuffled = rows.clone();
    shuffled.sort_by_key(|row| row.0.wrapping_mul(0x9e37_79b9) % 100_003);
    let source = source(&shuffled, &(1..20).map(|i| i * 5_000).collect::<Vec<_>>());
    let cut = config(PlanChoice::Auto, Partitioning::Count(9), 2);
    assert_eq!(plan(&source, &both(), &cut, &Silent).expect("plans").kind, PlanKind::Shuffle);
    assert_eq!(plan(&source, &[mean_fold(false)], &cut, &Silent).expect("plans").kind, PlanKind::Fold);
}

#[test]
fn a_forced_map_names_the_first_object_that_it_would_cut() {
    let rows = regular(50_000, 2);
    let source = source(&rows, &[40_001, 80_001]);
    let error = plan(&source, &both(), &config(PlanChoice::Map, Partitioning::RowGroups, 2), &Silent).expect_err("cut");
    let Error::CutLightCurve { id, .. } = &error else { panic!("{error}") };
    assert_eq!(*id, ObjectId::Int(20_000));
    assert!(error.to_string().contains("--plan stitch"), "{error}");

    let unchecked = config(PlanChoice::MapUnchecked, Partitioning::RowGroups, 2);
    let (table, summary) = compute(&source, &both(), &unchecked).expect("runs");
    assert_eq!(table.len(), 2 * 50_000, "each object has one epoch in each of two bands");
    let ids: BTreeSet<i64> = table.iter().map(|row| row.0).collect();
    assert_eq!(ids.len(), 50_000);
    assert!(summary.warnings.iter().any(|warning| warning.contains("2 partition edges")), "{:?}", summary.warnings);
}

#[test]
fn the_order_of_results_does_not_depend_on_workers() {
    let rows = regular(3000, 40);
    let source = source(&rows, &(1..30).map(|i| i * 3_999).collect::<Vec<_>>());
    for plan in [PlanChoice::Stitch, PlanChoice::Shuffle] {
        let table =
            |workers| compute(&source, &both(), &config(plan, Partitioning::RowGroups, workers)).expect("runs").0;
        let bits = |table: Table| -> Vec<Vec<u64>> {
            table.iter().map(|row| row.3.iter().map(|value| value.to_bits()).collect()).collect()
        };
        let one = bits(table(1));
        assert_eq!(one, bits(table(2)), "{plan:?}");
        assert_eq!(one, bits(table(7)), "{plan:?}");
    }
}

#[test]
fn a_panicking_statistic_names_its_object() {
    let rows = regular(10, 4);
    let source = source(&rows, &[20]);
    let picky = Statistic::from_fn("picky", Inputs::FLUX, |light_curve| {
        assert!(light_curve.flux()[0] < 50.0, "too bright");
        1.0
    });
    let error = compute(&source, &[picky], &Config::default()).expect_err("panics");
    assert_eq!(error.to_string(), "the statistic 'picky' panicked on object 7 in band g: too bright");
}

#[test]
fn an_observer_can_stop_a_run() {
    struct Stop;
    impl Observer for Stop {
        fn event(&self, _: Event) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let rows = regular(10, 4);
    let source = source(&rows, &[20]);
    for choice in [PlanChoice::Stitch, PlanChoice::Shuffle] {
        let config = config(choice, Partitioning::RowGroups, 2);
        let plan = plan(&source, &both(), &config, &Silent).expect("plans");
        let mut sink = Collected(vec![]);
        let error = run(&source, &both(), &config, &plan, &mut sink, &Stop).expect_err("stopped");
        assert!(matches!(error, Error::Cancelled));
        assert!(sink.0.is_empty());
    }
}
