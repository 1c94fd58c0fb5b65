//! Tables that are read back only if their content is unchanged.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use serde::{Deserialize, Serialize};

use crate::decode::footer::read_metadata;
use crate::decode::guard::guarded;
use crate::error::Error;
use crate::fault::{self, Call};

/// The size and checksum by which a file is recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSeal {
    /// Length of the file, in bytes.
    pub bytes: u64,
    /// CRC-32 of the whole file.
    pub checksum: u32,
}

impl FileSeal {
    /// Computes the seal of the file at `path`, and syncs the file to disk.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::io(path, "read the file", error);
        fault::before(Call::Open).map_err(failed)?;
        let mut file = File::open(path).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        let (mut hasher, mut bytes, mut buffer) = (crc32fast::Hasher::new(), 0, vec![0; 1 << 20]);
        loop {
            let most = fault::length(Call::Read, buffer.len()).map_err(failed)?;
            match file.read(&mut buffer[..most]) {
                Ok(0) => return Ok(Self { bytes, checksum: hasher.finalize() }),
                Ok(n) => {
                    hasher.update(&buffer[..n]);
                    bytes += n as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Reads the table in a Parquet file that must match this seal.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the file does not match, or is not a table.
    pub fn read(&self, path: &Path) -> Result<RecordBatch, Error> {
        let damaged = |reason: String| Error::Damaged { path: path.to_owned(), reason };
        let failed = |error| Error::io(path, "read the file", error);
        fault::before(Call::Open).map_err(failed)?;
        let mut content = vec![];
        // One byte more than expected is enough to see that a file has grown.
        let file = File::open(path).map_err(failed)?;
        fault::before(Call::Read).map_err(failed)?;
        file.take(self.bytes.saturating_add(1)).read_to_end(&mut content).map_err(failed)?;
        let is_same = content.len() as u64 == self.bytes && crc32fast::hash(&content) == self.checksum;
        if !is_same {
            return Err(damaged("it does not match its checksum".to_owned()));
        }
        // A seal does not protect from malicious files, so the footer is checked as for any other file.
        let (metadata, _) = read_metadata(path)?;
        let read = guarded(|| {
            let metadata = ArrowReaderMetadata::try_new(Arc::new(metadata), ArrowReaderOptions::new())?;
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(Bytes::from(content), metadata);
            let reader = builder.build()?;
            let schema = arrow::array::RecordBatchReader::schema(&reader);
            let batches = reader.collect::<Result<Vec<_>, _>>()?;
            concat_batches(&schema, &batches).map_err(ParquetError::from)
        });
        read.map_err(|error| damaged(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};

    use super::*;
    use crate::write::table::{TableOptions, TableWriter};

    fn table() -> RecordBatch {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("id", Arc::new(Int64Array::from(vec![1, 1, 2]))),
            ("band", Arc::new(StringArray::from(vec![Some("g"), Some("r"), None]))),
            ("mean", Arc::new(Float64Array::from(vec![Some(0.5), None, Some(-1.0)]))),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
            .expect("columns of one length")
    }

    #[test]
    fn a_table_round_trips_and_every_changed_byte_is_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kept.parquet");
        let mut writer = TableWriter::create(&path, table().schema(), TableOptions::default()).expect("starts");
        writer.write(&table()).expect("writes");
        writer.finish().expect("finishes");
        let seal = FileSeal::of(&path).expect("it is there");
        assert_eq!(seal.read(&path).expect("it is unchanged"), table());
        let whole = fs::read(&path).expect("it is there");
        for at in (0..whole.len()).step_by(7) {
            let mut bad = whole.clone();
            bad[at] ^= 4;
            fs::write(&path, &bad).expect("writes");
            assert!(matches!(seal.read(&path), Err(Error::Damaged { .. })), "byte {at}");
        }
        for bad in [&whole[..whole.len() - 1], &[whole.as_slice(), b"x"].concat(), b""] {
            fs::write(&path, bad).expect("writes");
            assert!(matches!(seal.read(&path), Err(Error::Damaged { .. })));
        }
        // The checksum is right, but the content is not a table.
        let no_table = FileSeal::of(&path).expect("it is there").read(&path).expect_err("it is empty").to_string();
        assert!(no_table.contains("kept.parquet: ") && !no_table.contains("checksum"), "{no_table}");
        // With a correct seal, each changed byte must give a table or an error.
        let mut refused = 0;
        for at in 0..whole.len() {
            let mut bad = whole.clone();
            bad[at] ^= 1 << (at % 8);
            fs::write(&path, &bad).expect("writes");
            refused += usize::from(FileSeal::of(&path).expect("it is there").read(&path).is_err());
        }
        assert!(refused > whole.len() / 8, "{refused} of {} were refused", whole.len());
    }
}
