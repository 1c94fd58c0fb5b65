//! Converts panics of decoders, which corrupt files can cause, to errors.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::errors::{ParquetError, Result};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Returns true if this thread runs a decoder whose panics become errors, so that a panic hook need not report them.
#[must_use]
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Runs a decoder and converts a panic to an error.
pub(crate) fn guarded<T>(decode: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = GUARDED.replace(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    GUARDED.set(before);
    decoded.unwrap_or_else(|_| Err(ParquetError::General("the decoder panicked".to_owned())))
}
