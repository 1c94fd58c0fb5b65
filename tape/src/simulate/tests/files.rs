//! Tests of the files on disk, when they appear, and of rejected outputs.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

fn bytes(out: &Path) -> Vec<Vec<u8>> {
    let mut files = parts(out);
    files.push(out.join(TRUTH));
    files.iter().map(|file| fs::read(file).expect("a file")).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into()).collect();
    names.sort();
    names
}

fn refused(simulation: &Simulation) -> SimulateError {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let error = simulation.write(&folder.path().join("survey")).expect_err("a refusal");
    assert!(names(folder.path()).is_empty(), "{error} left something behind");
    error
}

#[test]
fn a_seed_gives_the_same_bytes_on_any_number_of_threads() {
    for layout in SurveyLayout::ALL {
        let (_folder, out, report) = written(&small(layout));
        let expected = bytes(&out);
        assert_eq!(report.bytes, expected[..3].iter().map(|file| file.len() as u64).sum::<u64>());
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let (_folder, out, again) = pool.install(|| written(&small(layout)));
            assert!(bytes(&out) == expected, "{layout} on {threads} threads");
            assert_eq!(again.variables, report.variables);
        }
        let (_folder, out, _) = written(&Simulation { seed: 12, ..small(layout) });
        assert!(bytes(&out) != expected, "another seed gives another survey");
    }
}

#[test]
fn names_files_and_counts() {
    let (_folder, out, report) = written(&small(SurveyLayout::Sorted));
    assert_eq!(names(&out), ["_truth.parquet", "part-000.parquet", "part-001.parquet", "part-002.parquet"]);
    assert_eq!((report.files, report.objects, report.truth.clone()), (3, 300, out.join("_truth.parquet")));
    let variables = truths(&out).iter().filter(|truth| truth.kind != "constant").count();
    assert_eq!(report.variables, variables as u64);
}

#[test]
fn columns_are_nullable_and_measurements_plain() {
    let (_folder, out, _) = written(&small(SurveyLayout::Sorted));
    let metadata = metadata(&parts(&out)[0]);
    let columns = metadata.file_metadata().schema_descr().columns();
    assert_eq!(columns.iter().map(|column| column.name()).collect::<Vec<_>>(), ["id", "mjd", "flux", "error", "band"]);
    assert!(columns.iter().all(|column| column.self_type().is_optional()));
    let dictionary: Vec<_> =
        metadata.row_group(0).columns().iter().map(|column| column.dictionary_page_offset().is_some()).collect();
    assert_eq!(dictionary, [true, false, false, false, true]);
}

#[test]
fn progress_grows_to_the_total() {
    for layout in SurveyLayout::ALL {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (last, all) = (AtomicU64::new(0), AtomicU64::new(0));
        let progress = |done, total| {
            assert!(last.swap(done, Ordering::Relaxed) < done && done <= total);
            all.store(total, Ordering::Relaxed);
            ControlFlow::Continue(())
        };
        small(layout).write_with(&folder.path().join("survey"), &progress).expect("a survey");
        assert_eq!(last.into_inner(), all.into_inner());
    }
}

#[test]
fn a_run_that_is_stopped_leaves_nothing() {
    for layout in SurveyLayout::ALL {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let stop = |done, total| if 2 * done > total { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let error = small(layout).write_with(&folder.path().join("survey"), &stop).expect_err("a stop");
        assert!(matches!(error, SimulateError::Interrupted { .. }));
        assert!(names(folder.path()).is_empty());
    }
}

#[test]
fn only_a_simulated_survey_is_overwritten_and_only_when_asked() {
    let (folder, out, _) = written(&small(SurveyLayout::Sorted));
    let before = bytes(&out);
    let other = Simulation { seed: 5, files: 2, ..small(SurveyLayout::Shuffled) };
    let error = other.write(&out).expect_err("a refusal");
    assert!(error.to_string().contains("survey") && error.to_string().contains("already exists"), "{error}");
    assert!(bytes(&out) == before);

    let overwrite = Simulation { overwrite: true, ..other };
    overwrite.write(&out).expect("a survey");
    assert_eq!(names(&out), ["_truth.parquet", "part-000.parquet", "part-001.parquet"]);
    assert_eq!(names(folder.path()), ["survey"]);

    fs::write(out.join("diary.txt"), "precious").expect("a file");
    let error = overwrite.write(&out).expect_err("a refusal");
    assert!(error.to_string().contains("diary.txt"), "{error}");
    assert!(out.join("diary.txt").exists() && parts(&out).len() == 3);

    let file = folder.path().join("file");
    fs::write(&file, "precious").expect("a file");
    assert!(matches!(overwrite.write(&file), Err(SimulateError::NotASurvey { .. })));
    assert_eq!(fs::read(&file).expect("the file"), b"precious");
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let good = small(SurveyLayout::Sorted);
    assert!(matches!(refused(&Simulation { objects: 0, ..good.clone() }), SimulateError::NoObjects));
    let huge = Simulation { objects: u64::MAX, ..good.clone() };
    assert!(matches!(refused(&huge), SimulateError::TooManyObjects { .. }));
    for epochs in [0.0, 0.99, -3.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(refused(&Simulation { epochs, ..good.clone() }), SimulateError::BadEpochs { .. }));
    }
    for variable_fraction in [-0.1, 1.1, f64::NAN] {
        let bad = Simulation { variable_fraction, ..good.clone() };
        assert!(matches!(refused(&bad), SimulateError::BadFraction { .. }));
    }
    assert!(matches!(refused(&Simulation { files: 0, ..good.clone() }), SimulateError::NoFiles));
    assert!(matches!(refused(&Simulation { files: 301, ..good.clone() }), SimulateError::TooManyFiles { .. }));
    let nights = Simulation { files: 3654, ..small(SurveyLayout::Nightly) };
    assert!(matches!(refused(&nights), SimulateError::TooManyNights { nights: 3653, .. }));
    assert!(matches!(refused(&Simulation { row_group_rows: 0, ..good.clone() }), SimulateError::EmptyRowGroups));
    assert!(matches!(refused(&Simulation { bands: vec![], ..good.clone() }), SimulateError::NoBands));
    assert!(matches!(refused(&Simulation { bands: bands("grg"), ..good.clone() }), SimulateError::BadBand { .. }));
    assert!(matches!(
        refused(&Simulation { bands: vec![String::new()], ..good.clone() }),
        SimulateError::BadBand { .. }
    ));
    let many = (0..256).map(|band| format!("b{band}")).collect();
    assert!(matches!(refused(&Simulation { bands: many, ..good }), SimulateError::TooManyBands { .. }));
}

#[test]
fn places_that_cannot_be_written_are_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let error = small(SurveyLayout::Sorted).write(&folder.path().join("missing/survey")).expect_err("a refusal");
    assert!(
        error.to_string().contains("missing/survey") && error.to_string().contains("create the parent folder"),
        "{error}"
    );
    let error = small(SurveyLayout::Sorted).write(Path::new("")).expect_err("a refusal");
    assert!(matches!(error, SimulateError::BadOutput { .. }), "{error}");
}

#[test]
fn layouts_and_codecs_have_names() {
    for layout in SurveyLayout::ALL {
        assert_eq!(layout.to_string().parse::<SurveyLayout>().expect("a layout"), layout);
    }
    for codec in Codec::ALL {
        assert_eq!(codec.to_string().parse::<Codec>().expect("a codec"), codec);
    }
    let error = "gzip".parse::<Codec>().expect_err("a refusal");
    assert_eq!(error.to_string(), "no compression is called \"gzip\": choose one of zstd, snappy, none");
}
