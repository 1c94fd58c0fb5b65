//! A run and a job of the same batch give the same bytes: with each selection of objects, groups, objects without a light
//! curve, columns computed by functions, and surveys in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tape::WriteOptions;
use tape::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use tape::core::{Role, Silent};
use tape::exec::OnError;
use tape::job::Job;
use tape::prelude::*;
use tape::simulate::{Simulation, SurveyLayout};

/// A batch with a plan and a number of partitions, for comparing a run with a job.
struct Asked {
    name: &'static str,
    batch: Batch,
    /// True if another process can open it without the program.
    stands_alone: bool,
}

struct Place {
    folder: tempfile::TempDir,
    /// The ids of objects, in order.
    ids: Vec<i64>,
}

const OBJECTS: u64 = 150;

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for layout in SurveyLayout::ALL {
            let out = folder.path().join(layout.name());
            let all = Simulation {
                objects: OBJECTS,
                epochs: 30.0,
                files: 3,
                layout,
                row_group_rows: 900,
                ..Default::default()
            };
            all.write(&out).expect("there is room");
        }
        let place = Self { folder, ids: vec![] };
        let table = place.open("sorted").batch_named(&["mean"]).expect("known").compute().expect("it runs");
        let ids = tape::arrow::array::AsArray::as_primitive::<tape::arrow::datatypes::Int64Type>(table.column(0));
        let mut ids = ids.values().to_vec();
        ids.dedup();
        let place = Self { ids, ..place };
        place.write_objects();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self, name: &str) -> Ensemble {
        Ensemble::open(self.path(name)).expect("a survey")
    }

    /// A table of every second object, and of two without a light curve.
    fn write_objects(&self) {
        let mut ids: Vec<i64> = self.ids.iter().copied().step_by(2).collect();
        ids.extend([self.ids[0] - 1, i64::MAX]);
        let classes =
            ids.iter().map(|id| Some(["RRab", "EW", "Cep"][usize::try_from(id.rem_euclid(3)).expect("small")]));
        let classes: ArrayRef = Arc::new(classes.collect::<StringArray>());
        let ids: ArrayRef = Arc::new(Int64Array::from(ids));
        let table = RecordBatch::try_from_iter([("id", ids), ("class", classes)]).expect("columns of one length");
        write(&self.path("objects.parquet"), &table);
    }

    fn with_objects(&self, layout: &str) -> Ensemble {
        self.open(layout).with_objects(&[self.path("objects.parquet")], None).expect("a table")
    }

    /// The rows of a survey, in the memory of this program.
    fn in_memory(&self, layout: &str) -> Ensemble {
        let mut files: Vec<_> =
            std::fs::read_dir(self.path(layout)).expect("a folder").flatten().map(|e| e.path()).collect();
        files.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("part-")));
        files.sort();
        let mut rows = files.iter().map(|path| {
            let file = std::fs::File::open(path).expect("it is there");
            let reader =
                ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").build().expect("it can be read");
            reader.map(|batch| batch.expect("rows")).collect::<Vec<_>>()
        });
        let first = Ensemble::from_batches(rows.next().expect("a file"), &ColumnMap::new()).expect("a survey");
        rows.fold(first, |ensemble, rows| ensemble.insert(rows).expect("the same columns"))
    }
}

fn write(path: &Path, table: &RecordBatch) {
    let file = std::fs::File::create(path).expect("there is room");
    let mut writer = ArrowWriter::try_new(file, table.schema(), None).expect("it starts");
    writer.write(table).expect("there is room");
    writer.close().expect("there is room");
}

/// Returns a batch for each setting, and the plainest batch with every plan.
fn asked(place: &Place) -> Vec<Asked> {
    let mut all: Vec<Asked> = vec![];
    let mut ask = |name, batch: Batch, stands_alone| all.push(Asked { name, batch, stands_alone });
    let named = |ensemble: &Ensemble, statistics: &[&str]| ensemble.batch_named(statistics).expect("known");
    let some = ["stetson_j", "mean"];
    let plans = [
        ("map", "sorted", PlanChoice::Map),
        ("stitch", "sorted-split", PlanChoice::Stitch),
        ("merge", "nightly", PlanChoice::Merge),
        ("shuffle", "shuffled", PlanChoice::Shuffle),
        ("map-unchecked", "sorted-split", PlanChoice::MapUnchecked),
    ];
    for (name, layout, plan) in plans {
        ask(name, named(&place.open(layout), &some).plan(plan), true);
        ask("in memory", named(&place.in_memory(layout), &some).plan(plan), true);
        let ids = place.ids.iter().copied().step_by(3);
        let of_ids = place.open(layout).of_ids(ids).expect("integers").sample(0.7, 4).expect("a part");
        ask("ids and a sample", named(&of_ids, &some).plan(plan), true);
        let pruned =
            place.open(layout).filter("flux > 15").expect("a condition").prune(28).sample(0.8, 2).expect("a part");
        ask("epochs counted, and a sample", named(&pruned, &some).plan(plan), true);
        let function = place.open(layout).assign_with("bright", ["flux"], |[flux]| flux * 2.0).expect("a column");
        let function = function.with_column(Role::Flux, "bright").expect("a role");
        ask("a function's column", named(&function, &some).plan(plan), false);
        let own = Statistic::from_fn("epochs", Inputs::FLUX, |light_curve| light_curve.len() as f64);
        ask("an own statistic", place.open(layout).batch(&[own]).plan(plan), false);
        if plan != PlanChoice::MapUnchecked {
            let objects = place.with_objects(layout);
            let all_objects = named(&objects.prune(60), &some).plan(plan).all_objects().join(["class"]);
            ask("all objects, and a column of theirs", all_objects, true);
        }
    }
    ask("fold", named(&place.open("shuffled"), &["mean"]).plan(PlanChoice::Fold), true);
    ask("fold in memory", named(&place.in_memory("shuffled"), &["mean"]).plan(PlanChoice::Fold), true);
    for by in [&["id"][..], &["band"], &["class"], &["class", "band"], &[]] {
        let batch = named(&place.with_objects("sorted"), &["mean", "median"]).by(by).expect("groups");
        ask("groups", batch, true);
        let folds = named(&place.with_objects("sorted"), &["mean"]).by(by).expect("groups").plan(PlanChoice::Fold);
        ask("folds of groups", folds, true);
    }
    let wide = named(&place.in_memory("shuffled").prune(29), &some).wide().bands(["r", "g"]);
    ask("wide, of two bands, in memory, epochs counted", wide.on_error(OnError::Skip), true);
    ask("many rows", named(&place.in_memory("nightly"), &["structure_function"]), true);
    all
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("it is there")
}

