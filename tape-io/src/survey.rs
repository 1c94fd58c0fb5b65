//! A survey on disk: its files, opened as one source of rows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use arrow::array::RecordBatch;
use parquet::file::statistics::Statistics;
use rayon::prelude::*;
use tape_core::{
    Bands, ColumnMap, Columns, IdType, Partition, Preset, Quantity, Role, RowGroup, RowReader, Source, SourceError,
};

use crate::discover::{discover, discover_within};
use crate::error::Error;
use crate::filter::Filter;
use crate::footer::{Footer, Stamp, read_metadata};
use crate::leaves::{Shape, flat_columns, list_columns, shape_of, title_of};
use crate::memory::InMemory;
use crate::objects::{ObjectTable, Selection};
use crate::place::open as open_file;
use crate::quantity::{Conversion, Converted};
use crate::schema::Kind;
use crate::sky::{Region, SkyColumns};

/// What identifies the content of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStamp {
    /// Its size.
    pub bytes: u64,
    /// When it was last written, where the system knows: seconds and nanoseconds since 1970.
    pub modified: Option<(u64, u32)>,
}

impl FileStamp {
    /// Of the file at `path`, as it is now.
    ///
    /// # Errors
    /// If it is not there, or cannot be looked at.
    pub fn of(path: &Path) -> Result<Self, Error> {
        Ok(open_file(path)?.1.into())
    }
}

impl From<Stamp> for FileStamp {
    fn from(stamp: Stamp) -> Self {
        let modified = stamp.modified.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        Self { bytes: stamp.len, modified: modified.map(|since| (since.as_secs(), since.subsec_nanos())) }
    }
}

/// The Parquet files of a survey, with their footers read and each role's column known.
#[derive(Debug)]
pub struct Survey {
    pub(crate) files: Vec<Footer>,
    columns: ColumnMap,
    titles: [Option<String>; 5],
    id_type: IdType,
    pub(crate) row_groups: Vec<RowGroup>,
    bands: Bands,
    bytes_read: Arc<AtomicU64>,
    pub(crate) filter: Option<Filter>,
    pub(crate) objects: Option<ObjectTable>,
    pub(crate) selections: Vec<Selection>,
    /// What its values were said to be.
    pub(crate) said: Option<Quantity>,
    pub(crate) conversion: Option<Conversion>,
    /// Keeps the file of a survey in memory.
    #[expect(dead_code, reason = "it ends with the survey")]
    in_memory: Option<Arc<InMemory>>,
}

impl Survey {
    /// Opens the files behind `inputs`: files, folders or patterns. Roles that `columns` leaves open are looked for by
    /// preset and by common names in the first file; all files must then have the same ones.
    ///
    /// # Errors
    /// If an input stands for no file, a file is not Parquet, or a column is missing or of the wrong type.
    pub fn open<S: AsRef<str>>(inputs: &[S], columns: &ColumnMap) -> Result<Self, Error> {
        Self::open_found(discover(inputs)?, columns)
    }

    /// The same, of which the rows in a part of the sky are meant. Of HATS catalogues, files of pixels that do not touch it are
    /// not opened. Places are in the columns that `sky` names, that the catalogue does, or that are called as they commonly
    /// are; where light curves are lists, each object has one.
    ///
    /// # Errors
    /// As [`Survey::open`]; [`Error::NoRegion`] if it is none, and [`Error::NoPlaces`] if places cannot be told.
    pub fn open_within<S: AsRef<str>>(
        inputs: &[S],
        columns: &ColumnMap,
        region: &Region,
        sky: &SkyColumns,
    ) -> Result<Self, Error> {
        region.check()?;
        let (paths, of_catalogue) = discover_within(inputs, Some(region))?;
        let survey = Self::open_found(paths, columns)?;
        let available = survey.available();
        let mut places = sky.clone().or(of_catalogue).or(SkyColumns::among(&available));
        // As catalogues call it since their first version.
        let customary = "_healpix_29".to_owned();
        places.healpix = places.healpix.or_else(|| available.contains(&customary).then_some((customary, 29)));
        let condition = region.condition(&places).ok_or_else(|| {
            let what = match region {
                Region::Pixels(_) => {
                    "no column tells the HEALPix pixel of a row: choose pixels of HATS catalogues only"
                }
                _ => "no columns are called as right ascension and declination are: name them with --ra and --dec",
            };
            Error::NoPlaces { path: survey.files[0].path.clone(), what: what.to_owned() }
        })?;
        survey.filtered(&condition)
    }

