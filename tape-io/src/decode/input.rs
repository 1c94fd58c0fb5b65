//! The file reader of the Parquet decoders, which checks page headers and counts bytes.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use crate::decode::limits::PageBounds;
use crate::error::Error;
use crate::file::opened::Opened;

/// An open file that counts the bytes read from it.
pub(crate) struct PositionedFile {
    file: Opened,
    len: u64,
    bytes_read: Arc<AtomicU64>,
    /// Limits of what page headers may claim, set for the pages of a column chunk.
    bounds: Option<PageBounds>,
}

impl PositionedFile {
    pub(crate) const fn new(file: Opened, len: u64, bytes_read: Arc<AtomicU64>) -> Self {
        Self { file, len, bytes_read, bounds: None }
    }

    /// Downloads byte ranges of a remote file that will be read.
    pub(crate) fn prefetch(&self, ranges: impl IntoIterator<Item = Range<u64>>) -> std::result::Result<(), Error> {
        let fetched = self.file.prefetch(ranges)?;
        self.bytes_read.fetch_add(fetched, Ordering::Relaxed);
        Ok(())
    }

    /// Returns a handle to the same file for the pages of one column chunk.
    pub(crate) fn bounded(&self, bounds: PageBounds) -> Self {
        let (file, bytes_read) = (self.file.clone(), Arc::clone(&self.bytes_read));
        Self { file, len: self.len, bytes_read, bounds: Some(bounds) }
    }
}

impl Length for PositionedFile {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for PositionedFile {
    type T = PageHeader;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(PageHeader { file: self.file.clone(), start, bytes: vec![], taken: 0, bounds: self.bounds })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let left = self.len.saturating_sub(start);
        if length as u64 > left {
            return Err(ParquetError::EOF(format!(
                "cannot read {length} bytes at byte {start}: the file has {left} left"
            )));
        }
        if let Opened::Memory(bytes) = &self.file {
            let from = usize::try_from(start).unwrap_or(usize::MAX);
            self.bytes_read.fetch_add(length as u64, Ordering::Relaxed);
            return Ok(bytes.slice(from..from + length));
        }
        let (mut buffer, mut fetched) = (Vec::with_capacity(length), 0);
        while buffer.len() < length {
            let at = start + buffer.len() as u64;
            let (read, more) = self.file.append_at(&mut buffer, at)?;
            fetched += more;
            if read == 0 {
                return Err(ParquetError::EOF(format!("the file ends at byte {at}")));
            }
        }
        // The allocator may have reserved more than requested.
        buffer.truncate(length);
        // Bytes of remote files were counted when they were downloaded.
        let local = matches!(self.file, Opened::Local(_));
        self.bytes_read.fetch_add(if local { length as u64 } else { fetched }, Ordering::Relaxed);
        Ok(buffer.into())
    }
}

/// A reader for page headers. The decoder also creates one where it knows the header already, and then reads nothing
/// from it, so the file is not read before the first call.
pub(crate) struct PageHeader {
    file: Opened,
    start: u64,
    bytes: Vec<u8>,
    taken: usize,
    bounds: Option<PageBounds>,
}

impl PageHeader {
    /// Sizes to try. Most headers have a few hundred bytes, but long texts in their statistics can make them larger.
    const LENGTHS: [usize; 3] = [1 << 10, 1 << 16, 1 << 20];

    /// Reads enough bytes for a header, and checks it before the decoder sees it.
    fn fill(&mut self) -> Result<()> {
        let there = self.bytes.len();
        for length in Self::LENGTHS.into_iter().filter(|&length| length > there) {
            self.bytes.reserve_exact(length - self.bytes.len());
            while self.bytes.len() < length {
                let at = self.start + self.bytes.len() as u64;
                if self.file.append_at(&mut self.bytes, at)?.0 == 0 {
                    break;
                }
            }
            let known = self.bounds.map_or(Ok(true), |bounds| bounds.check(&self.bytes))?;
            if known || self.bytes.len() < length {
                return Ok(());
            }
        }
        Err(ParquetError::General("a page header is larger than 1 MiB".to_owned()))
    }
}

impl Read for PageHeader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.bytes.len() {
            self.fill().map_err(io::Error::other)?;
        }
        let n = (&self.bytes[self.taken..]).read(buffer)?;
        self.taken += n;
        Ok(n)
    }
}
