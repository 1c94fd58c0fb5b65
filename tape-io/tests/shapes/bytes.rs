//! Tests how many bytes are read of lists.

use tape_core::{ColumnMap, Columns, Partition, Piece, Rows, Source};
use tape_io::Survey;

use crate::survey::{Epoch, Object, all};
use crate::write::{Settings, Shape, write_nested};

/// Returns objects of forty epochs, all different.
fn objects() -> Vec<Object> {
    let epoch = |i: u32| Epoch {
        time: Some(f64::from(i)),
        flux: Some(f64::from(i).sqrt()),
        error: Some(1.0 / f64::from(i + 1)),
        band: Some(0),
    };
    let parts = |object: u32| Some(vec![Some((object * 40..object * 40 + 40).map(epoch).collect())]);
    (0..500).map(|object| Object { id: Some(i64::from(object)), parts: parts(object) }).collect()
}

/// Returns the number of bytes read for a range of epochs in the only row group.
fn read(survey: &Survey, slots: std::ops::Range<u64>, columns: Columns) -> u64 {
    let before = survey.bytes_read();
    let wanted = slots.end - slots.start;
    let partition = Partition { pieces: vec![Piece { row_group: 0, rows: slots }] };
    let mut reader = survey.read(&partition, columns).expect("a reader");
    let mut rows = Rows::new(survey.id_type());
    while reader.read(&mut rows, 1000).expect("valid rows") > 0 {}
    assert_eq!(rows.len() as u64, wanted);
    survey.bytes_read() - before
}

#[test]
fn lists_before_the_range_are_skipped_except_in_the_smallest_column() {
    let folder = tempfile::tempdir().expect("a folder");
    for (shape, second_version) in [(Shape::StructOfLists, false), (Shape::ListOfStructs, true)] {
        let settings = Settings { shape, second_version, rows_of_page: 10, dictionary: false, ..Settings::default() };
        let path = write_nested(folder.path(), &objects(), &settings);
        let survey = Survey::open(&[&path], &ColumnMap::new()).expect("a survey");
        assert_eq!(survey.row_groups()[0].rows, 20_000);
        let whole = read(&survey, 0..20_000, all(&survey));
        // The planner's number includes page headers, which are not counted when they are read.
        let told = survey.bytes(0, all(&survey));
        assert!(whole < told && told - whole < told / 50, "{whole} of {told} bytes");
        // At most two of fifty pages per column, and three quarters of the smallest column, which is the
        // single-precision flux or, in format version 2, the band.
        let flux = Columns { flux: true, ..Columns::default() };
        let band = Columns { band: true, ..Columns::default() };
        let smallest = [flux, band].map(|columns| read(&survey, 0..20_000, columns)).into_iter().min().expect("two");
        let some = read(&survey, 15_000..15_400, all(&survey));
        assert!(some < smallest + whole / 12, "{some} of {whole} bytes, {smallest} of the smallest column");
        // The smallest column is also read if only ids are needed, to count records.
        assert_eq!(read(&survey, 0..20_000, Columns::default()), smallest);
        assert_eq!(survey.bytes(0, Columns::default()), survey.bytes(0, flux).min(survey.bytes(0, band)));
    }
}
