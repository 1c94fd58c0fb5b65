//! Compares end-to-end runs with reference results, for every plan that the layout allows.
//!
//! The references lie outside the repository. Where they are missing, each trial says which path it lacks and counts as
//! ignored, never as passed.

mod references;

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type, UInt64Type};
use libtest_mimic::{Arguments, Failed, Trial};
use tape::exec::Error as ExecError;
use tape::io::{Convert, Region, Shape, SkyPoint};
use tape::prelude::*;

use references::{shared, trial};

/// A light curve whose value is accurate to only 2e-11 in TAPE; see docs/divergences.md. It is compared with the exact
/// value.
const UNSTABLE: (i64, &str, f64) = (4_133_965, "r", 25.136_254_892_825_103);

type Answers = BTreeMap<(i64, String), (u64, f64)>;

fn golden(path: &str) -> Result<Answers, Failed> {
    let text = std::fs::read_to_string(shared(path))?;
    text.lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            Ok(((fields[0].parse()?, fields[1].to_owned()), (fields[2].parse()?, fields[3].parse()?)))
        })
        .collect()
}

fn answers(table: &RecordBatch) -> Result<Answers, Failed> {
    let ids = table.column(0).as_primitive::<Int64Type>();
    let bands = table.column(1).as_string::<i32>();
    let n_obs = table["n_obs"].as_primitive::<UInt64Type>();
    let values = table["stetson_j"].as_primitive::<Float64Type>();
    // TAPE returns NaN for too few epochs, and here the result is null.
    let value = |i| if values.is_null(i) { f64::NAN } else { values.value(i) };
    let row = |i| ((ids.value(i), bands.value(i).to_owned()), (n_obs.value(i), value(i)));
    let answers: Answers = (0..table.num_rows()).map(row).collect();
    if answers.len() == table.num_rows() { Ok(answers) } else { Err("an (id, band) appears twice".into()) }
}

/// Checks that results agree to 1e-12, relative, or absolute near zero, and are NaN where the reference is NaN.
fn agree(ours: &Answers, reference: &Answers) -> Result<(), Failed> {
    if ours.keys().ne(reference.keys()) {
        return Err(format!("{} light curves, not {}", ours.len(), reference.len()).into());
    }
    for ((id, band), (n, value)) in ours {
        let &(wanted_n, mut wanted) = &reference[&(*id, band.clone())];
        if (*id, band.as_str()) == (UNSTABLE.0, UNSTABLE.1) {
            wanted = UNSTABLE.2;
        }
        let near = (value - wanted).abs() <= 1e-12 * wanted.abs().max(1.0) || (value.is_nan() && wanted.is_nan());
        if *n != wanted_n || !near {
            return Err(format!("{id}, {band}: {value} of {n} epochs, not {wanted} of {wanted_n}").into());
        }
    }
    Ok(())
}

fn check(data: &str, columns: &ColumnMap, plan: PlanChoice, cut: Partitioning, reference: &str) -> Result<(), Failed> {
    let ensemble = Ensemble::open_with(&[&shared(data)], columns)?;
    let batch = ensemble.batch(&[statistic("stetson_j")?]).plan(plan).partitioning(cut);
    agree(&answers(&batch.compute()?)?, &golden(reference)?)
}

/// Every plan over every copy of the light curves that it is possible for.
fn plans() -> Vec<Trial> {
    let s82 = "golden/s82/stetson_j.csv";
    let shapes = "data/s82_rrlyrae/shapes";
    let ordered = [PlanChoice::Auto, PlanChoice::Stitch, PlanChoice::Shuffle];
    let shuffled = [PlanChoice::Auto, PlanChoice::Shuffle];
    let cases: [(String, &[PlanChoice], &str); 6] = [
        (format!("{shapes}/flat_sorted.parquet"), &ordered, s82),
        (format!("{shapes}/flat_sorted_split"), &ordered, s82),
        (format!("{shapes}/flat_shuffled.parquet"), &shuffled, s82),
        (format!("{shapes}/flat_shuffled_files"), &shuffled, s82),
        ("data/ps1_sample.parquet".to_owned(), &ordered, "golden/ps1_sample/stetson_j.csv"),
        ("golden/tape/sources.parquet".to_owned(), &ordered, "golden/tape/stetson_j.csv"),
    ];
    let mut trials = Vec::new();
    for (data, plans, reference) in cases {
        for &plan in plans {
            for cut in [Partitioning::RowGroups, Partitioning::Bytes(5000), Partitioning::Count(32)] {
                let data = data.clone();
                let name = format!("{data} by {plan:?}, {cut:?}");
                let columns =
                    if data.contains("golden/tape") { ColumnMap::new().error("fluxerr") } else { ColumnMap::new() };
                trials.push(trial(name, &[&data.clone(), reference], move || {
                    check(&data, &columns, plan, cut, reference)
                }));
            }
        }
    }
    trials
}

