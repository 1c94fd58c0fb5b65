//! A remote file and its downloaded parts.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use object_store::path::Path as Location;
use object_store::{Error as StoreError, GetOptions, GetRange, ObjectStore, ObjectStoreExt};

use super::stores::At;
use super::{answered, wait};
use crate::error::Error;

/// Ranges closer than this many bytes are fetched in one request, because a request costs about as much as this many
/// bytes.
const GAP: u64 = 256 << 10;
/// Minimum size of a request for bytes that were not prefetched.
const LEAST: u64 = 64 << 10;

/// The metadata of a remote file when it was first opened.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) len: u64,
    pub(crate) modified: SystemTime,
    tag: Option<String>,
}

/// A file in an object store or on a web server.
pub(crate) struct RemoteFile {
    url: PathBuf,
    store: Arc<dyn ObjectStore>,
    path: Location,
    known: Known,
    /// Downloaded parts, each with its offset.
    parts: Mutex<Vec<(u64, Bytes)>>,
}

impl RemoteFile {
    /// Opens a file. Its metadata is requested once per process; every later request checks that the file is unchanged.
    pub(crate) fn open(url: &Path) -> Result<(Self, Known), Error> {
        static KNOWN: OnceLock<Mutex<HashMap<PathBuf, Known>>> = OnceLock::new();
        let all = || KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        let At { store, path, .. } = At::of(url)?;
        let before = all().get(url).cloned();
        let known = match before {
            Some(known) => known,
            None => {
                let meta = answered(url, wait(store.head(&path)))?;
                let known = Known { len: meta.size, modified: meta.last_modified.into(), tag: meta.e_tag };
                all().insert(url.to_owned(), known.clone());
                known
            }
        };
        Ok((Self { url: url.to_owned(), store, path, known: known.clone(), parts: Mutex::default() }, known))
    }

    /// Downloads byte ranges, in any order, in few concurrent requests. Returns the number of bytes downloaded.
    pub(crate) fn prefetch(&self, ranges: impl IntoIterator<Item = Range<u64>>) -> Result<u64, Error> {
        let wanted = together(ranges.into_iter().map(|range| range.start..range.end.min(self.known.len)).collect());
        let fetched = wait(async {
            let parts = wanted.iter().cloned().map(|range| self.fetch(range));
            futures::future::try_join_all(parts).await
        });
        let fetched = answered(&self.url, fetched)?;
        let bytes = fetched.iter().map(|(_, part)| part.len() as u64).sum();
        self.parts().extend(fetched);
        Ok(bytes)
    }

    /// Returns up to `most` bytes from offset `at`, none at the end of the file, and the number of bytes downloaded for
    /// them.
    pub(crate) fn read_at(&self, at: u64, most: usize) -> io::Result<(Bytes, u64)> {
        if at >= self.known.len || most == 0 {
            return Ok((Bytes::new(), 0));
        }
        let found = |parts: &[(u64, Bytes)]| {
            parts.iter().find_map(|(start, part)| {
                let from = usize::try_from(at.checked_sub(*start)?).ok().filter(|from| *from < part.len())?;
                Some(part.slice(from..part.len().min(from.saturating_add(most))))
            })
        };
        let there = found(&self.parts());
        if let Some(there) = there {
            return Ok((there, 0));
        }
        let fetched =
            self.prefetch(std::iter::once(at..at.saturating_add(LEAST.max(most as u64)))).map_err(io::Error::other)?;
        let there = found(&self.parts());
        there.map(|there| (there, fetched)).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    async fn fetch(&self, range: Range<u64>) -> Result<(u64, Bytes), StoreError> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range.clone())),
            if_match: self.known.tag.clone(),
            ..GetOptions::default()
        };
        let answer = self.store.get_opts(&self.path, options).await?;
        // For servers that do not support entity tags, or ignore them.
        let same = answer.meta.size == self.known.len
            && (self.known.tag.is_none() || answer.meta.e_tag.is_none() || answer.meta.e_tag == self.known.tag);
        if !same {
            let path = self.path.to_string();
            return Err(StoreError::Precondition { path, source: "the file has changed".into() });
        }
        let part = answer.bytes().await?;
        if part.len() as u64 != range.end - range.start {
            let source = format!("received {} bytes instead of {}", part.len(), range.end - range.start);
            return Err(StoreError::Generic { store: "remote", source: source.into() });
        }
        Ok((range.start, part))
    }

    fn parts(&self) -> MutexGuard<'_, Vec<(u64, Bytes)>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sorts ranges and merges those closer than [`GAP`].
fn together(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut out: Vec<Range<u64>> = vec![];
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(GAP) => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ranges_are_merged() {
        let far = 10 * GAP;
        assert_eq!(together(vec![far..far + 5, 0..10, 20..30, 5..12, 7..7]), [0..30, far..far + 5]);
        assert!(together(vec![]).is_empty());
    }
}
