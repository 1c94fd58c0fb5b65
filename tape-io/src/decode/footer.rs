//! Reads the footer of a file: the columns of the roles, and the claims of the row groups.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::ArrayRef;
use parquet::basic::Compression;
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;
use tape_core::{ColumnError, ColumnMap, IdRange, IdType, ObjectId, Preset, Role, RowGroup, key_from_u64};

use crate::decode::column_reader::levels_alone;
use crate::decode::column_type::ColumnType;
use crate::decode::constant_columns::{ConstantColumn, Constants, with_constants};
use crate::decode::guard::guarded;
use crate::decode::input::PositionedFile;
use crate::decode::leaf::{Leaf, RoleColumn, nested_columns, role_column};
use crate::decode::limits::check_footer;
use crate::decode::list_levels::first_difference;
use crate::decode::schema_paths::{flat_columns, leaves, list_columns};
use crate::error::{Error, system, words};
use crate::file::format::FileFormat;
use crate::file::opened::open;
use crate::file::stamp::FileStamp;

/// Writers may truncate texts of at least this many bytes in statistics. The footer then says whether they did.
const UNCUT_TEXT: usize = 64;

/// Number of bytes to download from the end of a remote file.
const FOOTER: u64 = 64 << 10;

/// A file whose footer was read.
#[derive(Clone, Debug)]
pub(crate) struct Footer {
    pub(crate) path: PathBuf,
    pub(crate) metadata: Arc<ParquetMetaData>,
    pub(crate) stamp: FileStamp,
    /// The column of each role that has one.
    pub(crate) roles: [Option<RoleColumn>; 5],
    /// Leaf columns that are encrypted.
    encrypted: BTreeSet<usize>,
    /// Columns that are not stored in the file.
    constants: Option<Constants>,
}

/// A file whose metadata was read.
#[derive(Debug)]
pub(crate) struct OpenedFile {
    pub(crate) path: PathBuf,
    pub(crate) metadata: ParquetMetaData,
    stamp: FileStamp,
    encrypted: BTreeSet<usize>,
    constants: Option<Constants>,
}

impl OpenedFile {
    pub(crate) fn read(path: PathBuf) -> Result<Self, Error> {
        let (metadata, stamp, encrypted) = read_footer(&path)?;
        let n = metadata.file_metadata().schema_descr().num_columns().max(1);
        let encrypted = encrypted.iter().enumerate().filter(|(_, is)| **is).map(|(chunk, _)| chunk % n).collect();
        Ok(Self { path, metadata, stamp, encrypted, constants: None })
    }

    /// Adds columns that are not stored in the file.
    pub(crate) fn with_constants(self, columns: &[ConstantColumn]) -> Result<Self, Error> {
        let Self { path, metadata, .. } = self;
        let added = with_constants(metadata, columns);
        let (metadata, constants) =
            added.map_err(|error| Error::NotParquet { path: path.clone(), reason: words(&error) })?;
        Ok(Self { path, metadata, constants: Some(constants), ..self })
    }
}

/// Reads the metadata in a footer.
pub(crate) fn read_metadata(path: &Path) -> Result<(ParquetMetaData, FileStamp), Error> {
    let (metadata, stamp, _) = read_footer(path)?;
    Ok((metadata, stamp))
}

