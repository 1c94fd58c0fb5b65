//! Spills rows to disk, as compressed Arrow batches in a file without a name. The file disappears however the program
//! ends.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::error::ArrowError;
use tape_core::{Part, Results, Rows, SourceError, Spill, Spilled};

use crate::error::Error;
use crate::fault::{self, Call};
use crate::file::positioned::{read_exact_at, write_all_at};
use crate::spill::codec;

/// A folder for spilled rows. The file is created when the first rows are spilled.
#[derive(Debug)]
pub struct SpillFolder {
    folder: PathBuf,
    file: Mutex<Option<Arc<File>>>,
    end: AtomicU64,
}

impl SpillFolder {
    /// Uses the folder at `path`, which must exist.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { folder: path.to_owned(), file: Mutex::new(None), end: AtomicU64::new(0) }
    }

    pub(crate) fn file(&self) -> Result<Arc<File>, Error> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &*file {
            return Ok(Arc::clone(file));
        }
        let made = fault::before(Call::Create)
            .and_then(|()| tempfile::tempfile_in(&self.folder))
            .map_err(|error| Error::spill(&self.folder, &error))?;
        Ok(Arc::clone(file.insert(Arc::new(made))))
    }

    /// Writes a piece of `rows` rows.
    fn write(&self, encoded: Result<Vec<u8>, ArrowError>, rows: usize) -> Result<Spilled, SourceError> {
        let failed = |error: std::io::Error| Error::spill(&self.folder, &error);
        let bytes = encoded.map_err(|error| failed(std::io::Error::other(error)))?;
        let (rows, length) = (rows as u64, bytes.len() as u64);
        if bytes.is_empty() {
            return Ok(Spilled { at: 0, bytes: 0, rows, checksum: 0 });
        }
        let at = self.end.fetch_add(length, Ordering::Relaxed);
        write_all_at(&*self.file()?, &bytes, at).map_err(failed)?;
        Ok(Spilled { at, bytes: length, rows, checksum: crc32fast::hash(&bytes) })
    }

    /// Reads a piece, and passes its bytes to `decode` unless it is empty.
    fn read(&self, piece: &Spilled, decode: impl FnOnce(&[u8]) -> Result<(), ArrowError>) -> Result<(), SourceError> {
        if piece.bytes == 0 {
            return Ok(());
        }
        let failed = |error: std::io::Error| Error::spill(&self.folder, &error);
        let mut bytes = vec![0; usize::try_from(piece.bytes)?];
        read_exact_at(&*self.file()?, &mut bytes, piece.at).map_err(failed)?;
        if crc32fast::hash(&bytes) != piece.checksum {
            return Err(failed(std::io::Error::other("the data read back does not match its checksum")).into());
        }
        decode(&bytes).map_err(|error| failed(std::io::Error::other(error)).into())
    }
}

impl Spill for SpillFolder {
    fn put(&self, parts: &[Part<'_>]) -> Result<Spilled, SourceError> {
        self.write(codec::encode(parts), parts.iter().map(|part| part.end - part.start).sum())
    }

    fn take(&self, piece: &Spilled, rows: &mut Rows) -> Result<(), SourceError> {
        self.read(piece, |bytes| codec::decode(bytes, rows))
    }

    fn put_results(&self, results: &Results) -> Result<Spilled, SourceError> {
        self.write(codec::encode_results(results), results.len())
    }

    fn take_results(&self, piece: &Spilled, results: &mut Results) -> Result<(), SourceError> {
        self.read(piece, |bytes| codec::decode_results(bytes, results))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::FileExt;

    use tape_core::{IdRef, IdType, Value};

    use super::*;

    fn rows(id_type: IdType, n: u8) -> Rows {
        let mut rows = Rows::new(id_type);
        for i in 0..n {
            let text = format!("object {i}");
            rows.ids
                .push(if id_type == IdType::Utf8 { IdRef::Text(&text) } else { IdRef::Int(-i64::from(i)) })
                .expect("an id of this type");
            rows.band.push(i % 3);
            rows.flux.push(f64::from(i).sqrt());
            rows.error.push(if i == 7 { f64::NAN } else { 0.1 });
        }
        rows
    }

    #[test]
    fn pieces_can_be_read_in_any_order() {
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
            // NaN is not equal to itself, so the debug output is compared.
            let shown = |rows: &Rows| format!("{rows:?}");
            assert_eq!(shown(&back), shown(&expected));
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "the files have no names");
    }

    #[test]
    fn results_round_trip_exactly() {
        let folder = tempfile::tempdir().expect("a folder");
        for id_type in [IdType::Int64, IdType::Utf8] {
            let mut results = Results::new(id_type, 2);
            results.ids = rows(id_type, 4).ids;
            results.band = vec![2, 0, 1, 2];
            results.n_obs = vec![u64::MAX, 0, 7, 1];
            results.values[0] = vec![Value::Float(-0.0), Value::Null, Value::Float(f64::NAN), Value::Float(1e-310)];
            results.values[1] = vec![Value::Int(i64::MIN), Value::Bool(true), Value::Bool(false), Value::Int(-1)];
            let spill = SpillFolder::new(folder.path());
            let nothing = spill.put_results(&results.new_like()).expect("nothing to write");
            let piece = spill.put_results(&results).expect("there is room");
            let mut back = results.new_like();
            spill.take_results(&nothing, &mut back).expect("it is there");
            spill.take_results(&piece, &mut back).expect("it is there");
            assert_eq!(format!("{back:?}"), format!("{results:?}"));
        }
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
        assert!(error.to_string().contains("does not match its checksum"), "{error}");
    }

    #[test]
    fn a_changed_bit_never_gives_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let spill = SpillFolder::new(folder.path());
        let rows = rows(IdType::Utf8, 40);
        let piece = spill.put(&[Part::of(&rows, 0..40)]).expect("there is room");
        let file = spill.file().expect("it was made");
        for at in 0..piece.bytes {
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).expect("it is there");
            file.write_all_at(&[byte[0] ^ (1 << (at % 8))], at).expect("it is ours");
            let mut back = Rows::new(IdType::Utf8);
            spill.take(&piece, &mut back).expect_err("it was changed");
            assert!(back.is_empty(), "byte {at}");
            file.write_all_at(&byte, at).expect("it is ours");
        }
        spill.take(&piece, &mut Rows::new(IdType::Utf8)).expect("it is whole again");
    }

    #[test]
    fn a_missing_folder_is_named_in_the_error() {
        let spill = SpillFolder::new(Path::new("/no/such/folder"));
        let rows = rows(IdType::Int64, 1);
        let error = spill.put(&[Part::of(&rows, 0..1)]).expect_err("nowhere to write");
        assert!(error.to_string().contains("/no/such/folder"), "{error}");
    }
}
