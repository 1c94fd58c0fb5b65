//! Files in object stores and on web servers, accessed with `object_store`.
//!
//! Readers do not know that a file is remote. Their byte ranges are known from the footers, so they are [downloaded
//! ahead](file::RemoteFile::prefetch): neighboring columns together, several requests concurrently. All workers share
//! one small async runtime, and block until it is done.

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

/// Number of threads that run requests. The workers that wait for bytes are not among them.
const THREADS: usize = 2;

/// Blocks until a request is complete.
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

/// Converts the error of a request to one that says what to do.
fn answered<T>(path: &Path, answer: io::Result<Result<T, StoreError>>) -> Result<T, Error> {
    match answer {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(failed(path, &error)),
        Err(error) => Err(Error::io(path, "start the threads for requests", error)),
    }
}

/// Converts an error of the store to one that says what to do.
fn failed(path: &Path, error: &StoreError) -> Error {
    let url = path.to_path_buf();
    match error {
        StoreError::NotFound { .. } => Error::NotFound { path: url },
        StoreError::Precondition { .. } => Error::Changed { path: url },
        other => Error::Remote { path: url, reason: reason(other) },
    }
}

/// Returns the reason of a failed request and what to do, in one line.
fn reason(error: &StoreError) -> String {
    let all = chain(error);
    let has = |words: &[&str]| words.iter().any(|word| all.to_lowercase().contains(word));
    let refused = matches!(error, StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. });
    if refused || has(&[" 403", " 401"]) {
        "access is denied (403): set credentials in the environment, or check the name".to_owned()
    } else if has(&["dns", "resolve", "lookup address"]) {
        "unknown host: check the name".to_owned()
    } else if has(&["connection refused", "connect error", "error trying to connect"]) {
        "no connection to the host: check the name and the port".to_owned()
    } else if has(&["timed out", "deadline"]) {
        "no answer in time: try again, or raise TAPE_REMOTE_TIMEOUT (seconds)".to_owned()
    } else if has(&["range"]) && matches!(error, StoreError::NotSupported { .. }) {
        "the server does not support range requests: copy the file, or use another server".to_owned()
    } else {
        let said = all.lines().next().unwrap_or_default().trim_end_matches('.');
        format!("the server or store failed repeatedly: try again later ({said})")
    }
}

/// Joins the messages of an error and its causes.
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

/// The files below a URL.
pub(crate) enum Below {
    /// All files below the URL, as URLs.
    All(Vec<PathBuf>),
    /// The server does not list files.
    NoListing,
}

/// Lists the files below a URL, at any depth.
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

/// Returns true if a file exists at a URL.
pub(crate) fn is_file(path: &Path) -> Result<bool, Error> {
    let at = At::of(path)?;
    match wait(at.store.head(&at.path)) {
        Ok(Err(StoreError::NotFound { .. })) => Ok(false),
        answer => answered(path, answer).map(|_| true),
    }
}

/// Downloads a small file.
pub(crate) fn bytes(path: &Path) -> Result<bytes::Bytes, Error> {
    let at = At::of(path)?;
    answered(path, wait(async { at.store.get(&at.path).await?.bytes().await }))
}