/// Reads the metadata in a footer. Returns for each column chunk whether it is encrypted, too.
fn read_footer(path: &Path) -> Result<(ParquetMetaData, FileStamp, Vec<bool>), Error> {
    let (file, stamp) = open(path)?;
    // Usually this covers the whole footer.
    file.prefetch(std::iter::once(stamp.bytes.saturating_sub(FOOTER)..stamp.bytes))?;
    // Only column data is counted, not footers.
    let file = PositionedFile::new(file, stamp.bytes, Arc::default());
    let metadata = guarded(|| {
        let encrypted = check_claims(&file)?;
        Ok((ParquetMetaDataReader::new().parse_and_finish(&file)?, encrypted))
    });
    let failed = |error| match system(error) {
        Ok(refused) => Error::io(path, "read the file", refused),
        Err(error) => match FileFormat::read(path) {
            Ok(FileFormat::Parquet) => Error::NotParquet { path: path.to_owned(), reason: words(&error) },
            Ok(other) => {
                let (format, advice) = other.advice(path);
                Error::OtherFormat { path: path.to_owned(), format, advice }
            }
            Err(error) => error,
        },
    };
    let (metadata, encrypted) = metadata.map_err(failed)?;
    if let Some(elsewhere) = rows_elsewhere(&metadata) {
        let advice = format!("its rows lie in {elsewhere}: name that file, or the folder");
        return Err(Error::OtherFormat { path: path.to_owned(), format: "a file of metadata without rows", advice });
    }
    Ok((metadata, stamp, encrypted))
}

/// Returns the file that holds the rows of a footer, if it is another one, as for `_metadata` files.
fn rows_elsewhere(metadata: &ParquetMetaData) -> Option<&str> {
    metadata.row_groups().iter().flat_map(|group| group.columns()).find_map(ColumnChunkMetaData::file_path)
}

/// Checks that each row group has as many values of a column as rows, or at least as many elements if the column is in
/// lists.
pub(crate) fn check_counts(metadata: &ParquetMetaData, column: usize, is_nested: bool) -> Result<(), String> {
    for (index, group) in metadata.row_groups().iter().enumerate() {
        let rows = group.num_rows();
        let values = group.columns().get(column).map(ColumnChunkMetaData::num_values);
        let agree = values.is_some_and(|values| if is_nested { values >= rows } else { values == rows });
        // Every list has at least one value, a null if it is empty. Without rows there are no values.
        if rows < 0 || !agree || (rows == 0 && values != Some(0)) {
            let name = metadata.file_metadata().schema_descr().column(column).path().string();
            let values = values.map_or_else(|| "none".to_owned(), |values| values.to_string());
            return Err(format!("row group {index} claims {rows} rows, but values of '{name}': {values}"));
        }
    }
    Ok(())
}

/// Checks that a footer does not claim more than it holds. The decoder reports a malformed footer.
fn check_claims(file: &PositionedFile) -> ParquetResult<Vec<bool>> {
    let Some(end) = file.len().checked_sub(8) else { return Ok(vec![]) };
    let tail = file.get_bytes(end, 8)?;
    let Some((length, b"PAR1")) = tail.split_first_chunk::<4>() else { return Ok(vec![]) };
    let length = u32::from_le_bytes(*length);
    let Some(start) = end.checked_sub(u64::from(length)) else { return Ok(vec![]) };
    check_footer(&file.get_bytes(start, length as usize)?)
}

impl Footer {
    /// Reads the footer and looks up the columns. The map must name a column of this file for the id and the flux.
    /// Other roles are optional.
    pub(crate) fn read(path: PathBuf, columns: &ColumnMap) -> Result<Self, Error> {
        Self::of(OpenedFile::read(path)?, columns)
    }

