//! Files of numbered blocks: rows and results that one task stores for other tasks, with checksums.
//!
//! A file holds its blocks, each a compressed Arrow batch, followed by an index. The index has an entry of 32 bytes for
//! each block: its offset, length, number of rows and checksum, and a checksum of the entry itself. The reader knows
//! the number of blocks, so it needs only two short reads for one block.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use tape_core::{Part, Results, Rows};
use tempfile::NamedTempFile;

use crate::error::Error;
use crate::file::atomic_file::{beside, persist};
use crate::file::positioned::read_exact_at;
use crate::spill::codec;

/// Size of an index entry, in bytes.
const ENTRY: usize = 32;
/// [`ENTRY`] as an offset in a file.
const ENTRY_LENGTH: u64 = ENTRY as u64;

/// Computes the CRC-32 of some bytes.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// The size and checksum by which a written file is recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Length of the file, in bytes.
    pub bytes: u64,
    /// Number of blocks.
    pub blocks: u64,
    /// CRC-32 of the index, which holds the checksums of the blocks.
    pub checksum: u32,
}

/// The location of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    at: u64,
    bytes: u64,
    rows: u64,
    checksum: u32,
}

impl Entry {
    /// Encodes the entry. Its checksum covers `seal` and the number of the block, so that it cannot be mistaken for
    /// another entry.
    fn encode(&self, seal: u32, number: u64) -> [u8; ENTRY] {
        let mut out = [0; ENTRY];
        out[..8].copy_from_slice(&self.at.to_le_bytes());
        out[8..16].copy_from_slice(&self.bytes.to_le_bytes());
        out[16..24].copy_from_slice(&self.rows.to_le_bytes());
        out[24..28].copy_from_slice(&self.checksum.to_le_bytes());
        let own = entry_checksum(&out[..28], seal, number);
        out[28..].copy_from_slice(&own.to_le_bytes());
        out
    }

    fn decode(bytes: &[u8; ENTRY], seal: u32, number: u64) -> Option<Self> {
        let long = |from: usize| Some(u64::from_le_bytes(bytes.get(from..from + 8)?.try_into().ok()?));
        let short = |from: usize| Some(u32::from_le_bytes(bytes.get(from..from + 4)?.try_into().ok()?));
        let entry = Self { at: long(0)?, bytes: long(8)?, rows: long(16)?, checksum: short(24)? };
        (short(28)? == entry_checksum(&bytes[..28], seal, number)).then_some(entry)
    }
}

fn entry_checksum(entry: &[u8], seal: u32, number: u64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(entry);
    hasher.update(&seal.to_le_bytes());
    hasher.update(&number.to_le_bytes());
    hasher.finalize()
}

/// Writes a file of blocks. The file appears at its path with [`BlockWriter::finish`]. If the writer is dropped before
/// that, the temporary file is deleted.
#[derive(Debug)]
pub struct BlockWriter {
    path: PathBuf,
    file: NamedTempFile,
    seal: u32,
    at: u64,
    index: Vec<u8>,
}

impl BlockWriter {
    /// Creates a file at `path`, which replaces an existing file. Readers must give the same `seal`.
    ///
    /// # Errors
    /// If the folder cannot be written to.
    pub fn create(path: &Path, seal: u32) -> Result<Self, Error> {
        Ok(Self { path: path.to_owned(), file: beside(path)?, seal, at: 0, index: vec![] })
    }

