//! Resolves paths, folders, patterns and URLs to Parquet files.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::catalog::found::{Found, PassedOver, is_parquet};
use crate::catalog::sky::{Region, SkyColumns};
use crate::error::Error;
use crate::fault::{self, Call};
use crate::file::identity::Met;
use crate::file::local_url::local_path;
use crate::file::opened::is_remote;

/// The files behind some inputs.
#[derive(Default)]
pub(crate) struct Discovered {
    pub(crate) files: Vec<PathBuf>,
    /// Columns of positions that the catalogues declare.
    pub(crate) sky: SkyColumns,
    pub(crate) passed_over: PassedOver,
}

/// Returns the files of `inputs`, in the order of the inputs, sorted by path within each. A file that several inputs, links
/// or spellings of its path stand for is returned once.
///
/// A folder stands for all Parquet files in and below it, whatever their names: content decides where the name does not
/// tell. Names that start with `_` or `.` are skipped, because they are metadata by convention, and so is the
/// `data_thumbnail.parquet` of HATS catalogues, unless the input itself names them.
///
/// A HATS collection stands for the files of its primary catalogue, and a HATS or HiPSCat catalogue for the partitions
/// that it lists. Margins and indices, which repeat rows of other catalogues, are skipped below a folder.
///
/// # Errors
/// Returns an error if an input does not exist, cannot be read or matches no file, if it is an incomplete catalogue or a
/// margin, or if it is a table whose files alone do not tell its rows, such as one of Delta Lake or Iceberg.
pub fn discover<P: AsRef<Path>>(inputs: &[P]) -> Result<Vec<PathBuf>, Error> {
    Ok(discover_within(inputs, None)?.files)
}

/// Works like [`discover`], but skips partitions of catalogues outside a region, and returns what else was found.
pub(crate) fn discover_within<P: AsRef<Path>>(inputs: &[P], region: Option<&Region>) -> Result<Discovered, Error> {
    if inputs.is_empty() {
        return Err(Error::NoInput);
    }
    let (mut all, mut met) = (Discovered::default(), Met::default());
    for input in inputs {
        let found = behind(input.as_ref(), region)?;
        all.sky = all.sky.or(found.sky);
        all.passed_over.add(found.passed_over);
        all.files.extend(found.files.into_iter().filter(|file| met.insert(file)));
    }
    Ok(all)
}

fn behind<'a>(input: &Path, region: Option<&'a Region>) -> Result<Found<'a>, Error> {
    // URLs and patterns are Unicode. Any other path names a file or a folder.
    let text = input.to_string_lossy();
    // A URL can also name a local file.
    let local = local_path(input);
    let path = &*local;
    if is_remote(path) {
        return remote(&text, region);
    }
    let mut found = Found::new(region);
    // An existing file or folder whose name looks like a pattern is not a pattern.
    match fault::before(Call::List).and_then(|()| fs::metadata(path)) {
        Ok(metadata) if metadata.is_dir() => found.folder(path, true)?,
        Ok(_) => {
            found.files.push(path.to_owned());
            return Ok(found);
        }
        Err(error) if error.kind() == ErrorKind::NotFound && text.contains(['*', '?', '[']) => found.pattern(path)?,
        Err(error) => return Err(Error::io(path, "read its metadata", error)),
    }
    found.finish(&path.to_string_lossy())
}

/// Resolves a URL: a file, a folder, a pattern or a catalogue.
fn remote<'a>(input: &str, region: Option<&'a Region>) -> Result<Found<'a>, Error> {
    let path = Path::new(input);
    let mut found = Found::new(region);
    if input.starts_with("http") && input.contains(['?', '#']) {
        let reason = "a URL with ? or # is that of a web page, not of a file: remove that part".to_owned();
        return Err(Error::Remote { path: path.to_owned(), reason });
    }
    if is_parquet(path) && !input.contains(['*', '?', '[']) {
        found.files.push(path.to_owned());
        return Ok(found);
    }
    if input.contains(['*', '?', '[']) {
        found.remote_pattern(input)?;
    } else {
        let folder = PathBuf::from(input.trim_end_matches('/'));
        found.remote_folder(&folder)?;
    }
    found.finish(input)
}
