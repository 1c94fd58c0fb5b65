//! Finds copies of files, such as `a (1).parquet` beside `a.parquet`, whose rows would be counted twice.

use std::collections::HashMap;

use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use crate::decode::footer::Footer;

/// Says which files look like copies of others, if some do.
pub(super) fn copies(files: &[Footer]) -> Option<String> {
    let mut by_size: HashMap<u64, Vec<&Footer>> = HashMap::new();
    let (mut count, mut first) = (0, None);
    for footer in files.iter().filter(|footer| has_values(footer.stored())) {
        let same_size = by_size.entry(footer.stamp.bytes).or_default();
        match same_size.iter().find(|other| same_footer(other.stored(), footer.stored())) {
            Some(other) if other.in_path().eq(footer.in_path()) => {
                count += 1;
                first.get_or_insert((*other, footer));
            }
            _ => same_size.push(footer),
        }
    }
    let (original, copy) = first?;
    let (original, copy) = (original.path.display(), copy.path.display());
    let what = match count {
        1 => format!("{copy} looks like a copy of {original}"),
        n => format!("{n} files look like copies of others, such as {copy} of {original}"),
    };
    Some(format!("{what} (same size and same footer), and its rows are counted twice: remove it if it is a copy"))
}

/// Checks whether a footer has enough statistics to tell two files apart.
fn has_values(metadata: &ParquetMetaData) -> bool {
    let is_known = |chunk: &ColumnChunkMetaData| {
        chunk.statistics().is_some_and(|statistics| statistics.min_bytes_opt() != statistics.max_bytes_opt())
    };
    metadata.row_groups().iter().flat_map(|group| group.columns()).filter(|chunk| is_known(chunk)).take(2).count() == 2
}

fn same_footer(a: &ParquetMetaData, b: &ParquetMetaData) -> bool {
    a.file_metadata().num_rows() == b.file_metadata().num_rows() && a.row_groups() == b.row_groups()
}