    /// Appends a block with the rows of `parts`.
    ///
    /// # Errors
    /// If the disk is full, for example.
    pub fn rows(&mut self, parts: &[Part<'_>]) -> Result<(), Error> {
        let rows = parts.iter().map(|part| part.end - part.start).sum();
        self.block(codec::encode(parts), rows)
    }

    /// Appends a block of results.
    ///
    /// # Errors
    /// See [`BlockWriter::rows`].
    pub fn results(&mut self, results: &Results) -> Result<(), Error> {
        self.block(codec::encode_results(results), results.len())
    }

    fn block(&mut self, encoded: Result<Vec<u8>, ArrowError>, rows: usize) -> Result<(), Error> {
        let bytes = encoded.map_err(|error| Error::write(&self.path, &error))?;
        self.file.write_all(&bytes).map_err(|error| Error::write(&self.path, &error))?;
        let length = bytes.len() as u64;
        let entry = Entry { at: self.at, bytes: length, rows: rows as u64, checksum: checksum(&bytes) };
        self.index.extend_from_slice(&entry.encode(self.seal, self.blocks()));
        self.at += length;
        Ok(())
    }

    fn blocks(&self) -> u64 {
        self.index.len() as u64 / ENTRY_LENGTH
    }

    /// Writes the index, and moves the file to its path.
    ///
    /// # Errors
    /// If the disk is full, for example. Nothing is left behind then.
    pub fn finish(mut self) -> Result<Written, Error> {
        self.file.write_all(&self.index).map_err(|error| Error::write(&self.path, &error))?;
        let bytes = self.at + self.index.len() as u64;
        let written = Written { bytes, blocks: self.blocks(), checksum: checksum(&self.index) };
        persist(self.file, &self.path)?;
        Ok(written)
    }
}

/// An open file of blocks.
#[derive(Debug)]
pub struct BlockFile {
    path: PathBuf,
    file: File,
    written: Written,
    seal: u32,
}

impl BlockFile {
    /// Opens the file at `path`, which must match `written`.
    ///
    /// # Errors
    /// If the file does not exist, or has another length.
    pub fn open(path: &Path, written: Written, seal: u32) -> Result<Self, Error> {
        let unreadable = |error| Error::io(path, "read the file", error);
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let opened = Self { path: path.to_owned(), file, written, seal };
        if length != written.bytes {
            return Err(opened.damaged(format!("it has {length} bytes, not {}", written.bytes)));
        }
        if written.blocks.checked_mul(ENTRY_LENGTH).is_none_or(|index| index > length) {
            return Err(opened.damaged("it is too short for its index".to_owned()));
        }
        Ok(opened)
    }

    /// Appends the rows of a block, and returns their number.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the block does not match its checksum.
    pub fn rows(&self, number: u64, rows: &mut Rows) -> Result<u64, Error> {
        let entry = self.entry(number)?;
        let bytes = self.bytes(number, entry)?;
        let before = rows.len();
        if !bytes.is_empty() {
            codec::decode(&bytes, rows).map_err(|error| self.damaged(format!("block {number}: {error}")))?;
        }
        self.check_rows(number, entry, rows.len() - before)
    }

    /// Appends the results of a block, and returns their number.
    ///
    /// # Errors
    /// See [`BlockFile::rows`].
    pub fn results(&self, number: u64, results: &mut Results) -> Result<u64, Error> {
        let entry = self.entry(number)?;
        let bytes = self.bytes(number, entry)?;
        let before = results.len();
        if !bytes.is_empty() {
            codec::decode_results(&bytes, results).map_err(|error| self.damaged(format!("block {number}: {error}")))?;
        }
        self.check_rows(number, entry, results.len() - before)
    }

    /// Checks the whole index, and returns the number of rows of each block.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the index does not match its checksum.
    pub fn rows_by_block(&self) -> Result<Vec<u64>, Error> {
        let length = self.written.blocks * ENTRY_LENGTH;
        let mut index = vec![0; usize::try_from(length).map_err(|_| self.damaged("its index is too long".to_owned()))?];
        let read = read_exact_at(&self.file, &mut index, self.written.bytes - length);
        read.map_err(|error| Error::io(&self.path, "read the file", error))?;
        if checksum(&index) != self.written.checksum {
            return Err(self.damaged("its index does not match its checksum".to_owned()));
        }
        (0..self.written.blocks).map(|number| Ok(self.entry(number)?.rows)).collect()
    }

    /// Checks the whole file.
    ///
    /// # Errors
    /// [`Error::Damaged`] if a part of it does not match its checksum.
    pub fn verify(&self) -> Result<(), Error> {
        let blocks = self.rows_by_block()?.len() as u64;
        let mut end = 0;
        for number in 0..blocks {
            let entry = self.entry(number)?;
            if entry.at != end {
                return Err(self.damaged(format!("block {number} is not at the expected offset")));
            }
            self.bytes(number, entry)?;
            end += entry.bytes;
        }
        let whole = end + blocks * ENTRY_LENGTH == self.written.bytes;
        if whole { Ok(()) } else { Err(self.damaged("it is longer than its blocks and its index".to_owned())) }
    }

    fn entry(&self, number: u64) -> Result<Entry, Error> {
        if number >= self.written.blocks {
            return Err(self.damaged(format!("it has no block {number}")));
        }
        let at = self.written.bytes - (self.written.blocks - number) * ENTRY_LENGTH;
        let mut bytes = [0; ENTRY];
        let read = read_exact_at(&self.file, &mut bytes, at);
        read.map_err(|error| Error::io(&self.path, "read the file", error))?;
        Entry::decode(&bytes, self.seal, number)
            .filter(|entry| entry.at.checked_add(entry.bytes).is_some_and(|end| end <= self.written.bytes))
            .ok_or_else(|| self.damaged(format!("entry {number} of its index does not match its checksum")))
    }

