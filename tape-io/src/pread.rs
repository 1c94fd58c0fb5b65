//! Reads at a position, so that many readers share one open file.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// An open file; counts the bytes that are read from it.
pub(crate) struct PositionedFile {
    file: Arc<File>,
    len: u64,
    bytes_read: Arc<AtomicU64>,
}

impl PositionedFile {
    pub(crate) fn new(file: File, len: u64, bytes_read: Arc<AtomicU64>) -> Self {
        Self { file: Arc::new(file), len, bytes_read }
    }
}

impl Length for PositionedFile {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for PositionedFile {
    type T = BufReader<ReadAt>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        // Only page headers are read this way: they are some hundred bytes.
        Ok(BufReader::with_capacity(1024, ReadAt { file: Arc::clone(&self.file), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let left = self.len.saturating_sub(start);
        if length as u64 > left {
            return Err(ParquetError::EOF(format!("{length} bytes wanted at byte {start}, where the file has {left}")));
        }
        let mut buffer = Vec::with_capacity(length);
        while buffer.len() < length {
            let at = start + buffer.len() as u64;
            if append_at(&self.file, &mut buffer, at)? == 0 {
                return Err(ParquetError::EOF(format!("the file ends at byte {at}")));
            }
        }
        // An allocator may give more room than was asked for.
        buffer.truncate(length);
        self.bytes_read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(buffer.into())
    }
}

/// A cursor of its own over a shared file.
pub(crate) struct ReadAt {
    file: Arc<File>,
    at: u64,
}

impl Read for ReadAt {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = read_at(&self.file, buffer, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

/// Appends some of the bytes at `at` to `buffer`, up to its capacity. Returns how many: 0 at the end of the file.
#[cfg(unix)]
fn append_at(file: &File, buffer: &mut Vec<u8>, at: u64) -> io::Result<usize> {
    loop {
        // The system writes into room that was not cleared first, which the standard library has no safe way to ask for.
        match rustix::io::pread(file, rustix::buffer::spare_capacity(buffer), at) {
            Err(rustix::io::Errno::INTR) => {}
            read => return Ok(read?),
        }
    }
}

#[cfg(windows)]
fn append_at(file: &File, buffer: &mut Vec<u8>, at: u64) -> io::Result<usize> {
    let before = buffer.len();
    buffer.resize(buffer.capacity(), 0);
    let read = read_at(file, &mut buffer[before..], at)?;
    buffer.truncate(before + read);
    Ok(read)
}

/// Fills `buffer` with the bytes at `at`.
pub(crate) fn read_exact_at(file: &File, mut buffer: &mut [u8], mut at: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match read_at(file, buffer, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                buffer = &mut buffer[n..];
                at += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes all of `bytes` at `at`.
pub(crate) fn write_all_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match write_at(file, bytes, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => {
                bytes = &bytes[n..];
                at += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, at)
}

#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, at)
}
