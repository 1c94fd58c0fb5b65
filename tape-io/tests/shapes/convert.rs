//! Tests that converting light curves to another shape, and back, preserves every value.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use tape_core::{ColumnMap, Role};
use tape_io::{Convert, ConvertReport, Error, Shape, Survey};

use crate::random::{eight, fitting, object, settings};
use crate::survey::{Object, Read, read, write_flat};
use crate::write::{Band, Settings, write_nested};

const SHAPES: [Shape; 4] = [Shape::Flat, Shape::ListColumns, Shape::StructOfLists, Shape::ListOfStructs];

/// Converts a file or a folder into a folder called `name`.
fn convert(
    from: &Path,
    columns: &ColumnMap,
    shape: Shape,
    (name, nested): (&str, &str),
    base: &[String],
) -> Result<(PathBuf, ConvertReport), Error> {
    let survey = Survey::open(&[&from], columns)?;
    let out = from.parent().expect("a folder").join(name);
    let convert = Convert { nested, base, ..Convert::new(&survey, &out, shape) };
    let report = convert.run(&|_| (), &|| false)?;
    Ok((out, report))
}

/// Reads all files of a folder with Arrow.
fn table(folder: &Path) -> RecordBatch {
    let mut batches = vec![];
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path()).collect();
    files.sort();
    for file in files {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).expect("a file")).expect("Parquet");
        batches.extend(reader.build().expect("Parquet").map(|batch| batch.expect("whole")));
    }
    concat_batches(&batches[0].schema(), &batches).expect("one table")
}

fn rows(path: &Path, columns: &ColumnMap) -> Read {
    read(path, columns, 0.0, 1 << 20)
}

/// Returns the rows in sorted order.
fn sorted(read: &Read) -> Vec<String> {
    let mut rows = read.rows.clone();
    rows.sort();
    rows
}

fn is_empty(objects: &[Object]) -> bool {
    !objects.iter().any(|object| object.epochs().next().is_some())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn converted_light_curves_are_read_alike(
        objects in prop::collection::vec(object(), 1..50),
        settings in settings(),
        first in prop::sample::select(SHAPES.to_vec()),
        second in prop::sample::select(SHAPES.to_vec()),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut objects = fitting(objects, &settings);
        if settings.band == Band::OfObject {
            // Ids must be unique, since each object has only one band.
            objects.iter_mut().zip(0..).for_each(|(object, id)| object.id = Some(id));
        }
        let own = write_nested(folder.path(), &objects, &settings);
        let wanted = rows(&own, &settings.columns());
        let of_object = (settings.band == Band::OfObject).then(|| settings.columns_as(first).get(Role::Band).map(str::to_owned));
        let base: Vec<String> = of_object.flatten().into_iter().collect();
        let (out, report) = convert(&own, &settings.columns(), first, ("first", settings.nested()), &[]).expect("a conversion");
        prop_assert_eq!(report.objects, objects.len() as u64, "objects");
        prop_assert_eq!(report.epochs, objects.iter().map(|object| object.epochs().count() as u64).sum::<u64>());
        let columns = settings.columns_as(first);
        let ours = rows(&out, &columns);
        let none = if first == Shape::Flat { 0 } else { report.without_epochs };
        prop_assert_eq!(&ours, &Read { no_epoch: none, ..wanted.clone() });

        // Convert to a second shape, and back.
        if is_empty(&objects) && first == Shape::Flat {
            return Ok(());
        }
        let (again, report) = convert(&out, &columns, second, ("second", settings.nested()), &base).expect("a second conversion");
        let other = rows(&again, &settings.columns_as(second));
        prop_assert_eq!(sorted(&other), sorted(&wanted));
        if first != Shape::Flat && second != Shape::Flat {
            prop_assert!(!report.regrouped);
            let (back, _) = convert(&again, &settings.columns_as(second), first, ("back", settings.nested()), &base).expect("a conversion back");
            prop_assert_eq!(table(&back), table(&out), "{} {}", first, second);
        }
    }
}

/// Writes the flat rows of eight objects, in ascending or descending order of their ids.
fn flat(folder: &Path, backwards: bool) -> PathBuf {
    let mut objects = eight();
    if backwards {
        objects.reverse();
    }
    write_flat(folder, &objects, |band| band.to_string())
}

#[test]
fn scattered_rows_are_regrouped() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = flat(folder.path(), true);
    let wanted = rows(&own, &ColumnMap::new());
    for shape in [Shape::ListColumns, Shape::StructOfLists, Shape::ListOfStructs] {
        let (out, report) =
            convert(&own, &ColumnMap::new(), shape, (&shape.to_string(), "lightcurve"), &[]).expect("lists");
        assert!(report.regrouped && report.objects == 6, "{report:?}");
        assert_eq!(sorted(&rows(&out, &ColumnMap::new())), sorted(&wanted));
        // The output is sorted, so converting it needs no regrouping.
        let name = format!("{shape} as rows");
        let (flat, _) = convert(&out, &ColumnMap::new(), Shape::Flat, (&name, "lightcurve"), &[]).expect("rows");
        let (again, report) =
            convert(&flat, &ColumnMap::new(), shape, (&format!("{shape} again"), "lightcurve"), &[]).expect("lists");
        assert!(!report.regrouped, "{report:?}");
        assert_eq!(table(&again), table(&out));
    }
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).expect("a folder").map(|file| file.expect("a file").file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".tmp")), "{left:?}");
}

/// Checks that the comparison in the tests above detects a changed value.
#[test]
fn the_comparison_detects_a_changed_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let right = eight();
    let mut wrong = right.clone();
    wrong[6].parts.as_mut().expect("there")[0].as_mut().expect("there")[1].error = Some(1.0 + f64::EPSILON);
    let tables = [right, wrong].map(|objects| {
        let own = write_nested(folder.path(), &objects, &Settings::default());
        let (out, _) =
            convert(&own, &ColumnMap::new(), Shape::ListOfStructs, ("out", "lightcurve"), &[]).expect("lists");
        let both = (table(&out), rows(&out, &ColumnMap::new()));
        std::fs::remove_dir_all(out).expect("a folder to remove");
        both
    });
    let [right, wrong] = tables;
    assert!(right.0 != wrong.0 && right.1 != wrong.1);
}

#[test]
fn invalid_conversions_are_refused_with_a_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = flat(folder.path(), false);
    let refused = |path: &Path, shape, base: &[&str], nested: &str| {
        let base: Vec<String> = base.iter().map(ToString::to_string).collect();
        let done = convert(path, &ColumnMap::new(), shape, ("refused", nested), &base);
        let error = done.expect_err("an invalid conversion").to_string();
        assert!(!folder.path().join("refused").exists(), "the output was not removed");
        error
    };
    let error = refused(&own, Shape::StructOfLists, &["band"], "lightcurve");
    assert!(error.contains("flat.parquet: column 'band' has more than one value for object 0"), "{error}");
    let error = refused(&own, Shape::StructOfLists, &["bnad"], "lightcurve");
    assert!(error.contains("no column 'bnad' (did you mean 'band'?)"), "{error}");
    let error = refused(&own, Shape::StructOfLists, &[], "id");
    assert!(error.contains("two columns would be named 'id'"), "{error}");
}
