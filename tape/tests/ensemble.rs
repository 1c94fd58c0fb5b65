//! Compares with TAPE 0.4.1 on its own sample of Pan-STARRS, question by question.
//!
//! The references lie outside the repository. Where they are missing, each trial says which path it lacks and counts as
//! ignored, never as passed.

mod references;

use std::fs::File;

use arrow::array::{Array, AsArray, RecordBatch, RecordBatchReader};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::DataType;
use libtest_mimic::{Arguments, Failed, Trial};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tape::core::{Columns, Partition, Piece, Quantity, Rows, Source};
use tape::prelude::*;

use references::{shared, trial};

const DATA: &str = "data/ps1_sample.parquet";

type Answer = Result<(), Failed>;

fn sample() -> Result<Ensemble, Failed> {
    Ok(Ensemble::open(shared(DATA))?)
}

fn golden(name: &str) -> Result<RecordBatch, Failed> {
    let file = File::open(shared(&format!("golden/ps1_sample/{name}.parquet")))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)?.build()?;
    let schema = reader.schema();
    Ok(concat_batches(&schema, &reader.collect::<Result<Vec<_>, _>>()?)?)
}

fn facts() -> Result<serde_json::Value, Failed> {
    Ok(serde_json::from_reader(File::open(shared("golden/ps1_sample/facts.json"))?)?)
}

/// Returns a column as numbers and nulls.
fn numbers(table: &RecordBatch, column: &str) -> Result<Vec<Option<f64>>, Failed> {
    let found = table.column_by_name(column).ok_or_else(|| format!("there is no column {column}"))?;
    let floats = cast(found, &DataType::Float64)?;
    let floats = floats.as_primitive::<arrow::datatypes::Float64Type>();
    Ok((0..floats.len()).map(|row| floats.is_valid(row).then(|| floats.value(row))).collect())
}

/// Checks that two columns hold the same numbers to within `tolerance`.
fn agree(ours: &[Option<f64>], reference: &[Option<f64>], tolerance: f64) -> Answer {
    if ours.len() != reference.len() {
        return Err(format!("{} rows, not {}", ours.len(), reference.len()).into());
    }
    let near = |a: &Option<f64>, b: &Option<f64>| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= tolerance,
        (a, b) => a == b,
    };
    match ours.iter().zip(reference).position(|(a, b)| !near(a, b)) {
        None => Ok(()),
        Some(row) => Err(format!("row {row}: {:?}, not {:?}", ours[row], reference[row]).into()),
    }
}

/// Compares the number of epochs in each band, which is 0 in TAPE if there is none.
fn numbers_of_epochs() -> Answer {
    let (ours, reference) = (sample()?.batch_named(&["mean"])?.wide().compute()?, golden("nobs_by_band")?);
    let or_zero = |column: Vec<Option<f64>>| column.into_iter().map(|n| n.or(Some(0.0))).collect::<Vec<_>>();
    agree(&numbers(&ours, "ps1_objid")?, &numbers(&reference, "ps1_objid")?, 0.0)?;
    for band in ["g", "r"] {
        let column = or_zero(numbers(&ours, &format!("n_obs_{band}"))?);
        agree(&column, &numbers(&reference, &format!("nobs_{band}"))?, 0.0)?;
    }
    Ok(())
}

/// Compares the mean of each band. TAPE returns 0.0 for a missing band, and here it is missing.
fn means_by_band() -> Answer {
    let (ours, reference) = (sample()?.batch_named(&["mean"])?.wide().compute()?, golden("batch_mean_by_band")?);
    for band in ["g", "r"] {
        let wanted = numbers(&reference, &format!("result_{band}"))?;
        let missing = |mean: &Option<f64>| mean.filter(|&mean| mean != 0.0);
        // TAPE adds up in single precision, in which adjacent magnitudes are 2e-6 apart.
        agree(&numbers(&ours, &format!("mean_{band}"))?, &wanted.iter().map(missing).collect::<Vec<_>>(), 1e-5)?;
    }
    Ok(())
}

/// Light curves in bins of `window` days that begin where TAPE's do, and with its times.
fn bins(name: &str, window: f64, offset: f64, time: &str) -> Answer {
    let statistic = format!("binned_light_curve:window={window}:offset={offset}:time={time}");
    let (ours, reference) = (sample()?.batch_named(&[statistic])?.compute()?, golden(name)?);
    agree(&numbers(&ours, "ps1_objid")?, &numbers(&reference, "ps1_objid")?, 0.0)?;
    agree(&numbers(&ours, "count")?, &numbers(&reference, "bin_count")?, 0.0)?;
    // Its means are of single precision, in which adjacent times are 0.0039 days apart, and adjacent magnitudes 2e-6.
    agree(&numbers(&ours, "time")?, &numbers(&reference, "midPointTai")?, 0.004)?;
    agree(&numbers(&ours, "flux")?, &numbers(&reference, "psFlux")?, 1e-5)?;
    agree(&numbers(&ours, "error")?, &numbers(&reference, "psFluxErr")?, 1e-7)
}

fn nights() -> Answer {
    let gap = sample()?.day_gap()?.ok_or("it has a gap")?;
    let wanted = facts()?["find_day_gap_offset"].as_f64().ok_or("a number")?;
    agree(&[Some(gap)], &[Some(wanted)], 1e-15)?;
    // TAPE adds its offset to times: its bins begin at one less the gap.
    bins("bin_sources_1d", 1.0, 1.0 - gap, "mean")?;
    // Other bins must give a difference.
    match bins("bin_sources_1d", 1.0, gap, "mean") {
        Err(_) => Ok(()),
        Ok(()) => Err("other bins were taken for the same".into()),
    }
}

