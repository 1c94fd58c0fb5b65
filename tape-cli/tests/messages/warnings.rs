//! Warnings, each under the place in the sources that makes it, and provoked by a run where a small one can.

use std::fs;
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, Float32Array, Float64Array, Int64Array, StringArray};
use tape::core::{
    Bands, ColumnKind, ColumnMap, Event, IdRange, IdRef, IdType, ListColumn, MemorySource, ObjectId, Observer, Results,
    Rows, Sink, SourceError, SurveyColumns,
};
use tape::exec::{Config, Partitioning, Skipped, plan, run};

use crate::support::Place;
use crate::table::Row;

/// Places that pass on warnings that were made elsewhere.
pub(crate) const PASS_ON: [&str; 9] = [
    "tape-cli/src/advice.rs: on_warning",
    "tape/src/batch/run.rs: quality_warning",
    "tape-cli/src/gather.rs: run",
    "tape-cli/src/watch.rs: event",
    "tape-cli/src/watch.rs: warn",
    "tape-exec/src/task/gather.rs: gather",
    "tape/src/batch/run.rs: run_into",
    "tape/src/job/gather.rs: summary",
    "tape/src/job/plan.rs: resume",
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![dropped_plan()];
    rows.extend(skipped().iter().map(|skipped| row("tape-exec/src/strategy/run.rs: run", &skipped.to_string())));
    rows.extend(of_commands());
    rows.extend(guesses());
    rows.extend(of_values());
    rows
}

/// Values and labels that are doubtful.
fn of_values() -> Vec<Row> {
    let place = Place::new();
    let whole = |values: Vec<i64>| Arc::new(Int64Array::from(values)) as ArrayRef;
    let numbers = |values: Vec<f64>| Arc::new(Float64Array::from(values)) as ArrayRef;
    let labels = |labels: Vec<&str>| Arc::new(StringArray::from(labels)) as ArrayRef;
    let epochs = |n: usize| [numbers(vec![1.0; n]), numbers(vec![0.1; n])];
    let [flux, error] = epochs(4);
    place.parquet("no_band.parquet", vec![("id", whole(vec![1; 4])), ("flux", flux), ("error", error)]);
    let [flux, error] = epochs(12);
    let single =
        vec![("id", whole((0..12).collect())), ("flux", flux), ("error", error), ("band", labels(vec!["g"; 12]))];
    place.parquet("single.parquet", single);
    let [flux, error] = epochs(4);
    let padded = labels(vec!["g", "g ", "g", "g "]);
    place
        .parquet("padded.parquet", vec![("id", whole(vec![1; 4])), ("flux", flux), ("error", error), ("band", padded)]);
    let flux = numbers(vec![1.0, -999.0, -999.0, 2.0]);
    let [_, error] = epochs(4);
    let band = labels(vec!["g"; 4]);
    place.parquet(
        "sentinels.parquet",
        vec![("id", whole(vec![1; 4])), ("flux", flux), ("error", error), ("band", band)],
    );
    let [mag, error] = epochs(4);
    let flagged = vec![
        ("objectid", whole(vec![1; 4])),
        ("hmjd", numbers(vec![1.0, 2.0, 3.0, 4.0])),
        ("mag", mag),
        ("magerr", error),
        ("filterid", whole(vec![1; 4])),
        ("catflags", whole(vec![0, 0, 1, 32768])),
    ];
    place.parquet("flagged.parquet", flagged);
    let runs = [
        ("batch no_band.parquet", "tape-io/src/survey/open.rs: open_found"),
        ("batch single.parquet", "tape/src/batch/doubts.rs: doubts"),
        ("batch padded.parquet", "tape/src/batch/doubts.rs: doubts"),
        ("batch sentinels.parquet", "tape-io/src/scan/sentinels.rs: take_sentinel_warnings"),
        ("batch flagged.parquet", "tape-io/src/scan/quality.rs: quality_warning"),
    ];
    runs.iter().map(|(words, made_in)| provoked(&place, &format!("{words} --stat mean"), made_in)).collect()
}

/// Columns whose names leave a choice: the place that notes it, flat columns, and columns of lists.
const GUESSES: [(&str, &[&str], &[&str]); 6] = [
    ("candidate.rs: common", &["id", "object_id", "mjd", "flux", "fluxerr"], &[]),
    ("candidate.rs: values", &["id", "mjd", "flux", "fluxerr", "mag", "magerr"], &[]),
    ("candidate.rs: error_of", &["id", "mjd", "flux", "flux_err"], &[]),
    ("candidate.rs: error_of", &["id", "mjd", "flux", "magerr"], &[]),
    ("candidate.rs: error_of", &["id", "mjd", "flux", "psffluxerr"], &[]),
    ("resolve.rs: resolve", &["id", "mjd", "mag", "magerr"], &["mjd", "flux", "fluxerr"]),
];

/// Notes on columns that were chosen by their names.
fn guesses() -> Vec<Row> {
    let list = |field: &&str| ListColumn { name: format!("lc.{field}"), within: "lc".into(), field: (*field).into() };
    let kind = |name: &str| if name == "flux_err" { ColumnKind::Integer } else { ColumnKind::Other };
    let noted = |(place, flat, lists): &(&str, &[&str], &[&str])| {
        let flat: Vec<String> = flat.iter().map(|&name| name.to_owned()).collect();
        let lists: Vec<ListColumn> = lists.iter().map(list).collect();
        let columns = SurveyColumns { flat: &flat, lists: &lists, kind: &kind, simulated: false };
        let resolved = ColumnMap::new().resolve(&columns).expect("the roles have columns");
        let [(_, note)] = &resolved.notes[..] else { panic!("{place}: one note: {:?}", resolved.notes) };
        let folder = if place.starts_with("candidate") { "resolve/" } else { "" };
        row(&format!("tape-core/src/{folder}{place}"), note)
    };
    GUESSES.iter().map(noted).collect()
}

