//! The files of folders, patterns and catalogues.

use std::path::{Path, PathBuf};

use crate::catalog::hats::{self, Catalogue, Properties};
use crate::catalog::pattern::matching;
use crate::catalog::sky::{Region, SkyColumns};
use crate::catalog::table_formats;
use crate::error::Error;
use crate::file::format::FileFormat;
use crate::file::identity::Met;
use crate::file::list::{is_folder, list};
use crate::file::opened::is_remote;

/// Files that are not read because they are not Parquet.
#[derive(Debug, Default)]
pub(crate) struct PassedOver {
    count: usize,
    /// The first, and what it is.
    first: Option<(PathBuf, &'static str)>,
    /// Advice for the first.
    advice: String,
}

impl PassedOver {
    pub(crate) fn add(&mut self, other: Self) {
        self.count += other.count;
        if self.first.is_none() {
            (self.first, self.advice) = (other.first, other.advice);
        }
    }

    fn file(&mut self, path: &Path, format: FileFormat) {
        let (what, advice) = format.advice(path);
        self.add(Self { count: 1, first: Some((path.to_owned(), what)), advice });
    }

    /// Says in one line what was passed over, if anything was.
    pub(crate) fn note(&self) -> Option<String> {
        let (path, what) = self.first.as_ref()?;
        let path = path.display();
        Some(match self.count {
            1 => format!("{path} is {what}, not Parquet, and is not read"),
            n => format!("{n} files are not Parquet and are not read, such as {path}, which is {what}"),
        })
    }
}

/// The files behind one input.
#[derive(Default)]
pub(super) struct Found<'a> {
    pub(super) files: Vec<PathBuf>,
    region: Option<&'a Region>,
    pub(super) sky: SkyColumns,
    /// Number of files skipped because their names mark them as metadata.
    hidden: usize,
    pub(super) passed_over: PassedOver,
    /// Folders that were walked. A link can lead to one above it.
    walked: Met,
}

impl<'a> Found<'a> {
    pub(super) fn new(region: Option<&'a Region>) -> Self {
        Self { region, ..Self::default() }
    }

    /// Sorts the files. `input` is named in the error if there are none.
    pub(super) fn finish(mut self, input: &str) -> Result<Self, Error> {
        self.files.sort();
        if !self.files.is_empty() {
            return Ok(self);
        }
        let PassedOver { first, advice, .. } = self.passed_over;
        let other = first.map(|(path, format)| Box::new(Error::OtherFormat { path, format, advice }));
        Err(Error::NoMatch { pattern: input.to_owned(), hidden: self.hidden, other })
    }
}

impl Found<'_> {
    /// Adds the files in and below a folder. `named` is true if the folder is itself an input.
    pub(super) fn folder(&mut self, folder: &Path, named: bool) -> Result<(), Error> {
        if !self.walked.insert(folder) {
            return Ok(());
        }
        let paths = list(folder)?;
        table_formats::refuse(folder, &paths)?;
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
            } else {
                self.file_of_folder(path);
            }
        }
        Ok(())
    }

    /// Adds a file of a folder if it is Parquet, by its name or else by its content.
    fn file_of_folder(&mut self, path: PathBuf) {
        if is_parquet(&path) || is_hidden(&path) {
            return self.file(path, false);
        }
        // The names of remote files must tell: opening each would cost a request.
        let format = if is_remote(&path) { Ok(FileFormat::Unknown) } else { FileFormat::read(&path) };
        match format.unwrap_or(FileFormat::Unknown) {
            FileFormat::Parquet => self.files.push(path),
            other => self.passed_over.file(&path, other),
        }
    }

    pub(super) fn pattern(&mut self, pattern: &Path) -> Result<(), Error> {
        let named = pattern.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['_', '.']));
        for path in matching(pattern)? {
            if path.is_dir() {
                self.folder(&path, false)?;
                continue;
            }
            // The files of a table have its log in a folder above, where partitions lie in folders of their own.
            let log = path.ancestors().skip(1).find(|above| above.join("_delta_log").is_dir());
            if let Some(table) = log {
                table_formats::refuse(table, &[table.join("_delta_log")])?;
            }
            self.file(path, named);
        }
        Ok(())
    }

    /// Adds the files of a remote folder, or a remote file without a known extension.
    pub(super) fn remote_folder(&mut self, folder: &Path) -> Result<(), Error> {
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
                table_formats::refuse(folder, &below)?;
                let is_data = |path: &PathBuf| !path.strip_prefix(folder).is_ok_and(in_hidden_folder);
                below.into_iter().filter(is_data).for_each(|path| self.file_of_folder(path));
                Ok(())
            }
            (None, None) => Err(Error::NoListing { path: folder.to_owned() }),
        }
    }

    pub(super) fn remote_pattern(&mut self, input: &str) -> Result<(), Error> {
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

/// Checks whether a name marks metadata: by convention, or because HATS writes a sample of a catalogue under that name.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        name.starts_with(['_', '.']) || name == "data_thumbnail.parquet"
    })
}

/// Checks whether a path within a remote folder lies in a folder of metadata.
fn in_hidden_folder(path: &Path) -> bool {
    path.parent().is_some_and(|parents| parents.iter().any(|name| name.to_string_lossy().starts_with(['_', '.'])))
}

/// Checks whether the name of a file is one that writers of Parquet use, such as `a.parquet`, `a.pq` or `a.parquet.gzip`.
pub(super) fn is_parquet(path: &Path) -> bool {
    const ENDINGS: [&str; 5] = ["parquet", "parq", "pq", "pqt", "par"];
    // Endings that name the codec within the file. A file that was compressed as a whole is refused when it is opened.
    const CODECS: [&str; 9] = ["gzip", "gz", "snappy", "zst", "zstd", "brotli", "br", "lz4", "lzo"];
    let Some(name) = path.file_name() else { return false };
    let name = name.to_string_lossy().to_ascii_lowercase();
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let is_ending = |ending: &str| ENDINGS.contains(&ending);
    is_ending(ending)
        || (CODECS.contains(&ending) && stem.rsplit_once('.').is_some_and(|(_, ending)| is_ending(ending)))
}
