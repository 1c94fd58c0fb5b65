//! Decoders may panic on bytes that no writer produces: that is a corrupt file, not the end of the program.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::errors::{ParquetError, Result};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread runs a decoder of which a panic becomes an error: a panic hook need not tell of it.
#[must_use]
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Runs a decoder; a panic becomes an error.
pub(crate) fn guarded<T>(decode: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = GUARDED.replace(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    GUARDED.set(before);
    decoded.unwrap_or_else(|_| Err(ParquetError::General("the decoder gave up on it".to_owned())))
}