/// Light curves in lists, in every shape and as a HATS collection, by every plan with any number of workers, however the rows
/// are cut. The files of a collection lie by place in the sky, and share ranges of ids.
fn nested() -> Vec<Trial> {
    let any = [Partitioning::RowGroups, Partitioning::Bytes(500_000), Partitioning::Count(32)];
    let ordered: [(PlanChoice, &[Partitioning]); 5] = [
        (PlanChoice::Auto, &any),
        (PlanChoice::Map, &any[..1]),
        (PlanChoice::Stitch, &any),
        (PlanChoice::Merge, &any[..1]),
        (PlanChoice::Shuffle, &any),
    ];
    let shapes = ["list_columns", "struct_of_lists", "list_of_struct", "list_of_list_of_struct"];
    let files = shapes.map(|shape| format!("data/s82_rrlyrae/shapes/{shape}.parquet"));
    let mut trials: Vec<Trial> = files.iter().flat_map(|data| by_plans(data, &ordered)).collect();
    let hats: [(PlanChoice, &[Partitioning]); 3] =
        [(PlanChoice::Auto, &any), (PlanChoice::Map, &any[..1]), (PlanChoice::Shuffle, &any)];
    for data in ["data/s82_rrlyrae/hats", "data/s82_rrlyrae/hats/s82_rrlyrae"] {
        trials.extend(by_plans(data, &hats));
    }
    trials
}

fn by_plans(data: &str, plans: &[(PlanChoice, &[Partitioning])]) -> Vec<Trial> {
    let reference = "golden/s82/stetson_j.csv";
    let mut trials = Vec::new();
    for &(plan, cuts) in plans {
        for (cut, workers) in cuts.iter().flat_map(|&cut| [(cut, 1), (cut, 2), (cut, 5)]) {
            let name = format!("{data} by {plan:?}, {cut:?}, {workers} workers");
            let path = data.to_owned();
            trials.push(trial(name, &[data, reference], move || {
                let ensemble = Ensemble::open(shared(&path))?;
                let batch = ensemble.batch(&[statistic("stetson_j")?]).plan(plan).partitioning(cut);
                agree(&answers(&batch.workers(workers).compute()?)?, &golden(reference)?)
            }));
        }
    }
    trials
}

/// Conditions on light curves in lists: one that is always true changes nothing, and one that cuts leaves what it leaves of
/// flat rows.
fn conditions() -> Vec<Trial> {
    let reference = "golden/s82/stetson_j.csv";
    let shapes = ["list_columns", "struct_of_lists", "list_of_struct", "list_of_list_of_struct"];
    let files = shapes.map(|shape| format!("data/s82_rrlyrae/shapes/{shape}.parquet"));
    let all = files.into_iter().chain(["data/s82_rrlyrae/hats".to_owned()]);
    let trial_of = |data: String| {
        let flat = "data/s82_rrlyrae/shapes/flat_sorted.parquet";
        trial(format!("{data} with a condition"), &[&data.clone(), flat, reference], move || {
            let of = |data: &str, condition: &str, plan, workers| -> Result<Answers, Failed> {
                let ensemble = Ensemble::open(shared(data))?;
                let mag = ensemble.survey().columns().get(tape::core::Role::Flux).ok_or("a flux")?.to_owned();
                let ensemble = ensemble.filter(&condition.replace("mag", &mag))?;
                let batch = ensemble.batch(&[statistic("stetson_j")?]).plan(plan).workers(workers);
                answers(&batch.compute()?)
            };
            let cutting = "mag BETWEEN 15 AND 17.5 AND id % 7 <> 2";
            let wanted = of(flat, cutting, PlanChoice::Auto, 1)?;
            for (plan, workers) in [(PlanChoice::Auto, 1), (PlanChoice::Auto, 5), (PlanChoice::Shuffle, 2)] {
                agree(&of(&data, "mag > 0 AND id IS NOT NULL", plan, workers)?, &golden(reference)?)?;
                let cut = of(&data, cutting, plan, workers)?;
                if cut.len() * 10 > golden(reference)?.len() * 9 {
                    return Err("the condition cuts too little".into());
                }
                let same = |(key, (n, value)): (&(i64, String), &(u64, f64))| {
                    let (wanted_n, wanted) = wanted.get(key).copied().unwrap_or((0, f64::NAN));
                    let near =
                        (value - wanted).abs() <= 1e-12 * wanted.abs().max(1.0) || value.is_nan() && wanted.is_nan();
                    *n == wanted_n && near
                };
                if cut.len() != wanted.len() || !cut.iter().all(same) {
                    return Err(format!("{} light curves, or other values, not {}", cut.len(), wanted.len()).into());
                }
            }
            Ok(())
        })
    };
    all.map(trial_of).collect()
}