fn row(place: &str, warning: &str) -> Row {
    Row::new(format!("warning: {place}"), warning)
}

fn skipped() -> [Skipped; 3] {
    let ids = Some(IdRange { min: ObjectId::Int(10), max: ObjectId::Int(20), exact: true });
    let row_group = |ids| Skipped::RowGroup {
        row_group: 3,
        place: "survey/a.parquet, row group 3".into(),
        ids,
        rows: 100,
        reason: "column 'flux' is corrupt".into(),
    };
    [row_group(ids), row_group(None), Skipped::LightCurve { id: ObjectId::Int(7), rows: 90_000_000, most: 1_000_000 }]
}

/// Runs the command on small surveys.
fn of_commands() -> Vec<Row> {
    let place = Place::new();
    place.ok("simulate survey --objects 40 --epochs 30 --layout sorted-split --bands gr");
    let mut rows = vec![
        provoked(&place, "batch survey --band-to-calc g,x", "tape-exec/src/strategy/run.rs: warnings_of"),
        provoked(
            &place,
            "batch survey --plan map-unchecked --partitions 3",
            "tape-exec/src/strategy/run.rs: warnings_of",
        ),
    ];
    if cfg!(target_os = "linux") {
        rows.push(provoked(&place, "batch survey --json-events /dev/full", "tape-cli/src/events.rs: tell"));
    }
    place.parquet("narrow.parquet", narrow_times());
    rows.push(provoked(&place, "batch narrow.parquet --stat eta", "tape-io/src/survey/conversion.rs: warnings"));
    fs::create_dir(place.path("mixed")).expect("a folder");
    fs::copy(place.path("narrow.parquet"), place.path("mixed/a.parquet")).expect("a copy");
    fs::write(place.path("mixed/b.csv"), "id,flux\n1,2\n").expect("written");
    rows.push(provoked(&place, "batch mixed --stat mean", "tape-io/src/survey/open.rs: with_notes"));
    fs::write(place.path("mixed/c.csv"), "id,flux\n1,2\n").expect("written");
    rows.push(provoked(&place, "batch mixed --stat mean", "tape-io/src/survey/open.rs: with_notes"));
    place.ok("batch survey --resume job -o out.csv --overwrite");
    let output = fs::read_dir(place.path("job/tasks")).expect("a folder").next().expect("an output").expect("readable");
    fs::write(output.path(), "damaged").expect("written");
    rows.push(provoked(&place, "batch survey --resume job", "tape/src/job/run.rs: missing"));
    rows
}

fn narrow_times() -> Vec<(&'static str, ArrayRef)> {
    let numbers = |values: [f64; 3]| Arc::new(Float64Array::from(values.to_vec())) as ArrayRef;
    vec![
        ("id", Arc::new(Int64Array::from(vec![1, 1, 1]))),
        ("mjd", Arc::new(Float32Array::from(vec![60_000.0, 60_001.0, 60_002.0]))),
        ("flux", numbers([1.0, 2.0, 3.0])),
        ("error", numbers([0.1, 0.1, 0.1])),
        ("band", Arc::new(StringArray::from(vec!["g", "g", "g"]))),
    ]
}

/// Runs a command that warns once, and returns the warning.
fn provoked(place: &Place, words: &str, made_in: &str) -> Row {
    let said = place.tape(&format!("{words} -o out.csv --overwrite"));
    assert_eq!(said.code, Some(0), "tape {words}: {said:?}");
    let warnings: Vec<&str> = said.err.lines().filter_map(|line| line.strip_prefix("warning: ")).collect();
    let [warning] = warnings[..] else { panic!("tape {words} should warn once: {said:?}") };
    row(made_in, warning)
}

/// Runs a survey whose footers deny that objects are in several row groups.
fn dropped_plan() -> Row {
    let bands = Bands::default();
    let band = bands.code("g").expect("the first band");
    let mut rows = Rows::new(IdType::Int64);
    for i in 0..60 {
        rows.ids.push(IdRef::Int(i / 10)).expect("an integer");
        let number = i as f64;
        rows.band.push(band);
        rows.time.push(number);
        rows.flux.push(number);
        rows.error.push(1.0);
    }
    let mut next = 0;
    let source = MemorySource::new(IdType::Int64, rows, bands, &[15, 30, 45]).claiming(|group| {
        group.ids = Some(IdRange { min: ObjectId::Int(next), max: ObjectId::Int(next), exact: true });
        next += 1;
    });
    let statistics = [tape::statistic("stetson_j").expect("it exists")];
    let config = Config { partitioning: Partitioning::Count(4), workers: 2, ..Config::default() };
    let warnings = Warnings(Mutex::new(vec![]));
    let plan = plan(&source, &statistics, &config, &warnings).expect("a plan");
    run(&source, &statistics, &config, &plan, &mut Nowhere, &warnings).expect("another plan");
    let warnings = warnings.0.into_inner().expect("no panic");
    let [warning] = &warnings[..] else { panic!("one warning: {warnings:?}") };
    row("tape-exec/src/strategy/run.rs: run", warning)
}

struct Warnings(Mutex<Vec<String>>);

impl Observer for Warnings {
    fn event(&self, event: Event) {
        if let Event::Warning(warning) = event {
            self.0.lock().expect("no panic").push(warning);
        }
    }
}

struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: Results) -> Result<(), SourceError> {
        Ok(())
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        Ok(())
    }
}
