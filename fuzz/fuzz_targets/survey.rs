//! Fuzzes a whole file: opens it as a survey, reads all columns, and groups them into chunks.

#![no_main]

use std::io::Write;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tape_core::{Chunk, ColumnMap, Columns, Grouper, Grouping, Inputs, LeftOut, Part, Partition, Piece, Rows, Source};
use tape_io::Survey;
use tempfile::NamedTempFile;

/// Maximum number of rows to read of a row group. A small file may claim any number of equal rows.
const MOST: usize = 100_000;

/// Shared by all inputs.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder")
});

fuzz_target!(init: tape_fuzz::begin(), |data: &[u8]| {
    let mut file = NamedTempFile::with_suffix_in(".parquet", FOLDER.path()).expect("a file");
    file.write_all(data).expect("room for it");
    let Ok(survey) = Survey::open(&[file.path().to_str().expect("text")], &ColumnMap::new()) else { return };
    let has = |role| survey.column(role).is_some();
    let [_, time, flux, error, band] = tape_core::Role::ALL.map(has);
    let columns = Columns { time, flux, error, band };
    for (row_group, group) in survey.row_groups().iter().enumerate().take(4) {
        // From the start, and from the middle, which skips pages.
        for start in [0, group.rows / 2] {
            let partition = Partition { pieces: vec![Piece { row_group, rows: start..group.rows }] };
            if read(&survey, &partition, columns).is_err() {
                break;
            }
        }
    }
});

fn read(survey: &Survey, partition: &Partition, columns: Columns) -> Result<(), tape_core::SourceError> {
    let mut reader = survey.read(partition, columns)?;
    let mut rows = Rows::new(survey.id_type());
    while rows.len() < MOST && reader.read(&mut rows, 16 * 1024)? > 0 {}
    if columns.flux {
        let grouping = Grouping::new(survey.bands(), None, Inputs::FLUX);
        let mut chunk = Chunk::new(survey.id_type());
        Grouper::default().by_hash(&[Part::of(&rows, 0..rows.len())], &grouping, &mut chunk, &mut LeftOut::default());
        assert!(chunk.segments.iter().all(|segment| segment.rows.end <= rows.len()));
    }
    Ok(())
}
