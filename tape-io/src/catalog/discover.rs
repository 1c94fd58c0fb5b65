//! Resolves paths, folders, patterns and URLs to Parquet files.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::catalog::hats::{self, Catalogue, Properties};
use crate::catalog::sky::{Region, SkyColumns};
use crate::error::Error;
use crate::fault::{self, Call};
use crate::file::list::{is_folder, list};
use crate::file::opened::is_remote;

/// Returns the files of `inputs`, in the order of the inputs, sorted by path within each, and without duplicates. A
/// folder stands for all files in and below it that end in `.parquet` or `.parq`. Names that start with `_` or `.` are
/// skipped, because they are metadata by convention, unless the input itself names them.
///
/// A HATS collection stands for the files of its primary catalogue, and a HATS or HiPSCat catalogue for the partitions
/// that it lists. Margins and indices, which repeat rows of other catalogues, are skipped below a folder.
///
/// # Errors
/// Returns an error if an input does not exist, cannot be read or matches no file, or if it is an incomplete catalogue
/// or a margin.
pub fn discover<P: AsRef<Path>>(inputs: &[P]) -> Result<Vec<PathBuf>, Error> {
    Ok(discover_within(inputs, None)?.0)
}

/// Works like [`discover`], but skips partitions of catalogues outside a region, and also returns the columns of
/// positions that the catalogues declare.
pub(crate) fn discover_within<P: AsRef<Path>>(
    inputs: &[P],
    region: Option<&Region>,
) -> Result<(Vec<PathBuf>, SkyColumns), Error> {
    if inputs.is_empty() {
        return Err(Error::NoInput);
    }
    let (mut files, mut sky) = (Vec::new(), SkyColumns::default());
    for input in inputs {
        let found = behind(input.as_ref(), region)?;
        sky = sky.or(found.sky);
        for file in found.files {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok((files, sky))
}

fn behind<'a>(input: &Path, region: Option<&'a Region>) -> Result<Found<'a>, Error> {
    // URLs and patterns are Unicode. Any other path names a file or a folder.
    let text = input.to_str().unwrap_or_default();
    // A URL can also name a local file.
    let path = text.strip_prefix("file://").map_or(input, Path::new);
    if is_remote(path) {
        return remote(text, region);
    }
    let mut found = Found { region, ..Found::default() };
    // An existing file or folder whose name looks like a pattern is not a pattern.
    match fault::before(Call::List).and_then(|()| fs::metadata(path)) {
        Ok(metadata) if metadata.is_dir() => found.folder(path, true)?,
        Ok(_) => return Ok(Found { files: vec![path.to_owned()], ..found }),
        Err(error) if error.kind() == ErrorKind::NotFound && text.contains(['*', '?', '[']) => {
            found.pattern(&path.to_string_lossy())?;
        }
        Err(error) => return Err(Error::io(path, "read its metadata", error)),
    }
    found.files.sort();
    if found.files.is_empty() {
        return Err(Error::NoMatch { pattern: path.display().to_string(), hidden: found.hidden });
    }
    Ok(found)
}

/// Resolves a URL: a file, a folder, a pattern or a catalogue.
fn remote<'a>(input: &str, region: Option<&'a Region>) -> Result<Found<'a>, Error> {
    let path = Path::new(input);
    let mut found = Found { region, ..Found::default() };
    if input.starts_with("http") && input.contains(['?', '#']) {
        let reason = "a URL with ? or # is that of a web page, not of a file: remove that part".to_owned();
        return Err(Error::Remote { path: path.to_owned(), reason });
    }
    if is_parquet(path) && !input.contains(['*', '?', '[']) {
        return Ok(Found { files: vec![path.to_owned()], ..found });
    }
    if input.contains(['*', '?', '[']) {
        found.remote_pattern(input)?;
    } else {
        let folder = PathBuf::from(input.trim_end_matches('/'));
        found.remote_folder(&folder)?;
    }
    found.files.sort();
    if found.files.is_empty() {
        return Err(Error::NoMatch { pattern: input.to_owned(), hidden: found.hidden });
    }
    Ok(found)
}

#[derive(Default)]
struct Found<'a> {
    files: Vec<PathBuf>,
    region: Option<&'a Region>,
    sky: SkyColumns,
    /// Number of files skipped because of their names.
    hidden: usize,
}