/// The second and third of the values of rows, in the order of ids and values.
fn in_order(mut rows: Vec<(String, [f64; 3])>) -> [Vec<Option<f64>>; 2] {
    rows.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.partial_cmp(&b.1).unwrap_or(std::cmp::Ordering::Equal)));
    [1, 2].map(|i| rows.iter().map(|(_, values)| Some(values[i])).collect())
}

/// Magnitudes of what TAPE took for fluxes, and their errors.
fn magnitudes() -> Answer {
    let reference = golden("flux_to_mag_zp25")?;
    let of = |zero_point| -> Result<[Vec<Option<f64>>; 2], Failed> {
        let ensemble = sample()?.with_quantity(Quantity::Flux).to_magnitudes(zero_point)?;
        let survey = ensemble.survey();
        let partition = Partition { pieces: vec![Piece { row_group: 0, rows: 0..2000 }] };
        let columns = Columns { time: true, flux: true, error: true, ..Columns::default() };
        let (mut reader, mut rows) = (survey.read(&partition, columns)?, Rows::new(survey.id_type()));
        while reader.read(&mut rows, 512)? > 0 {}
        let id = |row: usize| rows.ids.get(row).to_owned(survey.id_type()).to_string();
        Ok(in_order((0..rows.len()).map(|row| (id(row), [rows.time[row], rows.flux[row], rows.error[row]])).collect()))
    };
    let ids = reference.column_by_name("ps1_objid").ok_or("ids")?.as_primitive::<arrow::datatypes::Int64Type>();
    let [time, m, error] = ["midPointTai", "m", "m_err"].map(|name| numbers(&reference, name));
    let [time, m, error] = [time?, m?, error?];
    let value = |column: &[Option<f64>], row: usize| column[row].unwrap_or(f64::NAN);
    let rows =
        (0..m.len()).map(|row| (ids.value(row).to_string(), [value(&time, row), value(&m, row), value(&error, row)]));
    let wanted = in_order(rows.collect());
    // TAPE's are of single precision.
    let both = |[m, error]: &[Vec<Option<f64>>; 2]| agree(m, &wanted[0], 2e-6).and(agree(error, &wanted[1], 1e-8));
    both(&of(25.0)?)?;
    match both(&of(25.000_01)?) {
        Err(_) => Ok(()),
        Ok(()) => Err("another zero point made no difference".into()),
    }
}

/// The objects with at least 100 epochs, however the sample is cut.
fn pruned() -> Answer {
    let reference = golden("prune_100")?;
    let of = |least, parts| -> Result<Vec<Option<f64>>, Failed> {
        let table =
            sample()?.prune(least).batch_named(&["mean"])?.partitioning(Partitioning::Count(parts)).compute()?;
        let mut ids = numbers(&table, "ps1_objid")?;
        ids.dedup();
        Ok(ids)
    };
    let wanted = numbers(&reference, "ps1_objid")?;
    for parts in [1, 7, 32] {
        agree(&of(100, parts)?, &wanted, 0.0)?;
    }
    match agree(&of(111, 1)?, &wanted, 0.0) {
        Err(_) => Ok(()),
        Ok(()) => Err("others were taken for the same".into()),
    }
}

/// The rows of a query, and the objects that have any.
fn query() -> Answer {
    let faint = sample()?.filter("\"psFlux\" < 20 AND \"filterName\" = 'r'")?;
    let (table, summary) = {
        let batch = faint.batch_named(&["mean"])?;
        batch.run(&batch.explain()?, &tape::core::Silent)?
    };
    let (epochs, wanted) = (summary.rows - summary.left_out.total(), golden("query_faint_r")?.num_rows() as u64);
    if epochs != wanted {
        return Err(format!("{epochs} rows, not {wanted}").into());
    }
    let objects = &facts()?["objects_after_query_faint_r"];
    let ids = table.column(0).as_primitive::<arrow::datatypes::Int64Type>().values().to_vec();
    if serde_json::json!(ids) == *objects { Ok(()) } else { Err(format!("{ids:?}, not {objects}").into()) }
}

fn harness_sees_errors() -> Answer {
    let right = [Some(1.0), None];
    agree(&right, &right, 0.0)?;
    let wrong: [&[Option<f64>]; 3] = [&[Some(1.0)], &[Some(1.1), None], &[Some(1.0), Some(0.0)]];
    match wrong.iter().find(|wrong| agree(wrong, &right, 0.05).is_ok()) {
        None => Ok(()),
        Some(wrong) => Err(format!("{wrong:?} was taken for right").into()),
    }
}

fn main() -> std::process::ExitCode {
    let of = |name: &str, reference: &str, run: fn() -> Answer| {
        trial(name.to_owned(), &[DATA, &format!("golden/ps1_sample/{reference}")], run)
    };
    let trials: Vec<Trial> = vec![
        of("numbers of epochs by band", "nobs_by_band.parquet", numbers_of_epochs),
        of("means by band", "batch_mean_by_band.parquet", means_by_band),
        of("nights begin in the gap", "bin_sources_1d.parquet", nights),
        of("bins of 30 days", "bin_sources_30d_first_time.parquet", || {
            bins("bin_sources_30d_first_time", 30.0, 0.0, "min")
        }),
        of("magnitudes and their errors", "flux_to_mag_zp25.parquet", magnitudes),
        of("objects with many epochs", "prune_100.parquet", pruned),
        of("objects that a query leaves", "query_faint_r.parquet", query),
        Trial::test("the harness sees errors", harness_sees_errors),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
