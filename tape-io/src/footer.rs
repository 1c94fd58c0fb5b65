//! One file's footer: which columns play which role, and what its row groups claim.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;
use tape_core::{ColumnError, ColumnMap, IdRange, IdType, ObjectId, Role, RowGroup, key_from_u64};

use crate::claims::check_footer;
use crate::error::{Error, system, words};
use crate::fault::{self, Call};
use crate::guard::guarded;
use crate::pread::PositionedFile;
use crate::schema::{Kind, RoleColumn, columns as all_columns, nested_columns, role_column};

/// Shorter text is not cut short in statistics; of longer text the footer says whether it was.
const UNCUT_TEXT: usize = 64;

/// What identifies the content of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) len: u64,
    pub(crate) modified: Option<SystemTime>,
}

/// A file whose footer was read.
#[derive(Debug)]
pub(crate) struct Footer {
    pub(crate) path: PathBuf,
    pub(crate) metadata: Arc<ParquetMetaData>,
    pub(crate) stamp: Stamp,
    /// The column of each role that has one.
    pub(crate) roles: [Option<RoleColumn>; 5],
}

/// Opens a file and notes what it is now.
pub(crate) fn open(path: &Path) -> Result<(File, Stamp), Error> {
    let unreadable = |error| Error::io(path, "read the file", error);
    fault::before(Call::Open).map_err(unreadable)?;
    let file = File::open(path).map_err(unreadable)?;
    fault::before(Call::List).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    Ok((file, Stamp { len: metadata.len(), modified: metadata.modified().ok() }))
}

/// Reads a footer alone.
pub(crate) fn read_metadata(path: &Path) -> Result<(ParquetMetaData, Stamp), Error> {
    let (file, stamp) = open(path)?;
    let not_parquet = |reason: String| Error::NotParquet { path: path.to_owned(), reason };
    if stamp.len == 0 {
        return Err(not_parquet("the file is empty".to_owned()));
    }
    // What is read of footers is no column data, and not counted.
    let file = PositionedFile::new(file, stamp.len, Arc::default());
    let metadata = guarded(|| {
        check_claims(&file)?;
        ParquetMetaDataReader::new().parse_and_finish(&file)
    });
    let failed = |error| match system(error) {
        Ok(refused) => Error::io(path, "read the file", refused),
        Err(error) => not_parquet(words(&error)),
    };
    Ok((metadata.map_err(failed)?, stamp))
}

/// That each row group has as many values of a column as rows, which are no less than none. Where epochs are elements of
/// lists, a column of those has one for each of `epochs`, and no fewer than rows: an empty list counts as one.
fn check_counts(metadata: &ParquetMetaData, column: &RoleColumn, epochs: Option<usize>) -> Result<(), String> {
    for (index, group) in metadata.row_groups().iter().enumerate() {
        let values = |column: usize| group.columns().get(column).map(ColumnChunkMetaData::num_values);
        let rows = group.num_rows();
        let wanted = if column.nesting.is_some() { epochs.and_then(values).unwrap_or(rows) } else { rows };
        if rows < 0 || wanted < rows || values(column.index) != Some(wanted) {
            let name = metadata.file_metadata().schema_descr().column(column.index).path().string();
            let found = values(column.index).map_or_else(|| "none".to_owned(), |values| values.to_string());
            let claimed =
                if wanted == rows { format!("{rows} rows") } else { format!("{rows} rows and {wanted} epochs") };
            return Err(format!("row group {index} claims {claimed}, but values of '{name}': {found}"));
        }
    }
    Ok(())
}

/// That a footer claims no more than it holds. Whether it is one, the decoder says.
fn check_claims(file: &PositionedFile) -> ParquetResult<()> {
    let Some(end) = file.len().checked_sub(8) else { return Ok(()) };
    let tail = file.get_bytes(end, 8)?;
    let Some((length, b"PAR1")) = tail.split_first_chunk::<4>() else { return Ok(()) };
    let length = u32::from_le_bytes(*length);
    let Some(start) = end.checked_sub(u64::from(length)) else { return Ok(()) };
    check_footer(&file.get_bytes(start, length as usize)?)
}

