//! A survey on disk: a set of files opened as one source of rows.

pub(crate) mod bind_roles;
pub(crate) mod conversion;
mod copies;
pub(crate) mod derive;
pub(crate) mod file_expressions;
mod filter;
pub(crate) mod objects;
mod open;
pub(crate) mod tables;
mod unify;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use parquet::file::statistics::Statistics;
use tape_core::{Bands, ColumnMap, Columns, IdType, Preset, Quantity, Role, RowGroup};

use crate::decode::column_reader::is_fast;
use crate::decode::footer::Footer;
use crate::decode::leaf::RoleColumn;
use crate::decode::schema_paths::{Shape, flat_columns, list_columns, shape_of};
use crate::error::Error;
use crate::file::memory::InMemory;
use crate::file::stamp::FileStamp;
use crate::survey::conversion::Conversion;
use crate::survey::file_expressions::Expressions;
use crate::survey::objects::Selection;
use crate::survey::tables::{Exposures, KeyedTable};

/// Counts of sentinels, by role (true for errors) and value.
pub(crate) type SentinelCounts = Arc<Mutex<BTreeMap<(bool, String), u64>>>;

/// The Parquet files of a survey, with their footers read and each role's column known.
///
/// A clone is cheap. It shares footers, row groups, bound expressions, and the values read from tables. It has its own
/// bands, because its filters may select other rows.
#[derive(Debug)]
pub struct Survey {
    pub(crate) files: Arc<Vec<Footer>>,
    columns: ColumnMap,
    titles: [Option<String>; 5],
    id_type: IdType,
    pub(crate) row_groups: Arc<Vec<RowGroup>>,
    bands: Bands,
    bytes_read: Arc<AtomicU64>,
    pub(crate) expressions: Expressions,
    pub(crate) objects: Option<KeyedTable>,
    pub(crate) exposures: Option<Exposures>,
    /// Notes for the user about how the survey was opened.
    notes: Vec<String>,
    /// True if the user decided about the customary quality cut.
    pub(crate) any_quality: bool,
    /// Counts of values that stand for "no measurement".
    pub(crate) sentinels: SentinelCounts,
    pub(crate) selections: Vec<Selection>,
    /// The quantity of the values, if it was set.
    pub(crate) said: Option<Quantity>,
    pub(crate) conversion: Option<Conversion>,
    /// Keeps files in memory.
    pub(crate) in_memory: Vec<Arc<InMemory>>,
}

impl Clone for Survey {
    fn clone(&self) -> Self {
        Self {
            files: Arc::clone(&self.files),
            columns: self.columns.clone(),
            titles: self.titles.clone(),
            id_type: self.id_type,
            row_groups: Arc::clone(&self.row_groups),
            bands: Bands::named(self.preset().map_or(&[], |preset| preset.bands)),
            bytes_read: Arc::clone(&self.bytes_read),
            expressions: self.expressions.clone(),
            objects: self.objects.clone(),
            exposures: self.exposures.clone(),
            notes: self.notes.clone(),
            any_quality: self.any_quality,
            sentinels: Arc::clone(&self.sentinels),
            selections: self.selections.clone(),
            said: self.said,
            conversion: self.conversion,
            in_memory: self.in_memory.clone(),
        }
    }
}

impl Survey {
    /// Returns notes for the user about how the survey was opened, such as files that were ignored.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Returns the type of the ids.
    #[must_use]
    pub const fn id_type(&self) -> IdType {
        self.id_type
    }

    /// Returns the name of the column or expression that plays a role.
    #[must_use]
    pub fn column(&self, role: Role) -> Option<&str> {
        self.played(role).or_else(|| self.columns.get(role))
    }

    /// Returns the name of a role's column, without its parent columns.
    #[must_use]
    pub fn title(&self, role: Role) -> Option<&str> {
        self.played(role).or_else(|| self.titles[role as usize].as_deref())
    }

    /// Returns the bands met so far.
    #[must_use]
    pub const fn bands(&self) -> &Bands {
        &self.bands
    }

    /// Returns the row groups of all files.
    #[must_use]
    pub fn row_groups(&self) -> &[RowGroup] {
        &self.row_groups
    }

    /// Returns the column of each role.
    #[must_use]
    pub const fn columns(&self) -> &ColumnMap {
        &self.columns
    }

