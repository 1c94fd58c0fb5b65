//! Surveys that are in memory: Arrow batches, put into the bytes of a Parquet file, so that all that is true of files is true of
//! them. Columns are plain and not compressed: they take as much again as the batches, and decode as fast as they are copied.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arrow::array::RecordBatch;
use bytes::Bytes;
use foldhash::quality::FixedState;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::error::Error;
use crate::file::atomic_file::write_whole;
use crate::file::stamp::FileStamp;

/// What paths of such files begin with.
const SCHEME: &str = "memory:";
/// Rows of a row group.
const ROWS: usize = 122_880;

/// A file in memory, as long as this is.
#[derive(Debug)]
pub(crate) struct InMemory {
    number: u64,
}

impl InMemory {
    /// The file of some batches with the same columns, at least one.
    pub(crate) fn of(batches: &[RecordBatch]) -> Result<(Arc<Self>, PathBuf), Error> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = PathBuf::from(format!("{SCHEME}{number}"));
        let Some(first) = batches.first() else { return Err(Error::NoInput) };
        let failed = |error: &(dyn std::error::Error + 'static)| Error::write(&path, error);
        let properties = WriterProperties::builder()
            .set_compression(Compression::UNCOMPRESSED)
            .set_dictionary_enabled(false)
            .set_max_row_group_row_count(Some(ROWS))
            .build();
        let mut writer =
            ArrowWriter::try_new(vec![], first.schema(), Some(properties)).map_err(|error| failed(&error))?;
        for batch in batches {
            if batch.schema() != first.schema() {
                let difference = format!("its columns are {}, not {}", names(batch), names(first));
                return Err(Error::MixedSchemas { path: path.clone(), first: path, difference });
            }
            writer.write(batch).map_err(|error| failed(&error))?;
        }
        let bytes = writer.into_inner().map_err(|error| failed(&error))?;
        // Hashed as it stands: the same rows have the same bytes in every process.
        let hash = FixedState::default().hash_one(&bytes);
        let stamp = FileStamp { bytes: bytes.len() as u64, modified: Some((hash, 0)) };
        files().insert(number, (bytes.into(), stamp));
        Ok((Arc::new(Self { number }), path))
    }
}

impl Drop for InMemory {
    fn drop(&mut self) {
        files().remove(&self.number);
    }
}

/// Whether a path is that of a file in memory.
#[must_use]
pub fn is_in_memory(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.starts_with(SCHEME))
}

/// Stores a file in memory as the file at `to`, which has its row groups.
///
/// # Errors
/// [`Error::NotFound`] if `from` is none in memory, or not any more; if the file cannot be written.
pub fn store_in_memory(from: &Path, to: &Path) -> Result<(), Error> {
    let (bytes, _) = find(from).ok_or_else(|| Error::NotFound { path: from.to_owned() })?;
    write_whole(to, &bytes)
}

/// Returns the bytes of a file in memory, and what identifies them.
pub(crate) fn find(path: &Path) -> Option<(Bytes, FileStamp)> {
    let number = path.to_str()?.strip_prefix(SCHEME)?.parse().ok()?;
    files().get(&number).cloned()
}

fn files() -> MutexGuard<'static, HashMap<u64, (Bytes, FileStamp)>> {
    static FILES: OnceLock<Mutex<HashMap<u64, (Bytes, FileStamp)>>> = OnceLock::new();
    FILES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

fn names(batch: &RecordBatch) -> String {
    let schema = batch.schema();
    let named = schema.fields().iter().map(|field| format!("{} ({})", field.name(), field.data_type()));
    named.collect::<Vec<_>>().join(", ")
}
