//! Files in object stores and on web servers, by `object_store`: what is at a URL, and its bytes.
//!
//! Readers stay as they are, and ask for bytes at a position. What they will ask for is known from footers, so it is [fetched
//! before](file::RemoteFile::prefetch): neighbouring columns at once, some requests side by side. One small runtime serves all
//! workers, who wait for it.

mod file;
mod stores;

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt};
use tokio::runtime::{Builder, Runtime};

use crate::error::Error;
pub(crate) use file::RemoteFile;
use stores::At;

/// Threads that serve requests; those who wait for bytes are others.
const THREADS: usize = 2;

/// Waits for what a store answers.
fn wait<T>(answer: impl Future<Output = T>) -> io::Result<T> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = match RUNTIME.get() {
        Some(runtime) => runtime,
        None => {
            let built =
                Builder::new_multi_thread().worker_threads(THREADS).thread_name("tape-remote").enable_all().build()?;
            RUNTIME.get_or_init(|| built)
        }
    };
    Ok(runtime.block_on(answer))
}

/// An answer of a store, or why there is none, in words that say what to do.
fn answered<T>(path: &Path, answer: io::Result<Result<T, StoreError>>) -> Result<T, Error> {
    match answer {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(failed(path, &error)),
        Err(error) => Err(Error::io(path, "start the threads that wait for stores", error)),
    }
}

/// What a store said, and what to do.
fn failed(path: &Path, error: &StoreError) -> Error {
    let url = path.to_path_buf();
    match error {
        StoreError::NotFound { .. } => Error::NotFound { path: url },
        StoreError::Precondition { .. } => Error::Changed { path: url },
        other => Error::Remote { path: url, reason: reason(other) },
    }
}

/// Why there is no answer, in one line.
fn reason(error: &StoreError) -> String {
    let all = chain(error);
    let has = |words: &[&str]| words.iter().any(|word| all.to_lowercase().contains(word));
    let refused = matches!(error, StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. });
    if refused || has(&[" 403", " 401"]) {
        "access is denied (403): give credentials in the environment, or look at whether the name is right".to_owned()
    } else if has(&["dns", "resolve", "lookup address"]) {
        "there is no such host: look at whether the name is right".to_owned()
    } else if has(&["connection refused", "connect error", "error trying to connect"]) {
        "no connection to the host: look at whether the name and the port are right".to_owned()
    } else if has(&["timed out", "deadline"]) {
        "no answer in time: try again, or allow more with TAPE_REMOTE_TIMEOUT (seconds)".to_owned()
    } else if has(&["range"]) && matches!(error, StoreError::NotSupported { .. }) {
        "the server does not give parts of files (ranges): copy the file, or use another server".to_owned()
    } else {
        let said = all.lines().next().unwrap_or_default().trim_end_matches('.');
        format!("the server or store failed, and did again when asked again: try later ({said})")
    }
}

/// An error with all that caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut all = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !all.contains(&words) {
            all = format!("{all}: {words}");
        }
        source = cause.source();
    }
    all
}

/// What lies at a URL that is not that of a file.
pub(crate) enum Below {
    /// Everything below it, as URLs.
    All(Vec<PathBuf>),
    /// The server cannot tell.
    NoListing,
}

/// Everything below a URL, at any depth.
pub(crate) fn list(folder: &Path) -> Result<Below, Error> {
    let at = At::of(folder)?;
    if !at.lists {
        return Ok(Below::NoListing);
    }
    let all = wait(async {
        use futures::TryStreamExt;
        at.store.list(Some(&at.path)).map_ok(|meta| meta.location).try_collect::<Vec<_>>().await
    });
    let mut all: Vec<PathBuf> = answered(folder, all)?.iter().map(|location| at.url_of(location)).collect();
    all.sort();
    Ok(Below::All(all))
}

/// Whether there is a file at a URL.
pub(crate) fn is_file(path: &Path) -> Result<bool, Error> {
    let at = At::of(path)?;
    match wait(at.store.head(&at.path)) {
        Ok(Err(StoreError::NotFound { .. })) => Ok(false),
        answer => answered(path, answer).map(|_| true),
    }
}

/// The bytes of a small file.
pub(crate) fn bytes(path: &Path) -> Result<bytes::Bytes, Error> {
    let at = At::of(path)?;
    answered(path, wait(async { at.store.get(&at.path).await?.bytes().await }))
}