    /// Returns the preset that was requested or recognised.
    #[must_use]
    pub const fn preset(&self) -> Option<&'static Preset> {
        self.columns.preset()
    }

    /// Returns the names of all columns of the first file: columns with one value per row, followed by columns in
    /// lists.
    #[must_use]
    pub fn available(&self) -> Vec<String> {
        let schema = self.files[0].metadata.file_metadata().schema_descr();
        let lists = list_columns(schema).into_iter().map(|list| list.name);
        flat_columns(schema).into_iter().chain(lists).collect()
    }

    /// Returns the shape in which the first file holds light curves.
    #[must_use]
    pub fn shape(&self) -> Shape {
        let schema = self.files[0].metadata.file_metadata().schema_descr();
        self.columns.get(Role::Flux).map_or(Shape::Flat, |flux| shape_of(schema, flux))
    }

    /// Returns the number of rows of all files. A row is an epoch, or an object where light curves are lists.
    #[must_use]
    pub fn file_rows(&self) -> u64 {
        let groups = self.files.iter().flat_map(|footer| footer.metadata.row_groups());
        groups.map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).fold(0, u64::saturating_add)
    }

    /// Describes the type of a role's column, or returns `None` if the role has no column.
    #[must_use]
    pub fn type_of(&self, role: Role) -> Option<String> {
        self.files[0].role(role).map(RoleColumn::describe)
    }

    /// Returns the first and the last band by label, or `None` if a footer has no statistics of the band column.
    #[must_use]
    pub fn band_range(&self) -> Option<(String, String)> {
        let mut range: Option<(String, String)> = None;
        for footer in self.files.iter() {
            for group in footer.metadata.row_groups() {
                let statistics = group.column(footer.role(Role::Band)?.leaf.index).statistics()?;
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

    /// Returns the paths of the files, in order.
    pub fn paths(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.files.iter().map(|footer| footer.path.as_path())
    }

    /// Returns the stamp that each file had when its footer was read. It identifies the content without reading it.
    pub fn stamps(&self) -> impl ExactSizeIterator<Item = FileStamp> + '_ {
        self.files.iter().map(|footer| footer.stamp)
    }

    /// Returns the size of all files, in bytes.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.files.iter().map(|footer| footer.stamp.bytes).sum()
    }

    /// Returns the number of bytes of column data read so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// Checks that each of these columns exists.
    ///
    /// # Errors
    /// [`Error::Column`] for the first role without a column.
    pub fn require(&self, columns: Columns) -> Result<(), Error> {
        self.check_waiting()?;
        let wanted = [(Role::Time, columns.time), (Role::Flux, columns.flux), (Role::Error, columns.error)];
        for (role, _) in wanted.into_iter().filter(|(role, wanted)| *wanted && self.played(*role).is_none()) {
            self.columns
                .require(role, &self.available())
                .map_err(|source| Error::Column { path: self.files[0].path.clone(), source })?;
        }
        Ok(())
    }

    /// Returns the leaf columns of a row group that are read for these columns.
    pub(crate) fn leaves_read(&self, row_group: usize, columns: Columns) -> BTreeSet<usize> {
        let (footer, index) = self.footer(row_group);
        let of_expressions = self.expressions_of(row_group).into_iter().flat_map(|all| {
            let needed = all.needed(columns);
            all.leaves.iter().zip(needed).filter_map(|(leaf, needed)| needed.then_some(leaf.index))
        });
        let columns = self.of_files(columns);
        // Ids do not show where lists begin. Another column does.
        let read = |role: Role| roles(columns).any(|read| read == role);
        let counting = footer.counting(index, read).filter(|&counting| !read(counting));
        let of_roles =
            roles(columns).chain(counting).filter_map(|role| footer.role(role).map(|column| column.leaf.index));
        of_roles.chain(of_expressions).collect()
    }

    /// Returns the columns that a run reads with the general decoder in some row group, because of their type or
    /// encoding. The general decoder is slower than the decoders for common types.
    #[must_use]
    pub fn general_columns(&self, columns: Columns) -> Vec<String> {
        let mut names = BTreeSet::new();
        for row_group in 0..self.row_groups.len() {
            let (footer, index) = self.footer(row_group);
            let of_roles = Role::ALL.iter().filter_map(|role| footer.role(*role).map(|column| &column.leaf));
            let of_expressions = self.expressions_of(row_group).into_iter().flat_map(|all| &all.leaves);
            let read = self.leaves_read(row_group, columns);
            let general = of_roles.chain(of_expressions).filter(|leaf| {
                let chunk = footer.metadata.row_group(index).column(leaf.index);
                read.contains(&leaf.index) && footer.constant(leaf.index).is_none() && !is_fast(leaf, chunk)
            });
            names.extend(general.map(|leaf| format!("{} ({})", leaf.name, leaf.column_type)));
        }
        names.into_iter().collect()
    }

    /// Returns the number of rows of a row group in its file. A row is an object where light curves are lists.
    pub(crate) fn rows_of_group(&self, row_group: usize) -> u64 {
        let (footer, index) = self.footer(row_group);
        u64::try_from(footer.metadata.row_group(index).num_rows()).unwrap_or(0)
    }

    pub(crate) fn footer(&self, row_group: usize) -> (&Footer, usize) {
        let group = &self.row_groups[row_group];
        (&self.files[group.file], group.index)
    }

    /// Returns the counter of bytes of column data. It increases while data is read.
    #[must_use]
    pub fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes_read)
    }
}

/// Returns the smallest and the largest label of a column chunk of text.
fn labels(statistics: &Statistics) -> Option<(String, String)> {
    let Statistics::ByteArray(statistics) = statistics else { return None };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    Some((text(statistics.min_opt()?.data())?, text(statistics.max_opt()?.data())?))
}

/// Returns the roles whose columns are read.
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