impl Footer {
    /// Reads the footer and looks up the columns. The map must name a column of this file for the id and the flux; other
    /// roles may have none.
    pub(crate) fn read(path: PathBuf, columns: &ColumnMap) -> Result<Self, Error> {
        let (metadata, stamp) = read_metadata(&path)?;
        let schema = metadata.file_metadata().schema_descr();
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
            let column = match role_column(schema, name) {
                Some(Ok(column)) => column,
                Some(Err(actual)) => return Err(wrong(actual, "a plain column")),
                None if nested_columns(schema).iter().any(|nested| nested == name) => {
                    return Err(wrong("nested".to_owned(), "a plain column"));
                }
                None => {
                    let source = ColumnError::missing(role, Some(name), &all_columns(schema));
                    return Err(Error::Column { path, source });
                }
            };
            column.kind.fits(role).map_err(|expected| wrong(column.kind.to_string(), expected))?;
            roles[role as usize] = Some(column);
        }
        let leader = roles[Role::Flux as usize].as_ref().filter(|flux: &&RoleColumn| flux.nesting.is_some());
        let leader = leader.map(|flux| flux.index);
        for (role, column) in Role::ALL.into_iter().zip(&roles) {
            let Some(column) = column else { continue };
            let name = || columns.get(role).unwrap_or_default().to_owned();
            match (column.nesting, leader) {
                (Some(_), None) => return Err(Error::NestedRole { path, column: name(), role }),
                (None, Some(_)) if matches!(role, Role::Time | Role::Error) => {
                    return Err(Error::FlatRole { path, column: name(), role });
                }
                _ => {}
            }
            check_counts(&metadata, column, leader)
                .map_err(|reason| Error::NotParquet { path: path.clone(), reason })?;
        }
        Ok(Self { path, metadata: Arc::new(metadata), stamp, roles })
    }

    pub(crate) fn role(&self, role: Role) -> Option<&RoleColumn> {
        self.roles[role as usize].as_ref()
    }

    /// The column in lists whose levels tell where records begin, if epochs are elements of lists.
    pub(crate) fn leader(&self) -> Option<&RoleColumn> {
        self.role(Role::Flux).filter(|flux| flux.nesting.is_some())
    }

    /// The epochs of a row group, those without values counted.
    pub(crate) fn epochs(&self, group: &RowGroupMetaData) -> u64 {
        let epochs = self.leader().map_or(group.num_rows(), |leader| group.column(leader.index).num_values());
        u64::try_from(epochs).unwrap_or(0)
    }

    /// The row groups as plans see them: a row is an epoch, however it lies in the file.
    pub(crate) fn row_groups(&self, file: usize) -> impl Iterator<Item = RowGroup> + '_ {
        let id = self.role(Role::Id);
        self.metadata.row_groups().iter().enumerate().map(move |(index, group)| RowGroup {
            file,
            index,
            rows: self.epochs(group),
            ids: id.and_then(|id| id_range(group.column(id.index).statistics()?, id.kind)),
            sorted: id.is_some_and(|id| is_sorted(group, id.index)),
        })
    }
}

/// Whether the footer declares the rows sorted by this column, ascending, before all others.
fn is_sorted(group: &RowGroupMetaData, column: usize) -> bool {
    let first = group.sorting_columns().and_then(|columns| columns.first());
    first.is_some_and(|first| usize::try_from(first.column_idx) == Ok(column) && !first.descending)
}

/// The range of ids that statistics claim.
fn id_range(statistics: &Statistics, kind: Kind) -> Option<IdRange> {
    // The deprecated fields of old writers compare unsigned integers and text in an order of their own.
    let old = statistics.is_min_max_deprecated();
    let range = |min, max| Some(IdRange { min, max, exact: true });
    match (statistics, kind) {
        (Statistics::ByteArray(s), Kind::Text) if !old => {
            let text = |bytes: &[u8]| Some(ObjectId::Text(std::str::from_utf8(bytes).ok()?.into()));
            let (min, max) = (s.min_opt()?.data(), s.max_opt()?.data());
            let uncut = |exact: bool, bytes: &[u8]| exact || bytes.len() < UNCUT_TEXT;
            let exact = uncut(s.min_is_exact(), min) && uncut(s.max_is_exact(), max);
            Some(IdRange { min: text(min)?, max: text(max)?, exact })
        }
        (Statistics::Int32(s), Kind::Int(id_type)) => {
            let key = |v: i32| if is_unsigned(id_type) { i64::from(v.cast_unsigned()) } else { i64::from(v) };
            let id = |v| id_type.object_id(key(v));
            if old && is_unsigned(id_type) { None } else { range(id(*s.min_opt()?), id(*s.max_opt()?)) }
        }
        (Statistics::Int64(s), Kind::Int(id_type)) => {
            let key = |v: i64| if is_unsigned(id_type) { key_from_u64(v.cast_unsigned()) } else { v };
            let id = |v| id_type.object_id(key(v));
            if old && is_unsigned(id_type) { None } else { range(id(*s.min_opt()?), id(*s.max_opt()?)) }
        }
        _ => None,
    }
}

pub(crate) const fn is_unsigned(id_type: IdType) -> bool {
    matches!(id_type, IdType::UInt8 | IdType::UInt16 | IdType::UInt32 | IdType::UInt64)
}