/// A part of the sky of a HATS collection: what a condition on places leaves of all of it, out of the partitions alone that it
/// touches.
fn cones() -> Result<(), Failed> {
    let data = shared("data/s82_rrlyrae/hats").to_string_lossy().into_owned();
    let whole = Ensemble::open(&data)?;
    let all = whole.survey().paths().len();
    let stetson = [statistic("stetson_j")?];
    // A merge may read a row group twice.
    let compute = |ensemble: &Ensemble| ensemble.batch(&stetson).plan(PlanChoice::Shuffle).compute();
    compute(&whole)?;
    for (ra, dec, radius) in
        [(342.4, -0.13, 2.0), (0.0, 0.0, 0.8), (326.25, 0.9, 5.0), (30.0, 0.0, 0.5), (180.0, 60.0, 1.0)]
    {
        let cone = Region::Cone { around: SkyPoint { ra, dec }, radius };
        let part = Ensemble::open_within(&[&data], &ColumnMap::new(), &cone)?;
        let opened = part.survey().paths().len();
        let ours = answers(&compute(&part)?)?;
        let condition = format!("angular_distance(ra, dec, {ra}, {dec}) <= {radius}");
        let wanted = answers(&compute(&Ensemble::open(&data)?.filter(&condition)?)?)?;
        let same = |(id, (n, j)): (&(i64, String), &(u64, f64))| {
            let other = wanted.get(id);
            other.is_some_and(|(m, k)| n == m && (j == k || j.is_nan() && k.is_nan()))
        };
        if ours.len() != wanted.len() || !ours.iter().all(same) {
            return Err(format!("{cone}: {} light curves, not {}", ours.len(), wanted.len()).into());
        }
        // No byte of other partitions or their footers is read, and not more than the size of these.
        let most = part.survey().file_bytes();
        let (bytes, bytes_of_all) = (part.survey().bytes_read(), whole.survey().bytes_read());
        if opened * 3 > all || bytes > most || bytes * 2 > bytes_of_all {
            return Err(format!(
                "{cone}: {opened} of {all} partitions, {bytes} bytes of {most}, and {bytes_of_all} of all"
            )
            .into());
        }
    }
    let pixels = Region::Pixels(vec![(3, 294), (5, 1193 << 2 | 1)]);
    let part = Ensemble::open_within(&[&data], &ColumnMap::new(), &pixels)?;
    let named: Vec<String> =
        part.survey().paths().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
    if named != ["Npix=294.parquet", "Npix=1193.parquet"] {
        return Err(format!("{named:?}").into());
    }
    Ok(())
}

/// Light curves converted from every shape into every other, with what the same files give as they are.
fn converted() -> Vec<Trial> {
    let reference = "golden/s82/stetson_j.csv";
    let shapes =
        ["flat_sorted", "flat_shuffled", "list_columns", "struct_of_lists", "list_of_struct", "list_of_list_of_struct"];
    let to = [Shape::Flat, Shape::ListColumns, Shape::StructOfLists, Shape::ListOfStructs];
    let pairs = shapes.iter().flat_map(|from| to.map(|to| (format!("data/s82_rrlyrae/shapes/{from}.parquet"), to)));
    let trial_of = |(data, to): (String, Shape)| {
        trial(format!("{data} as {to}"), &[&data.clone(), reference], move || {
            let folder = tempfile::tempdir()?;
            let out = folder.path().join("out");
            let ensemble = Ensemble::open(shared(&data))?;
            Convert::new(ensemble.survey(), &out, to).run(&|_| (), &|| false)?;
            let ensemble = Ensemble::open(out)?;
            if ensemble.survey().shape() != to {
                return Err(format!("it is {}", ensemble.survey().shape()).into());
            }
            for plan in [PlanChoice::Auto, PlanChoice::Shuffle] {
                let batch = ensemble.batch(&[statistic("stetson_j")?]).plan(plan);
                agree(&answers(&batch.compute()?)?, &golden(reference)?)?;
            }
            Ok(())
        })
    };
    pairs.map(trial_of).collect()
}

