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
use crate::schema::{Kind, RoleColumn, flat_columns, nested_columns, role_column};

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

/// That each row group has as many values of a column as rows, which are no less than none.
pub(crate) fn check_counts(metadata: &ParquetMetaData, column: usize) -> Result<(), String> {
    for (index, group) in metadata.row_groups().iter().enumerate() {
        let (rows, values) = (group.num_rows(), group.columns().get(column).map(ColumnChunkMetaData::num_values));
        if rows < 0 || values != Some(rows) {
            let name = metadata.file_metadata().schema_descr().column(column).path().string();
            let values = values.map_or_else(|| "none".to_owned(), |values| values.to_string());
            return Err(format!("row group {index} claims {rows} rows, but values of '{name}': {values}"));
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
                    let source = ColumnError::missing(role, Some(name), &flat_columns(schema));
                    return Err(Error::Column { path, source });
                }
            };
            column.kind.fits(role).map_err(|expected| wrong(column.kind.to_string(), expected))?;
            check_counts(&metadata, column.index).map_err(|reason| Error::NotParquet { path: path.clone(), reason })?;
            roles[role as usize] = Some(column);
        }
        Ok(Self { path, metadata: Arc::new(metadata), stamp, roles })
    }

    pub(crate) fn role(&self, role: Role) -> Option<&RoleColumn> {
        self.roles[role as usize].as_ref()
    }

    /// The row groups as plans see them.
    pub(crate) fn row_groups(&self, file: usize) -> impl Iterator<Item = RowGroup> + '_ {
        let id = self.role(Role::Id);
        self.metadata.row_groups().iter().enumerate().map(move |(index, group)| RowGroup {
            file,
            index,
            rows: u64::try_from(group.num_rows()).unwrap_or(0),
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