impl Found<'_> {
    /// Adds the files in and below a folder. `named` is true if the folder is itself an input.
    fn folder(&mut self, folder: &Path, named: bool) -> Result<(), Error> {
        let paths = list(folder)?;
        match hats::catalogue(folder, &paths)? {
            Some(Catalogue::Collection { primary }) => return self.primary(folder, &primary),
            Some(Catalogue::Objects(catalogue)) => return self.partitions(folder, &catalogue),
            Some(Catalogue::Derived { kind, of }) if named => return Err(hats::derived(folder, &kind, of.as_deref())),
            Some(Catalogue::Derived { .. }) => return Ok(()),
            None => {}
        }
        self.all_of(paths)
    }

    /// Adds the primary catalogue of a collection. It must be a catalogue: a plain folder could contain the collection
    /// itself, and the recursion would not end.
    fn primary(&mut self, collection: &Path, primary: &Path) -> Result<(), Error> {
        let is_there = is_folder(primary)? == Some(true);
        let catalogue = if is_there { hats::catalogue(primary, &list(primary)?)? } else { None };
        match catalogue {
            Some(Catalogue::Objects(catalogue)) => self.partitions(primary, &catalogue),
            Some(Catalogue::Derived { kind, of }) => Err(hats::derived(primary, &kind, of.as_deref())),
            _ => {
                let what = if is_there { "is not a catalogue" } else { "is not there" };
                let reason = format!("its primary catalogue {} {what}: copy the collection again", primary.display());
                Err(hats::wrong(collection, reason))
            }
        }
    }

    fn partitions(&mut self, folder: &Path, catalogue: &Properties) -> Result<(), Error> {
        self.sky = std::mem::take(&mut self.sky).or(catalogue.sky());
        for (partition, is_folder) in hats::partitions(folder, catalogue, self.region)? {
            if is_folder { self.all_of(list(&partition)?)? } else { self.files.push(partition) }
        }
        Ok(())
    }

    fn all_of(&mut self, paths: Vec<PathBuf>) -> Result<(), Error> {
        for path in paths {
            if !is_remote(&path) && path.is_dir() {
                if !is_hidden(&path) {
                    self.folder(&path, false)?;
                }
            } else if is_parquet(&path) {
                self.file(path, false);
            }
        }
        Ok(())
    }

    fn pattern(&mut self, pattern: &str) -> Result<(), Error> {
        let bad =
            |error: glob::PatternError| Error::BadPattern { pattern: pattern.to_owned(), reason: error.to_string() };
        let named = Path::new(pattern).file_name().is_some_and(|name| name.to_string_lossy().starts_with(['_', '.']));
        for path in glob::glob(pattern).map_err(bad)? {
            let path = path.map_err(|error| {
                let path = error.path().to_owned();
                Error::io(path, "list the folder", error.into())
            })?;
            if path.is_dir() {
                self.folder(&path, false)?;
            } else {
                self.file(path, named);
            }
        }
        Ok(())
    }

    /// Adds the files of a remote folder, or a remote file without a known extension.
    fn remote_folder(&mut self, folder: &Path) -> Result<(), Error> {
        let below = match list(folder) {
            // A server that does not list files can still have a catalogue, which is found by its files.
            Err(Error::NoListing { .. }) => None,
            listed => Some(listed?),
        };
        let known = match &below {
            Some(below) => below.iter().filter(|path| path.parent() == Some(folder)).cloned().collect(),
            None => {
                let mut known = vec![];
                for name in hats::KNOWN_BY {
                    let path = folder.join(name);
                    if known.is_empty() && is_folder(&path)? == Some(false) {
                        known.push(path);
                    }
                }
                known
            }
        };
        match (hats::catalogue(folder, &known)?, below) {
            (Some(Catalogue::Collection { primary }), _) => {
                let is_there = hats::KNOWN_BY[1..].iter().map(|name| primary.join(name));
                let known = is_there.filter_map(|path| match is_folder(&path) {
                    Ok(Some(false)) => Some(Ok(path)),
                    Ok(_) => None,
                    Err(error) => Some(Err(error)),
                });
                let known = known.take(1).collect::<Result<Vec<_>, _>>()?;
                match hats::catalogue(&primary, &known)? {
                    Some(Catalogue::Objects(catalogue)) => self.partitions(&primary, &catalogue),
                    _ => {
                        let reason = format!("its primary catalogue {} is not there", primary.display());
                        Err(hats::wrong(folder, format!("{reason}: copy the collection again")))
                    }
                }
            }
            (Some(Catalogue::Objects(catalogue)), _) => self.partitions(folder, &catalogue),
            (Some(Catalogue::Derived { kind, of }), _) => Err(hats::derived(folder, &kind, of.as_deref())),
            (None, Some(below)) => {
                below.into_iter().filter(|path| is_parquet(path)).for_each(|path| self.file(path, false));
                Ok(())
            }
            (None, None) => Err(Error::NoListing { path: folder.to_owned() }),
        }
    }

    fn remote_pattern(&mut self, input: &str) -> Result<(), Error> {
        let bad =
            |error: glob::PatternError| Error::BadPattern { pattern: input.to_owned(), reason: error.to_string() };
        let pattern = glob::Pattern::new(input).map_err(bad)?;
        let fixed = input.split('/').take_while(|part| !part.contains(['*', '?', '['])).collect::<Vec<_>>().join("/");
        let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::default() };
        for path in list(Path::new(&fixed))? {
            if pattern.matches_with(&path.to_string_lossy(), options) && is_parquet(&path) {
                self.file(path, false);
            }
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf, even_hidden: bool) {
        if even_hidden || !is_hidden(&path) {
            self.files.push(path);
        } else {
            self.hidden += 1;
        }
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['_', '.']))
}

fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet") || e.eq_ignore_ascii_case("parq"))
}