    /// Looks up the columns of a file, as [`Footer::read`] does.
    pub(crate) fn of(file: OpenedFile, columns: &ColumnMap) -> Result<Self, Error> {
        let OpenedFile { path, metadata, stamp, encrypted, constants } = file;
        let schema = metadata.file_metadata().schema_descr();
        let leaves = leaves(schema);
        let mut roles = [const { None }; 5];
        for role in Role::ALL {
            let Some(name) = columns.get(role) else { continue };
            let wrong = |actual: String, expected| Error::ColumnType {
                path: path.clone(),
                column: name.to_owned(),
                role,
                actual,
                expected,
            };
            // Rows need an id, and epochs a time and a value.
            let is_needed = matches!(role, Role::Id | Role::Time | Role::Flux);
            let is_missing =
                |column: &RoleColumn| constants.as_ref().is_some_and(|all| all.is_missing(column.leaf.index));
            let column = match role_column(schema, &leaves, name)
                .filter(|found| !found.as_ref().is_ok_and(|column| is_needed && is_missing(column)))
            {
                Some(Ok(column)) => column,
                Some(Err(actual)) => return Err(wrong(actual, "a flat column or in lists")),
                None if nested_columns(schema).iter().any(|nested| nested == name) => {
                    return Err(wrong("a group of columns".to_owned(), "one of its columns"));
                }
                None => {
                    let mut available = flat_columns(schema);
                    available.extend(list_columns(schema).into_iter().map(|list| list.name));
                    let source = ColumnError::missing(role, Some(name), &available);
                    return Err(Error::Column { path, source });
                }
            };
            let column = in_parts(column, role, columns.preset());
            column.leaf.column_type.fits(role).map_err(|expected| wrong(column.describe(), expected))?;
            check_counts(&metadata, column.leaf.index, column.leaf.is_nested())
                .map_err(|reason| Error::NotParquet { path: path.clone(), reason })?;
            roles[role as usize] = Some(column);
        }
        let footer = Self { path, metadata: Arc::new(metadata), stamp, roles, encrypted, constants };
        footer.roles.iter().flatten().try_for_each(|column| footer.check_supported(&column.leaf))?;
        footer.check_lists(columns)?;
        Ok(footer)
    }

    /// Returns the value of a leaf column that is not stored in the file.
    pub(crate) fn constant(&self, leaf: usize) -> Option<&ArrayRef> {
        self.constants.as_ref()?.value(leaf)
    }

    /// Sets the type of the survey's ids, to which those of the file are converted.
    pub(crate) fn set_id_type(&mut self, id_type: IdType) {
        if let Some(id) = &mut self.roles[Role::Id as usize] {
            id.id_type = id_type;
        }
    }

    /// Returns true if only other files have the column of a role.
    pub(crate) fn lacks(&self, role: Role) -> bool {
        let leaf = self.role(role).map(|column| column.leaf.index);
        self.constants.as_ref().zip(leaf).is_some_and(|(constants, leaf)| constants.is_missing(leaf))
    }

    /// Returns the metadata of the columns that are stored in the file.
    pub(crate) fn stored(&self) -> &Arc<ParquetMetaData> {
        self.constants.as_ref().map_or(&self.metadata, |constants| &constants.stored)
    }

    /// Returns the columns in the path: their names and values.
    pub(crate) fn in_path(&self) -> impl Iterator<Item = (&str, &ArrayRef)> {
        let first = self.stored().file_metadata().schema_descr().num_columns();
        let values = self.constants.iter().flat_map(Constants::in_path);
        let columns = &self.metadata.file_metadata().schema_descr().columns()[first..];
        columns.iter().map(|column| column.name()).zip(values)
    }

    /// Checks that a column is not stored in a way that cannot be read.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if it is encrypted or compressed with LZO.
    pub(crate) fn check_supported(&self, leaf: &Leaf) -> Result<(), Error> {
        let is_lzo = |group: &RowGroupMetaData| group.column(leaf.index).compression() == Compression::LZO;
        let (what, advice) = if self.encrypted.contains(&leaf.index) {
            ("encrypted", "decrypt it first with a reader that has its key, such as pyarrow, or name another column")
        } else if self.metadata.row_groups().iter().any(is_lzo) {
            ("compressed with LZO, which is not supported", "write the file again with another codec, such as zstd")
        } else {
            return Ok(());
        };
        Err(Error::Unsupported { path: self.path.clone(), column: leaf.name.clone(), what, advice })
    }

