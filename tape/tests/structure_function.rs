//! The structure function of a survey is that of all its light curves, with any layout.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tape::analysis::structure_function::{Bin, Binning, Method, StructureFunction};
use tape::arrow::array::AsArray;
use tape::arrow::datatypes::{Float64Type, Int64Type};
use tape::exec::PlanChoice;
use tape::simulate::{Simulation, SurveyLayout};
use tape::{Ensemble, statistic};

const EDGES: [f64; 5] = [0.5, 3.0, 30.0, 300.0, 1500.0];

fn simulated(folder: &Path, layout: SurveyLayout) -> PathBuf {
    let survey = folder.join(layout.name());
    let bands = vec!["g".to_owned(), "r".to_owned()];
    let simulation = Simulation { objects: 40, epochs: 60.0, bands, files: 3, layout, ..Simulation::default() };
    simulation.write(&survey).expect("it is written");
    survey
}

/// ⟨Δx²⟩ − ⟨σ²⟩ of each band and bin, by a loop over all pairs of each light curve.
fn naive(survey: &Path) -> BTreeMap<String, Vec<f64>> {
    let mut epochs: BTreeMap<(i64, String), Vec<[f64; 3]>> = BTreeMap::new();
    let file = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("a file").path();
    let files = std::fs::read_dir(survey).expect("a folder").map(file);
    for path in files.filter(|path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('_'))) {
        let file = std::fs::File::open(path).expect("a file");
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
        for batch in reader.build().expect("a reader") {
            let batch = batch.expect("rows");
            let column = |name: &str| batch.column_by_name(name).expect("a column");
            let band =
                tape::arrow::compute::cast(column("band"), &tape::arrow::datatypes::DataType::Utf8).expect("text");
            let floats = ["mjd", "flux", "error"].map(|name| {
                tape::arrow::compute::cast(column(name), &tape::arrow::datatypes::DataType::Float64).expect("floats")
            });
            for row in 0..batch.num_rows() {
                let key = (
                    column("id").as_primitive::<Int64Type>().value(row),
                    band.as_string::<i32>().value(row).to_owned(),
                );
                let values = floats.each_ref().map(|column| column.as_primitive::<Float64Type>().value(row));
                epochs.entry(key).or_default().push(values);
            }
        }
    }
    let mut sums: BTreeMap<String, Vec<[f64; 2]>> = BTreeMap::new();
    for ((_, band), epochs) in epochs {
        let bins = sums.entry(band).or_insert_with(|| vec![[0.0; 2]; EDGES.len() - 1]);
        for (i, a) in epochs.iter().enumerate() {
            for b in &epochs[i + 1..] {
                let dt = (a[0] - b[0]).abs();
                if let Some(bin) = EDGES.windows(2).position(|edge| edge[0] <= dt && dt < edge[1]) {
                    bins[bin][0] += 1.0;
                    bins[bin][1] += (a[1] - b[1]).powi(2) - a[2] * a[2] - b[2] * b[2];
                }
            }
        }
    }
    sums.into_iter().map(|(band, bins)| (band, bins.iter().map(|[n, sum]| sum / n).collect())).collect()
}

#[test]
fn a_survey_gives_what_a_loop_over_all_pairs_gives() {
    let folder = tempfile::tempdir().expect("a folder");
    let function =
        StructureFunction::new(Method::Bauer2009a).binned(Binning::Edges(EDGES.to_vec())).expect("ascending");
    for (layout, plans) in [
        (SurveyLayout::SortedSplit, [PlanChoice::Auto, PlanChoice::Shuffle]),
        (SurveyLayout::Shuffled, [PlanChoice::Auto, PlanChoice::Shuffle]),
    ] {
        let survey = simulated(folder.path(), layout);
        let want = naive(&survey);
        for plan in plans {
            let ensemble = Ensemble::open(&survey).expect("a survey");
            let (bands, _) = ensemble.structure_function(&function, |batch| batch.plan(plan)).expect("it runs");
            assert_eq!(bands.len(), want.len());
            for (band, bins) in &bands {
                let want = &want[band.as_ref().expect("there are bands")];
                let near = |(got, want): (&Bin, &f64)| (got.sf2 - want).abs() <= 1e-10 * want.abs().max(1.0);
                assert!(bins.iter().zip(want).all(near), "{layout}: {bins:?}, not {want:?}");
                assert!(want.iter().all(|sf2| sf2.is_finite()), "the survey has pairs of every bin: {want:?}");
            }
        }
    }
}

#[test]
fn the_number_of_workers_does_not_matter_and_edges_have_to_be_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let ensemble = Ensemble::open(simulated(folder.path(), SurveyLayout::SortedSplit)).expect("a survey");
    let function = StructureFunction::new(Method::Basic).binned(Binning::Edges(EDGES.to_vec())).expect("ascending");
    let of = |workers| ensemble.structure_function(&function, |batch| batch.workers(workers)).expect("it runs").0;
    assert_eq!(of(1), of(5));
    let planned = ensemble.structure_function(&StructureFunction::new(Method::Basic), |batch| batch);
    assert!(planned.expect_err("its edges depend on all pairs").to_string().contains("edges"));
    assert!(statistic("structure_function").is_ok(), "by itself it is a row for each bin");
}