#[test]
fn a_job_gives_the_bytes_of_a_run_whatever_is_asked_for() {
    let place = Place::new();
    for (number, Asked { name, batch, stands_alone }) in asked(&place).into_iter().enumerate() {
        let query = batch.query();
        let what = format!("{name}: {query} by the plan {}", query.plan);
        let map = query.plan == PlanChoice::Map;
        let batch = if map { batch } else { batch.partitioning(Partitioning::Count(5)) }.workers(2);
        let [run, resumed, gathered] =
            ["run", "resumed", "gathered"].map(|way| place.path(&format!("{way}-{number}.parquet")));
        let summary = batch.write(&run, WriteOptions::new()).expect(&what);
        assert!(summary.light_curves > 0, "{what}: nothing to compare");

        let folder = place.path(&format!("resumed-{number}"));
        let of_job = batch.resume(&folder, &resumed, WriteOptions::new(), &Silent).expect(&what);
        assert!(bytes(&run) == bytes(&resumed), "{what}: resumed");
        assert_eq!(
            (of_job.plan, of_job.light_curves, &of_job.warnings),
            (summary.plan, summary.light_curves, &summary.warnings)
        );

        let folder = place.path(&format!("planned-{number}"));
        let planned = batch.plan_job(&folder, &Silent).expect(&what);
        let tasks = planned.rounds().map(|round| round.rev().collect::<Vec<_>>()).concat();
        for task in tasks {
            // Each by another process, as far as the job tells.
            let job = if stands_alone { Job::open(&folder) } else { batch.open_job(&folder) };
            job.expect(&what).run_task(task, 1, &Silent).expect(&what);
        }
        planned.gather(&gathered, WriteOptions::new(), &Silent).expect(&what);
        assert!(bytes(&run) == bytes(&gathered), "{what}: gathered");
    }
}

#[test]
fn what_only_the_program_has_is_named_where_it_is_missing() {
    let place = Place::new();
    let function = place.open("sorted").assign_with("double", ["flux"], |[flux]| flux * 2.0).expect("a column");
    let batch = function.with_column(Role::Flux, "double").expect("a role").batch_named(&["mean"]).expect("known");
    let folder = place.path("job");
    drop(batch.plan_job(&folder, &Silent).expect("planned"));
    let alone = Job::open(&folder).expect("its statistics are known");
    let error = alone.run_task(0, 1, &Silent).expect_err("no text tells the function").to_string();
    assert!(error.contains("'double'") && error.contains("function"), "{error}");
    batch.open_job(&folder).expect("it is there").run_task(0, 1, &Silent).expect("the program has it");
    // A different batch does not match this job.
    let other = batch.bands(["g"]);
    let error = other.open_job(&folder).expect_err("it is another").to_string();
    assert!(error.contains("with the bands all, not g"), "{error}");
}

#[test]
fn rows_and_lists_that_a_job_stores_are_those_that_were_stored() {
    let place = Place::new();
    let batch = place.in_memory("shuffled").prune(20).batch_named(&["mean"]).expect("known");
    let folder = place.path("job");
    let job = batch.plan_job(&folder, &Silent).expect("planned");
    // Other rows of the same number are another survey.
    let other = place.in_memory("nightly").prune(20).batch_named(&["mean"]).expect("known");
    let error = other.open_job(&folder).expect_err("other rows").to_string();
    assert!(error.contains("before memory:0 changed"), "{error}");
    for name in ["inputs/memory-0.parquet", "inputs/counted.parquet"] {
        let path = folder.join(name);
        let whole = bytes(&path);
        let mut damaged = whole.clone();
        damaged[whole.len() / 2] ^= 1;
        std::fs::write(&path, damaged).expect("it is ours");
        let alone = Job::open(&folder).expect("its manifest is whole");
        let error = alone.run_task(0, 1, &Silent).expect_err("it is damaged");
        assert!(matches!(&error, Error::Job(tape::job::JobError::Stored { .. })), "{error:?}");
        assert!(error.to_string().contains(name) && error.to_string().contains("plan the job again"), "{error}");
        std::fs::write(&path, whole).expect("it is ours");
    }
    job.run_task(0, 1, &Silent).expect("all is as it was");
}