    /// Checks that columns are in lists only if the flux is, that the time then is too, and that in each row group all
    /// such columns have the same number of elements.
    fn check_lists(&self, columns: &ColumnMap) -> Result<(), Error> {
        let nested = self.is_nested();
        for role in [Role::Id, Role::Time, Role::Error, Role::Band] {
            let wrong = match self.role(role) {
                Some(column) if column.leaf.is_nested() && !nested => ("in lists", "a flat column, like the flux"),
                Some(column) if !column.leaf.is_nested() && nested && role == Role::Time => {
                    ("a flat column", "in lists, like the flux")
                }
                _ => continue,
            };
            return Err(Error::ColumnType {
                path: self.path.clone(),
                column: columns.get(role).unwrap_or_default().to_owned(),
                role,
                actual: wrong.0.to_owned(),
                expected: wrong.1,
            });
        }
        let Some(flux) = self.role(Role::Flux).filter(|_| nested) else { return Ok(()) };
        for (index, group) in self.metadata.row_groups().iter().enumerate() {
            for role in Role::ALL {
                let Some(column) = self.role(role).filter(|column| column.leaf.is_nested()) else { continue };
                if group.column(column.leaf.index).num_values() != group.column(flux.leaf.index).num_values() {
                    let names = [Role::Flux, role].map(|role| columns.get(role).unwrap_or_default().to_owned());
                    return Err(self.unequal_lists(index, [flux, column], names));
                }
            }
        }
        Ok(())
    }

    /// Makes the error for two columns of lists whose lengths differ in a row group, with the row where they differ.
    fn unequal_lists(&self, index: usize, columns: [&RoleColumn; 2], [first, second]: [String; 2]) -> Error {
        let (path, row_group) = (self.path.clone(), index);
        let group = self.metadata.row_group(index);
        let slots = columns.map(|column| usize::try_from(group.column(column.leaf.index).num_values()).unwrap_or(0));
        let file = match open(&self.path) {
            // Bytes read for the message are not counted.
            Ok((file, stamp)) => PositionedFile::new(file, stamp.bytes, Arc::default()),
            Err(error) => return error,
        };
        let row = guarded(|| {
            let [mut a, mut b] = [columns[0], columns[1]].map(|column| levels_alone(self, index, &file, &column.leaf));
            let (Ok(a), Ok(b)) = (&mut a, &mut b) else { return Ok(None) };
            first_difference(a, b, slots[0].min(slots[1]))
        });
        // If the levels cannot be read, the row stays unknown: reading the column reports that error.
        Error::UnequalLists { path, row_group, row: row.ok().flatten(), first, second }
    }

    /// Returns true if light curves are lists.
    pub(crate) fn is_nested(&self) -> bool {
        self.role(Role::Flux).is_some_and(|flux| flux.leaf.is_nested())
    }

    /// Returns the number of elements in a row group: its epochs, plus one for each null or empty list. For flat files,
    /// its rows.
    pub(crate) fn slots(&self, index: usize) -> u64 {
        let group = self.metadata.row_group(index);
        let rows = match self.role(Role::Flux) {
            Some(flux) if flux.leaf.is_nested() => group.column(flux.leaf.index).num_values(),
            _ => group.num_rows(),
        };
        u64::try_from(rows).unwrap_or(0)
    }

    /// Returns the role whose column is used to count records: the smallest column in lists among those that are read,
    /// or among all roles if none is read.
    pub(crate) fn counting(&self, index: usize, read: impl Fn(Role) -> bool) -> Option<Role> {
        let group = self.metadata.row_group(index);
        let nested = |role: Role| self.role(role).filter(|column| column.leaf.is_nested());
        let any = Role::ALL.iter().any(|&role| read(role) && nested(role).is_some());
        let sizes = Role::ALL.into_iter().filter(|&role| read(role) || !any);
        let sizes = sizes.filter_map(|role| Some((role, group.column(nested(role)?.leaf.index).compressed_size())));
        sizes.min_by_key(|(_, size)| *size).map(|(role, _)| role)
    }

    pub(crate) fn role(&self, role: Role) -> Option<&RoleColumn> {
        self.roles[role as usize].as_ref()
    }