    fn bytes(&self, number: u64, entry: Entry) -> Result<Vec<u8>, Error> {
        let length = usize::try_from(entry.bytes).map_err(|_| self.damaged("a block is too long".to_owned()))?;
        let mut bytes = vec![0; length];
        let read = read_exact_at(&self.file, &mut bytes, entry.at);
        read.map_err(|error| Error::io(&self.path, "read the file", error))?;
        if checksum(&bytes) == entry.checksum {
            Ok(bytes)
        } else {
            Err(self.damaged(format!("block {number} does not match its checksum")))
        }
    }

    fn check_rows(&self, number: u64, entry: Entry, rows: usize) -> Result<u64, Error> {
        let rows = rows as u64;
        if rows == entry.rows {
            return Ok(rows);
        }
        Err(self.damaged(format!("block {number} has {rows} rows, not {}", entry.rows)))
    }

    fn damaged(&self, reason: String) -> Error {
        Error::Damaged { path: self.path.clone(), reason }
    }
}

#[cfg(test)]
mod tests {
    use tape_core::{IdRef, IdType, Value};

    use super::*;
    use crate::file::positioned::write_all_at;

    fn rows(n: i64) -> Rows {
        let mut rows = Rows::new(IdType::Int64);
        for i in 0..n {
            rows.ids.push(IdRef::Int(i % 7)).expect("an integer");
            rows.flux.push(i as f64);
            rows.band.push(3);
        }
        rows
    }

    fn results() -> Results {
        let mut results = Results::new(IdType::Utf8, 1);
        results.ids.push(IdRef::Text("a")).expect("text");
        results.band.push(1);
        results.n_obs.push(5);
        results.values[0].push(Value::Float(-0.0));
        results
    }

    fn write(path: &Path, seal: u32) -> Written {
        let rows = rows(100);
        let mut writer = BlockWriter::create(path, seal).expect("there is room");
        writer.rows(&[Part::of(&rows, 0..40), Part::of(&rows, 90..100)]).expect("there is room");
        writer.rows(&[Part::of(&rows, 5..5)]).expect("nothing to write");
        writer.results(&results()).expect("there is room");
        writer.finish().expect("there is room")
    }

    #[test]
    fn blocks_are_read_by_number() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("blocks");
        let written = write(&path, 9);
        let file = BlockFile::open(&path, written, 9).expect("it is there");
        assert_eq!(file.rows_by_block().expect("whole"), [50, 0, 1]);
        let mut back = Results::new(IdType::Utf8, 1);
        assert_eq!(file.results(2, &mut back).expect("whole"), 1);
        assert_eq!(format!("{back:?}"), format!("{:?}", results()), "to the sign of zero");
        let mut back = Rows::new(IdType::Int64);
        assert_eq!(file.rows(1, &mut back).expect("whole"), 0);
        assert_eq!(file.rows(0, &mut back).expect("whole"), 50);
        let mut expected = Rows::new(IdType::Int64);
        expected.extend_from(&rows(100), 0..40);
        expected.extend_from(&rows(100), 90..100);
        assert_eq!(back, expected);
        assert!(file.rows(3, &mut back).is_err(), "there are only three blocks");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn verify_finds_every_changed_byte_and_a_wrong_seal() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("blocks");
        let written = write(&path, 9);
        let good = std::fs::read(&path).expect("it is there");
        let disk = std::fs::OpenOptions::new().write(true).open(&path).expect("it is ours");
        let file = BlockFile::open(&path, written, 9).expect("the length is right");
        for (at, byte) in (0u64..).zip(&good) {
            write_all_at(&disk, &[byte ^ (1 << (at % 8))], at).expect("it is ours");
            let error = file.verify().expect_err("a byte was changed");
            assert!(error.to_string().contains("blocks: is damaged: "), "{error}");
            write_all_at(&disk, &[*byte], at).expect("it is ours");
        }
        let open = |seal| BlockFile::open(&path, written, seal).expect("the length is right");
        assert!(open(9).verify().is_ok());
        assert!(open(8).verify().is_err() && open(8).rows(0, &mut Rows::new(IdType::Int64)).is_err());
        std::fs::write(&path, &good[1..]).expect("it is ours");
        assert!(BlockFile::open(&path, written, 9).is_err());
        assert_eq!(write(&path, 9), written, "the same content gives the same file");
    }
}