    /// A survey of Arrow batches with the same columns, at least one, in any of the shapes that files have. Its light curves
    /// take as much memory again.
    ///
    /// # Errors
    /// As [`Survey::open`], with `memory:` and a number for a path; [`Error::MixedSchemas`] if the columns differ.
    pub fn from_batches(batches: &[RecordBatch], columns: &ColumnMap) -> Result<Self, Error> {
        let (held, path) = InMemory::of(batches)?;
        Ok(Self { in_memory: Some(held), ..Self::open_found(vec![path], columns)? })
    }

    fn open_found(paths: Vec<PathBuf>, columns: &ColumnMap) -> Result<Self, Error> {
        let (first, _) = read_metadata(&paths[0])?;
        let schema = first.file_metadata().schema_descr();
        let columns = columns
            .resolve(&flat_columns(schema), &list_columns(schema))
            .map_err(|source| Error::Column { path: paths[0].clone(), source })?;
        Self::open_files(paths, columns)
    }

    /// Opens exactly these files, at least one, with exactly these columns: a role that `columns` leaves open has none.
    ///
    /// # Errors
    /// As [`Survey::open`].
    pub fn open_files(paths: Vec<PathBuf>, columns: ColumnMap) -> Result<Self, Error> {
        if paths.is_empty() {
            return Err(Error::NoInput);
        }
        let files: Vec<Footer> =
            paths.into_par_iter().map(|path| Footer::read(path, &columns)).collect::<Result<_, _>>()?;
        check_alike(&files, &columns)?;
        let id_type = match files[0].role(Role::Id).map(|column| column.kind) {
            Some(Kind::Int(id_type)) => id_type,
            _ => IdType::Utf8,
        };
        let schema = files[0].metadata.file_metadata().schema_descr();
        let titles = Role::ALL.map(|role| title_of(schema, columns.get(role)?));
        let row_groups = files.iter().enumerate().flat_map(|(i, footer)| footer.row_groups(i)).collect();
        let bands = Bands::named(columns.preset().map_or(&[], |preset| preset.bands));
        let bytes_read = Arc::default();
        Ok(Self {
            files,
            columns,
            titles,
            id_type,
            row_groups,
            bands,
            bytes_read,
            filter: None,
            selections: vec![],
            said: None,
            conversion: None,
            in_memory: None,
            objects: None,
        })
    }

    /// The column of each role.
    #[must_use]
    pub const fn columns(&self) -> &ColumnMap {
        &self.columns
    }