    /// Returns the row groups as the planner sees them.
    pub(crate) fn row_groups(&self, file: usize) -> impl Iterator<Item = RowGroup> + '_ {
        let id = self.role(Role::Id);
        self.metadata.row_groups().iter().enumerate().map(move |(index, group)| RowGroup {
            file,
            index,
            rows: self.slots(index),
            ids: id.and_then(|id| {
                let range = id_range(group.column(id.leaf.index).statistics()?, id.leaf.column_type)?;
                in_type(range, id.id_type)
            }),
            sorted: id.is_some_and(|id| !id.leaf.is_nested() && is_sorted(group, id.leaf.index)),
        })
    }
}

/// Applies the divisor of a preset that stores errors as integers in fractions of the unit.
fn in_parts(column: RoleColumn, role: Role, preset: Option<&Preset>) -> RoleColumn {
    let per_unit = preset.map_or(1, |preset| preset.error_divisor);
    match column.leaf.column_type {
        ColumnType::Int(_) if role == Role::Error => RoleColumn { per_unit, ..column },
        _ => column,
    }
}

/// Returns true if the footer declares that the rows are sorted by this column first, ascending.
fn is_sorted(group: &RowGroupMetaData, column: usize) -> bool {
    let first = group.sorting_columns().and_then(|columns| columns.first());
    first.is_some_and(|first| usize::try_from(first.column_idx) == Ok(column) && !first.descending)
}

/// Returns the range of ids that statistics claim.
fn id_range(statistics: &Statistics, column_type: ColumnType) -> Option<IdRange> {
    // The deprecated fields of old writers order unsigned integers and text as signed values.
    let old = statistics.is_min_max_deprecated();
    let range = |min, max| Some(IdRange { min, max, exact: true });
    match (statistics, column_type) {
        (Statistics::ByteArray(s), ColumnType::Text) if !old => {
            let text = |bytes: &[u8]| Some(ObjectId::Text(std::str::from_utf8(bytes).ok()?.into()));
            let (min, max) = (s.min_opt()?.data(), s.max_opt()?.data());
            let uncut = |exact: bool, bytes: &[u8]| exact || bytes.len() < UNCUT_TEXT;
            let exact = uncut(s.min_is_exact(), min) && uncut(s.max_is_exact(), max);
            Some(IdRange { min: text(min)?, max: text(max)?, exact })
        }
        (Statistics::Int32(s), ColumnType::Int(id_type)) => {
            let key = |v: i32| if id_type.is_unsigned() { i64::from(v.cast_unsigned()) } else { i64::from(v) };
            let id = |v| id_type.object_id(key(v));
            if old && id_type.is_unsigned() { None } else { range(id(*s.min_opt()?), id(*s.max_opt()?)) }
        }
        (Statistics::Int64(s), ColumnType::Int(id_type)) => {
            let key = |v: i64| if id_type.is_unsigned() { key_from_u64(v.cast_unsigned()) } else { v };
            let id = |v| id_type.object_id(key(v));
            if old && id_type.is_unsigned() { None } else { range(id(*s.min_opt()?), id(*s.max_opt()?)) }
        }
        _ => None,
    }
}

/// Converts a range of ids to those of a survey. The bounds of ids that do not fit are unknown.
fn in_type(range: IdRange, id_type: IdType) -> Option<IdRange> {
    let convert = |id: ObjectId| Some(id.key(id_type)?.to_owned(id_type));
    Some(IdRange { min: convert(range.min)?, max: convert(range.max)?, ..range })
}

/// Returns the byte ranges of the column chunks of some leaves in a row group.
pub(crate) fn byte_ranges(
    footer: &Footer,
    index: usize,
    leaves: impl IntoIterator<Item = usize>,
) -> impl Iterator<Item = Range<u64>> {
    let group = footer.metadata.row_group(index);
    let stored = leaves.into_iter().filter(|leaf| footer.constant(*leaf).is_none());
    stored.map(move |leaf| {
        let (start, length) = group.column(leaf).byte_range();
        start..start.saturating_add(length)
    })
}
