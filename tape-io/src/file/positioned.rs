//! Reads and writes at an offset, so that several readers can share one open file.

use std::fs::File;
use std::io;

use crate::fault::{self, Call};

/// Appends bytes from offset `at` to `buffer`, up to its capacity. Returns their number, which is 0 at the end of the
/// file.
#[cfg(unix)]
pub(crate) fn append_at(file: &File, buffer: &mut Vec<u8>, at: u64) -> io::Result<usize> {
    let before = buffer.len();
    let read = uninterrupted(|| {
        let most = fault::length(Call::Read, buffer.capacity() - before)?;
        // Reads into uninitialized memory, for which the standard library has no safe interface.
        let read = rustix::io::pread(file, rustix::buffer::spare_capacity(buffer), at)?;
        Ok(read.min(most))
    })?;
    buffer.truncate(before + read);
    Ok(read)
}

#[cfg(windows)]
pub(crate) fn append_at(file: &File, buffer: &mut Vec<u8>, at: u64) -> io::Result<usize> {
    let before = buffer.len();
    buffer.resize(buffer.capacity(), 0);
    let read = uninterrupted(|| read_at(file, &mut buffer[before..], at))?;
    buffer.truncate(before + read);
    Ok(read)
}

/// Repeats a call while signals interrupt it.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Fills `buffer` with the bytes at offset `at`.
pub(crate) fn read_exact_at(file: &File, mut buffer: &mut [u8], mut at: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match uninterrupted(|| read_at(file, buffer, at))? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                buffer = &mut buffer[n..];
                at += n as u64;
            }
        }
    }
    Ok(())
}

/// Writes all of `bytes` at offset `at`.
pub(crate) fn write_all_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match uninterrupted(|| write_at(file, bytes, at))? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => {
                bytes = &bytes[n..];
                at += n as u64;
            }
        }
    }
    Ok(())
}

fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let most = fault::length(Call::Read, buffer.len())?;
    system_read_at(file, &mut buffer[..most], at)
}

fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<usize> {
    let most = fault::length(Call::Write, bytes.len())?;
    system_write_at(file, &bytes[..most], at)
}

#[cfg(unix)]
fn system_read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn system_read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

#[cfg(unix)]
fn system_write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, at)
}

#[cfg(windows)]
fn system_write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, at)
}
