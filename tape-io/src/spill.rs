//! Rows put away on disk: compressed Arrow batches in a file without a name, so that nothing is left of it however the program
//! ends.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tape_core::{Part, Rows, SourceError, Spill, Spilled};

use crate::error::Error;
use crate::pread::{read_exact_at, write_all_at};

pub(crate) mod codec;

/// A folder to put rows away in. A file is made there once the first rows come.
#[derive(Debug)]
pub struct SpillFolder {
    folder: PathBuf,
    file: Mutex<Option<Arc<File>>>,
    end: AtomicU64,
}

impl SpillFolder {
    /// The folder at `path`, which must exist.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { folder: path.to_owned(), file: Mutex::new(None), end: AtomicU64::new(0) }
    }

    fn file(&self) -> Result<Arc<File>, Error> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &*file {
            return Ok(Arc::clone(file));
        }
        let made = tempfile::tempfile_in(&self.folder).map_err(|error| Error::spill(&self.folder, &error))?;
        Ok(Arc::clone(file.insert(Arc::new(made))))
    }
}

impl Spill for SpillFolder {
    fn put(&self, parts: &[Part<'_>]) -> Result<Spilled, SourceError> {
        let rows = parts.iter().map(|part| part.end - part.start).sum::<usize>() as u64;
        let bytes = codec::encode(parts).map_err(|error| Error::spill(&self.folder, &std::io::Error::other(error)))?;
        if bytes.is_empty() {
            return Ok(Spilled { at: 0, bytes: 0, rows, checksum: 0 });
        }
        let length = bytes.len() as u64;
        let at = self.end.fetch_add(length, Ordering::Relaxed);
        write_all_at(&*self.file()?, &bytes, at).map_err(|error| Error::spill(&self.folder, &error))?;
        Ok(Spilled { at, bytes: length, rows, checksum: crc32fast::hash(&bytes) })
    }

    fn take(&self, piece: &Spilled, rows: &mut Rows) -> Result<(), SourceError> {
        if piece.bytes == 0 {
            return Ok(());
        }
        let failed = |error: std::io::Error| Error::spill(&self.folder, &error);
        let mut bytes = vec![0; usize::try_from(piece.bytes)?];
        read_exact_at(&*self.file()?, &mut bytes, piece.at).map_err(failed)?;
        if crc32fast::hash(&bytes) != piece.checksum {
            return Err(failed(std::io::Error::other("what was read back is not what was written")).into());
        }
        codec::decode(&bytes, rows).map_err(|error| failed(std::io::Error::other(error)).into())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::FileExt;

    use tape_core::{IdRef, IdType};

    use super::*;

    fn rows(id_type: IdType, n: u8) -> Rows {
        let mut rows = Rows::new(id_type);
        for i in 0..n {
            let text = format!("object {i}");
            rows.ids.push(if id_type == IdType::Utf8 { IdRef::Text(&text) } else { IdRef::Int(-i64::from(i)) });
            rows.band.push(i % 3);
            rows.flux.push(f64::from(i).sqrt());
            rows.error.push(if i == 7 { f64::NAN } else { 0.1 });
        }
        rows
    }

    #[test]
    fn pieces_come_back_in_any_order() {
        let folder = tempfile::tempdir().expect("a folder");
        for id_type in [IdType::Int64, IdType::Utf8] {
            let spill = SpillFolder::new(folder.path());
            let (a, b) = (rows(id_type, 100), rows(id_type, 30));
            let first = spill.put(&[Part::of(&a, 10..60), Part::of(&b, 0..30)]).expect("there is room");
            let second = spill.put(&[Part::of(&a, 90..100)]).expect("there is room");
            let nothing = spill.put(&[Part::of(&a, 5..5)]).expect("nothing to write");
            assert_eq!((first.rows, second.rows, nothing.rows), (80, 10, 0));
            let mut back = Rows::new(id_type);
            for piece in [&second, &nothing, &first] {
                spill.take(piece, &mut back).expect("it is there");
            }
            let mut expected = Rows::new(id_type);
            expected.extend_from(&a, 90..100);
            expected.extend_from(&a, 10..60);
            expected.extend_from(&b, 0..30);
            // NaN equals nothing, itself included.
            let shown = |rows: &Rows| format!("{rows:?}");
            assert_eq!(shown(&back), shown(&expected));
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "the files have no names");
    }

    #[test]
    fn a_changed_byte_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let spill = SpillFolder::new(folder.path());
        let rows = rows(IdType::Int64, 50);
        let piece = spill.put(&[Part::of(&rows, 0..50)]).expect("there is room");
        let file = spill.file().expect("it was made");
        let mut byte = [0];
        file.read_exact_at(&mut byte, piece.bytes / 2).expect("it is there");
        file.write_all_at(&[byte[0] ^ 1], piece.bytes / 2).expect("it is ours");
        let error = spill.take(&piece, &mut Rows::new(IdType::Int64)).expect_err("it was changed");
        assert!(error.to_string().contains("not what was written"), "{error}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let spill = SpillFolder::new(Path::new("/no/such/folder"));
        let rows = rows(IdType::Int64, 1);
        let error = spill.put(&[Part::of(&rows, 0..1)]).expect_err("nowhere to write");
        assert!(error.to_string().contains("/no/such/folder"), "{error}");
    }
}
