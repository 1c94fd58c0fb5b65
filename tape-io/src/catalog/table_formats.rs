//! Table formats whose metadata decides which files and rows are part of a table. Without it, deleted rows come back, so
//! their folders are refused.

use std::path::{Path, PathBuf};

use crate::error::Error;

/// Refuses the folder of a table of Delta Lake, Iceberg or Hudi, by the names of its entries.
///
/// # Errors
/// [`Error::OtherFormat`], which says how to write the live rows as plain Parquet.
pub(super) fn refuse(folder: &Path, entries: &[PathBuf]) -> Result<(), Error> {
    // A folder above can have any name.
    let within = |entry: &PathBuf| entry.strip_prefix(folder).map(Path::to_path_buf).unwrap_or_default();
    let has = |name: &str| entries.iter().any(|entry| within(entry).iter().any(|part| part == name));
    let is_iceberg_metadata = |entry: &PathBuf| {
        let name = entry.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.ends_with(".metadata.json") || name == "version-hint.text"
    };
    let from = folder.display();
    let (format, command) = if has("_delta_log") {
        ("a Delta Lake table", format!("duckdb -c \"COPY (FROM delta_scan('{from}')) TO 'live.parquet'\""))
    } else if has("metadata") && (entries.iter().any(is_iceberg_metadata) || holds(folder, is_iceberg_metadata)) {
        ("an Iceberg table", format!("duckdb -c \"COPY (FROM iceberg_scan('{from}')) TO 'live.parquet'\""))
    } else if has(".hoodie") {
        ("a Hudi table", "write its live rows with Spark, as format('parquet')".to_owned())
    } else {
        return Ok(());
    };
    let advice =
        format!("its files also hold rows that were deleted. Write the live rows first, for example with: {command}");
    Err(Error::OtherFormat { path: folder.to_owned(), format, advice })
}

/// Checks whether the folder `metadata` in a local folder has a file of a kind.
fn holds(folder: &Path, is_it: impl Fn(&PathBuf) -> bool) -> bool {
    let entries = std::fs::read_dir(folder.join("metadata")).into_iter().flatten();
    entries.flatten().any(|entry| is_it(&entry.path()))
}