    /// The preset that was asked for or recognised.
    #[must_use]
    pub const fn preset(&self) -> Option<&'static Preset> {
        self.columns.preset()
    }

    /// The condition of good quality that is customary for the preset, of these columns.
    #[must_use]
    pub fn quality(&self) -> Option<String> {
        let template = self.preset()?.quality?;
        let within = self.columns.get(Role::Flux).and_then(|flux| flux.rsplit_once('.')).map(|(within, _)| within);
        let flat = flat_columns(self.files[0].metadata.file_metadata().schema_descr());
        let mut condition = String::new();
        for (i, part) in template.split(['{', '}']).enumerate() {
            match within.filter(|_| !flat.iter().any(|column| column == part)) {
                // Every second part is a column.
                Some(within) if i % 2 == 1 => condition.push_str(&format!("\"{within}\".\"{part}\"")),
                _ if i % 2 == 1 => condition.push_str(&format!("\"{part}\"")),
                _ => condition.push_str(part),
            }
        }
        Some(condition)
    }

    /// What should be known of the columns that are read.
    #[must_use]
    pub fn warnings(&self, columns: Columns) -> Vec<String> {
        let narrow = self.files[0].role(Role::Time).is_some_and(|time| time.kind == Kind::F32);
        let name = self.columns.get(Role::Time).unwrap_or_default();
        let told = format!(
            "times in column '{name}' are floats of 32 bits: near MJD 60,000, neighbours are 5.6 minutes apart"
        );
        (narrow && columns.time).then_some(told).into_iter().collect()
    }

    /// All columns of the first file with one value a row, then those in lists.
    #[must_use]
    pub fn available(&self) -> Vec<String> {
        let schema = self.files[0].metadata.file_metadata().schema_descr();
        let lists = list_columns(schema).into_iter().map(|list| list.name);
        flat_columns(schema).into_iter().chain(lists).collect()
    }

    /// The shape in which the first file holds light curves.
    #[must_use]
    pub fn shape(&self) -> Shape {
        let schema = self.files[0].metadata.file_metadata().schema_descr();
        self.columns.get(Role::Flux).map_or(Shape::Flat, |flux| shape_of(schema, flux))
    }

    /// Rows of all files: epochs, or objects where light curves are lists.
    #[must_use]
    pub fn file_rows(&self) -> u64 {
        let groups = self.files.iter().flat_map(|footer| footer.metadata.row_groups());
        groups.map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).fold(0, u64::saturating_add)
    }

    /// The type of a role's column in words, if the role has one.
    #[must_use]
    pub fn type_of(&self, role: Role) -> Option<String> {
        self.files[0].role(role).map(|column| column.kind.to_string())
    }

    /// The first and the last band by label, where all footers have statistics of them.
    #[must_use]
    pub fn band_range(&self) -> Option<(String, String)> {
        let mut range: Option<(String, String)> = None;
        for footer in &self.files {
            for group in footer.metadata.row_groups() {
                let statistics = group.column(footer.role(Role::Band)?.index).statistics()?;
                let (min, max) = labels(statistics)?;
                let [min, max] = [&min, &max].map(|label| self.bands.name_of(label).to_owned());
                range = Some(match range {
                    None => (min, max),
                    Some((first, last)) => (first.min(min), last.max(max)),
                });
            }
        }
        range
    }

    /// The files, in order.
    pub fn paths(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.files.iter().map(|footer| footer.path.as_path())
    }

    /// What identifies the content of each file without reading it, as it was when its footer was read.
    pub fn stamps(&self) -> impl ExactSizeIterator<Item = FileStamp> + '_ {
        self.files.iter().map(|footer| footer.stamp.into())
    }

    /// The size of all files.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.files.iter().map(|footer| footer.stamp.len).sum()
    }

    /// Bytes of column data read so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// That a run can have each of these columns.
    ///
    /// # Errors
    /// [`Error::Column`] for the first role without a column.
    pub fn require(&self, columns: Columns) -> Result<(), Error> {
        let wanted = [(Role::Time, columns.time), (Role::Flux, columns.flux), (Role::Error, columns.error)];
        for (role, _) in wanted.into_iter().filter(|(_, wanted)| *wanted) {
            self.columns
                .require(role, &self.available())
                .map_err(|source| Error::Column { path: self.files[0].path.clone(), source })?;
        }
        Ok(())
    }

    /// The leaves of a row group that are read for these columns.
    pub(crate) fn leaves_read(&self, row_group: usize, columns: Columns) -> BTreeSet<usize> {
        let (footer, index) = self.footer(row_group);
        // Where ids alone are read, another column tells where lists begin.
        let read = |role: Role| roles(columns).any(|read| read == role);
        let counting = footer.counting(index, read).filter(|&counting| !read(counting));
        let of_roles = roles(columns).chain(counting).filter_map(|role| footer.role(role).map(|column| column.index));
        let of_filter = self.filter_of(row_group).into_iter().flat_map(|filter| &filter.leaves).map(|leaf| leaf.index);
        of_roles.chain(of_filter).collect()
    }

    /// Rows of a row group in its file: objects where light curves are lists.
    pub(crate) fn rows_of_group(&self, row_group: usize) -> u64 {
        let (footer, index) = self.footer(row_group);
        u64::try_from(footer.metadata.row_group(index).num_rows()).unwrap_or(0)
    }

    pub(crate) fn footer(&self, row_group: usize) -> (&Footer, usize) {
        let group = &self.row_groups[row_group];
        (&self.files[group.file], group.index)
    }

    /// Counts the bytes of column data that are read, while they are.
    #[must_use]
    pub fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes_read)
    }
}

