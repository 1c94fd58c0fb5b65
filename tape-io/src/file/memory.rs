//! Surveys in memory: Arrow batches, encoded as the bytes of a Parquet file so that the same code reads them. Columns
//! are plain and uncompressed: they take as much memory again as the batches, and decode at the speed of a copy.

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

/// The prefix of the paths of files in memory.
const SCHEME: &str = "memory:";
/// Number of rows in a row group.
const ROWS: usize = 122_880;

/// A file in memory, which is freed when this handle is dropped.
#[derive(Debug)]
pub(crate) struct InMemory {
    number: u64,
}

impl InMemory {
    /// Encodes one or more batches with the same columns as a file. Returns its handle and its path.
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
        // A fixed seed, so that the same rows have the same stamp in every process.
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

/// Returns true if a path names a file in memory.
#[must_use]
pub fn is_in_memory(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.starts_with(SCHEME))
}

/// Writes a file in memory to disk at `to`, with the same row groups.
///
/// # Errors
/// Returns [`Error::NotFound`] if `from` is not a file in memory or was dropped, or an error if the file cannot be
/// written.
pub fn store_in_memory(from: &Path, to: &Path) -> Result<(), Error> {
    let (bytes, _) = find(from).ok_or_else(|| Error::NotFound { path: from.to_owned() })?;
    write_whole(to, &bytes)
}

/// Returns the bytes and the stamp of a file in memory.
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