/// The file as it was published: of its rows, some carry a sentinel in the place of a flux.
fn published() -> Vec<Trial> {
    let (data, reference) = ("data/s82_rrlyrae/source.parquet", "golden/s82/stetson_j.csv");
    let trial_of = |plan: PlanChoice| {
        trial(format!("{data} where 'flux > 0 AND error > 0' by {plan:?}"), &[data, reference], move || {
            let ensemble = Ensemble::open(shared(data))?;
            let all = ensemble.batch(&[statistic("stetson_j")?]).compute()?;
            // Without the condition the sentinels count, and the answers are others.
            if answers(&all).is_ok_and(|answers| golden(reference).is_ok_and(|golden| agree(&answers, &golden).is_ok()))
            {
                return Err("the sentinels made no difference".into());
            }
            let ensemble = ensemble.filter("flux > 0 AND error > 0")?;
            for workers in [1, 3] {
                let batch = ensemble.batch(&[statistic("stetson_j")?]).plan(plan).workers(workers);
                let (table, summary) = batch.run(&batch.explain()?, &tape::core::Silent)?;
                agree(&answers(&table)?, &golden(reference)?)?;
                if (summary.rows, summary.left_out.excluded) != (142_245, 142_245 - 136_196) {
                    return Err(format!("{} rows, {:?}", summary.rows, summary.left_out).into());
                }
            }
            Ok(())
        })
    };
    [PlanChoice::Auto, PlanChoice::Shuffle].into_iter().map(trial_of).collect()
}

/// Reproduces the effect of TAPE's `use_map=True` on the cut sample: how many more results there are than light curves.
fn pieces() -> Result<(), Failed> {
    let ensemble = Ensemble::open(shared("data/ps1_sample.parquet"))?;
    let batch = ensemble.batch(&[statistic("stetson_j")?]);
    for (cut, partitions, edges) in [(Partitioning::Bytes(5000), 12, 10), (Partitioning::Count(32), 32, 30)] {
        let unchecked = batch.clone().partitioning(cut).plan(PlanChoice::MapUnchecked);
        let plan = unchecked.explain()?;
        let (table, summary) = unchecked.run(&plan, &tape::core::Silent)?;
        let warned = summary.warnings.iter().any(|warning| warning.contains(&format!("{edges} partition edges cut")));
        if plan.layout.partitions.len() != partitions || !warned || table.num_rows() <= 24 {
            return Err(format!("{} partitions, {:?}", plan.layout.partitions.len(), summary.warnings).into());
        }
        match batch.clone().partitioning(cut).plan(PlanChoice::Map).explain() {
            Err(Error::Exec(ExecError::CutLightCurve { id, .. })) if id.to_string() == "88472935274829959" => {}
            other => return Err(format!("a forced map gave {other:?}").into()),
        }
    }
    Ok(())
}

/// Checks that wrong results are detected: one value is changed by a factor of 1 + 1e-11, one light curve is removed.
fn harness_sees_errors() -> Result<(), Failed> {
    let reference = golden("golden/s82/stetson_j.csv")?;
    let mut right = reference.clone();
    right.insert((UNSTABLE.0, UNSTABLE.1.to_owned()), (62, UNSTABLE.2));
    agree(&right, &reference)?;
    let mut wrong = right.clone();
    wrong.entry((4099, "g".to_owned())).and_modify(|(_, value)| *value *= 1.0 + 1e-11);
    let mut fewer = right;
    fewer.pop_first();
    match (agree(&wrong, &reference), agree(&fewer, &reference)) {
        (Err(_), Err(_)) => Ok(()),
        _ => Err("a wrong answer was taken for right".into()),
    }
}

fn main() -> std::process::ExitCode {
    let mut trials = plans();
    trials.extend(nested());
    trials.extend(converted());
    trials.extend(conditions());
    trials.extend(published());
    trials.push(trial("cones of a HATS collection".to_owned(), &["data/s82_rrlyrae/hats"], cones));
    trials.push(trial("pieces of the unchecked map".to_owned(), &["data/ps1_sample.parquet"], pieces));
    let s82 = "golden/s82/stetson_j.csv";
    trials.push(trial("the harness sees errors".to_owned(), &[s82], harness_sees_errors));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
