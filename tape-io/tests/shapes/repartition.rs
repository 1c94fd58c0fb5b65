//! Tests repartitioning of surveys in lists.

use std::collections::BTreeSet;
use std::path::Path;

use tape_core::ColumnMap;
use tape_io::{Error, PartitionTarget, Repartition, RepartitionReport, Survey};

use crate::random::eight;
use crate::survey::{Object, Read, all, read, read_columns};
use crate::write::{Settings, Shape, write_nested};

/// Returns the eight objects five times, in another order, some without an id.
fn objects() -> Vec<Object> {
    let all = (0..40).map(|i| {
        let object = eight().swap_remove(i * 3 % 8);
        Object { id: (i % 9 > 0).then_some(i as i64 * 7 % 11), ..object }
    });
    all.collect()
}

fn again(from: &Path, columns: &ColumnMap, out: &Path) -> Result<RepartitionReport, Error> {
    let survey = Survey::open(&[&from], columns)?;
    Repartition::new(&survey, out, PartitionTarget::Count(3)).run(&|_| {}, &|| false)
}

/// Sorts the rows by id.
fn sorted(mut read: Read) -> Read {
    read.rows.sort_by_key(|row| row.split(' ').next().and_then(|id| id.strip_prefix('ö')?.parse::<i64>().ok()));
    read
}

#[test]
fn objects_are_sorted_together_with_their_lists() {
    let folder = tempfile::tempdir().expect("a folder");
    let objects = objects();
    let with_id: Vec<Object> = objects.iter().filter(|object| object.id.is_some()).cloned().collect();
    for shape in [Shape::ListColumns, Shape::StructOfLists, Shape::ListOfStructs, Shape::ListOfListsOfStructs] {
        let settings = Settings { shape, rows_of_group: 7, ..Settings::default() };
        let input = write_nested(folder.path(), &objects, &settings);
        let out = folder.path().join(format!("{shape:?}"));
        let report = again(&input, &settings.columns(), &out).expect("written");
        let ids: BTreeSet<_> = with_id.iter().map(|object| object.id).collect();
        assert_eq!(
            (report.rows_in, report.rows, report.null_ids),
            (40, with_id.len() as u64, 40 - with_id.len() as u64)
        );
        assert_eq!((report.objects, report.files), (ids.len() as u64, 3));

        let before = read(&input, &settings.columns(), 0.3, 9);
        let survey = Survey::open(&[&out], &settings.columns()).expect("a survey");
        let after = read_columns(&survey, all(&survey), 0.3, 9);
        assert_eq!((after.null_ids, after.no_epoch), (0, settings.empty_slots(&with_id)));
        assert_eq!(after.rows, sorted(before).rows, "{shape:?}");
        assert_eq!(after.rows.len(), with_id.iter().map(|object| object.epochs().count()).sum::<usize>());
    }
}

#[test]
fn ids_in_lists_are_read_but_cannot_be_sorted_by() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings { shape: Shape::ListOfStructs, ..Settings::default() };
    let input = write_nested(folder.path(), &eight(), &settings);
    let columns = ColumnMap::new().id("lightcurve.band").flux("lightcurve.mag");
    let rows = read(&input, &columns, 0.5, 4).rows;
    assert!(rows[0].starts_with("g ") && rows[1].starts_with("ŕ "), "{rows:?}");
    let error = again(&input, &columns, &folder.path().join("out")).expect_err("no order").to_string();
    for part in ["column 'lightcurve.band' is within another column", "sorted by it", "name another"] {
        assert!(error.contains(part), "{error}");
    }
}