/// The smallest and the largest label of a column chunk of text.
fn labels(statistics: &Statistics) -> Option<(String, String)> {
    let Statistics::ByteArray(statistics) = statistics else { return None };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    Some((text(statistics.min_opt()?.data())?, text(statistics.max_opt()?.data())?))
}

/// That all files can be one survey.
fn check_alike(files: &[Footer], columns: &ColumnMap) -> Result<(), Error> {
    let first = &files[0];
    for footer in &files[1..] {
        for role in Role::ALL {
            let (Some(ours), Some(theirs)) = (first.role(role), footer.role(role)) else { continue };
            if !ours.kind.agrees(theirs.kind, role) {
                let column = columns.get(role).unwrap_or_default();
                return Err(Error::MixedSchemas {
                    path: footer.path.clone(),
                    first: first.path.clone(),
                    difference: format!("column '{column}' is {}, not {}", theirs.kind, ours.kind),
                });
            }
        }
    }
    Ok(())
}

impl Source for Survey {
    fn id_type(&self) -> IdType {
        self.id_type
    }

    fn column(&self, role: Role) -> Option<&str> {
        self.columns.get(role)
    }

    fn title(&self, role: Role) -> Option<&str> {
        self.titles[role as usize].as_deref()
    }

    fn bands(&self) -> &Bands {
        &self.bands
    }

    fn row_groups(&self) -> &[RowGroup] {
        &self.row_groups
    }

    fn describe(&self, row_group: usize) -> String {
        let (footer, index) = self.footer(row_group);
        format!("{}, row group {index}", footer.path.display())
    }

    fn bytes(&self, row_group: usize, columns: Columns) -> u64 {
        if self.skips(row_group) {
            return 0;
        }
        let (footer, index) = self.footer(row_group);
        let (group, all) = (footer.metadata.row_group(index), self.leaves_read(row_group, columns));
        let size = |index: usize| u64::try_from(group.column(index).compressed_size()).unwrap_or(0);
        all.into_iter().map(size).fold(0, u64::saturating_add)
    }

    fn row_bytes(&self) -> u64 {
        let role = |role| self.files[0].role(role).map(|column| column.kind.bytes());
        Role::ALL.into_iter().filter_map(role).sum()
    }

    fn read<'a>(&'a self, partition: &Partition, columns: Columns) -> Result<Box<dyn RowReader + 'a>, SourceError> {
        let rows = self.read_wanted(partition, columns, self.selections.len())?;
        Ok(match self.conversion {
            Some(conversion) => Box::new(Converted { rows, conversion }),
            None => rows,
        })
    }
}

/// The roles of which the columns are read.
pub(crate) fn roles(columns: Columns) -> impl Iterator<Item = Role> {
    [
        (Role::Id, true),
        (Role::Time, columns.time),
        (Role::Flux, columns.flux),
        (Role::Error, columns.error),
        (Role::Band, columns.band),
    ]
    .into_iter()
    .filter_map(|(role, wanted)| wanted.then_some(role))
}
