//! Reads the rows of a partition, one row group after another.

mod sifted;

use std::collections::VecDeque;
use std::sync::Arc;

use parquet::basic::Encoding;
use parquet::column::page::PageReader;
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{DataType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::serialized_reader::SerializedPageReader;
use tape_core::{
    Bands, Columns, IdRef, IdType, Ids, NO_BAND, Partition, Piece, Role, RowReader, Rows, Source, SourceError,
    key_from_u64,
};

use crate::checked::CheckedPages;
use crate::claims::PageBounds;
use crate::error::{Error, system, words};
use crate::footer::{Footer, is_unsigned, open};
use crate::guard::guarded;
use crate::numbers::{Numbers, Typed};
use crate::pread::PositionedFile;
use crate::schema::{Kind, RoleColumn};
use crate::sieve::Sieve;
use crate::stored::{ENCODINGS, Stored};
use crate::survey::{Survey, roles};
use crate::text::{NULL, OtherText, Text, TextPages};

/// The rows of one partition.
pub(crate) struct PartitionReader<'a> {
    survey: &'a Survey,
    columns: Columns,
    pieces: VecDeque<Piece>,
    open: Option<OpenRowGroup<'a>>,
    /// All rows of a batch, where some of them may be dropped.
    batch: Rows,
}

/// The columns of a row group, all at the same row.
struct OpenRowGroup<'a> {
    row_group: usize,
    left: usize,
    columns: Vec<(Role, Column)>,
    /// Of the rows read last, which have a null id; empty if none has.
    null_ids: Vec<bool>,
    sieve: Option<Sieve<'a>>,
}

enum Column {
    Number(Numbers),
    Integer { ints: Integers, bands: BandCodes, scratch: Vec<i64> },
    Text { text: Text, bands: Vec<u8> },
}

/// Integers as keys: ids, and bands that are numbers.
enum Integers {
    I32(Typed<Int32Type>, IdType),
    I64(Typed<Int64Type>, IdType),
    Stored(Box<Stored<i64>>, IdType),
}

impl<'a> PartitionReader<'a> {
    pub(crate) fn new(survey: &'a Survey, partition: &Partition, columns: Columns) -> Self {
        let pieces = partition.pieces.iter().cloned().collect();
        Self { survey, columns, pieces, open: None, batch: Rows::new(survey.id_type()) }
    }

    fn failed(&self, row_group: usize, role: Role, error: ParquetError) -> Error {
        self.failed_column(row_group, self.survey.columns().get(role).unwrap_or_default(), error)
    }

    fn failed_column(&self, row_group: usize, column: &str, error: ParquetError) -> Error {
        let (footer, index) = self.survey.footer(row_group);
        let reason = match system(error) {
            Ok(refused) => return Error::io(&footer.path, "read the file", refused),
            Err(error) => words(&error),
        };
        Error::Corrupt { path: footer.path.clone(), row_group: index, column: column.to_owned(), reason }
    }

    fn open_next(&mut self) -> Result<bool, Error> {
        let Some(piece) = self.pieces.pop_front() else { return Ok(false) };
        let (footer, index) = self.survey.footer(piece.row_group);
        let (file, stamp) = open(&footer.path)?;
        if stamp != footer.stamp {
            return Err(Error::Changed { path: footer.path.clone() });
        }
        let file = PositionedFile::new(file, stamp.len, self.survey.counter());
        let skip = usize::try_from(piece.rows.start).unwrap_or(usize::MAX);
        let left = usize::try_from(piece.rows.end).unwrap_or(usize::MAX) - skip;
        let mut columns = Vec::with_capacity(5);
        let mut sieve = self.open_sieve(piece.row_group, &file, skip)?;
        for role in roles(self.columns) {
            let Some(column) = footer.role(role) else { continue };
            if sieve.as_mut().is_some_and(|sieve| sieve.plays(role, column.index)) {
                continue;
            }
            let opened = guarded(|| {
                let mut opened = open_column(footer, index, &file, role, column)?;
                opened.skip(skip)?;
                Ok(opened)
            });
            columns.push((role, opened.map_err(|error| self.failed(piece.row_group, role, error))?));
        }
        self.open = Some(OpenRowGroup { row_group: piece.row_group, left, columns, null_ids: vec![], sieve });
        Ok(true)
    }
}

impl RowReader for PartitionReader<'_> {
    fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<usize, SourceError> {
        while self.open.as_ref().is_none_or(|open| open.left == 0) {
            if let Some(passed) = self.pass_over(rows).filter(|&passed| passed > 0) {
                return Ok(passed);
            }
            if !self.open_next()? {
                return Ok(0);
            }
        }
        let survey = self.survey;
        let Some(group) = &mut self.open else { return Ok(0) };
        let n = group.left.min(max_rows.max(1));
        group.left -= n;
        if group.sieve.is_some() {
            self.read_sifted(n, rows)?;
            return Ok(n);
        }
        let base = rows.len();
        let OpenRowGroup { row_group, columns, null_ids, .. } = group;
        null_ids.clear();
        for (role, column) in columns {
            let mut into = Into { rows, null_ids, bands: survey.bands() };
            if let Err(error) = guarded(|| column.append(*role, n, &mut into)) {
                let (row_group, role) = (*row_group, *role);
                return Err(self.failed(row_group, role, error).into());
            }
        }
        if !null_ids.is_empty() {
            let dropped = null_ids.iter().filter(|&&null| null).count();
            let counted = rows.null_ids + dropped as u64;
            *rows = rows.filtered(|row| row < base || !null_ids[row - base]);
            rows.null_ids = counted;
        }
        Ok(n)
    }
}

fn open_column(
    footer: &Footer,
    index: usize,
    file: &PositionedFile,
    role: Role,
    column: &RoleColumn,
) -> ParquetResult<Column> {
    let group = footer.metadata.row_group(index);
    let chunk = group.column(column.index);
    let rows = usize::try_from(group.num_rows())?;
    let file = Arc::new(file.bounded(PageBounds::of(chunk)));
    let pages = SerializedPageReader::new(file, chunk, rows, None)?;
    let pages: Box<dyn PageReader> = Box::new(CheckedPages { pages, optional: column.optional });
    let descriptor = footer.metadata.file_metadata().schema_descr().column(column.index);
    let number = matches!(role, Role::Time | Role::Flux | Role::Error);
    let narrow = |id_type| !matches!(id_type, IdType::Int64 | IdType::UInt64);
    let only = |wanted: &[Encoding]| chunk.encodings().all(|encoding| wanted.contains(&encoding));
    Ok(match column.kind {
        Kind::F64 if only(&ENCODINGS) => Column::Number(Numbers::Stored(Box::new(Stored::new(pages, column.optional)))),
        Kind::F64 => Column::Number(Numbers::F64(typed(descriptor, pages))),
        Kind::F32 => Column::Number(Numbers::F32(typed(descriptor, pages))),
        Kind::Int(int) if number => Column::Number(match (narrow(int), is_unsigned(int)) {
            (true, false) => Numbers::I32(typed(descriptor, pages)),
            (true, true) => Numbers::U32(typed(descriptor, pages)),
            (false, false) => Numbers::I64(typed(descriptor, pages)),
            (false, true) => Numbers::U64(typed(descriptor, pages)),
        }),
        Kind::Int(int) if narrow(int) => Column::integer(Integers::I32(typed(descriptor, pages), int)),
        Kind::Int(int) if only(&ENCODINGS) => {
            Column::integer(Integers::Stored(Box::new(Stored::new(pages, column.optional)), int))
        }
        Kind::Int(int) => Column::integer(Integers::I64(typed(descriptor, pages), int)),
        Kind::Text => {
            let text = if only(&ENCODINGS) {
                Text::Pages(Box::new(TextPages::new(pages, column.optional)))
            } else {
                Text::Other(Box::new(OtherText::new(ColumnReaderImpl::new(descriptor, pages))))
            };
            Column::Text { text, bands: vec![] }
        }
    })
}

fn typed<T: DataType>(descriptor: parquet::schema::types::ColumnDescPtr, pages: Box<dyn PageReader>) -> Typed<T> {
    Typed::new(ColumnReaderImpl::new(descriptor, pages))
}

/// Where a column's rows go.
struct Into<'a> {
    rows: &'a mut Rows,
    null_ids: &'a mut Vec<bool>,
    bands: &'a Bands,
}

impl Column {
    fn integer(ints: Integers) -> Self {
        Self::Integer { ints, bands: BandCodes::default(), scratch: vec![] }
    }

    fn skip(&mut self, n: usize) -> ParquetResult<()> {
        match self {
            Self::Number(numbers) => numbers.skip(n),
            Self::Integer { ints: Integers::I32(ints, _), .. } => ints.skip(n),
            Self::Integer { ints: Integers::I64(ints, _), .. } => ints.skip(n),
            Self::Integer { ints: Integers::Stored(ints, _), .. } => ints.skip(n),
            Self::Text { text, .. } => text.skip(n),
        }
    }

    /// Appends `n` rows to the column of `role`.
    fn append(&mut self, role: Role, n: usize, into: &mut Into<'_>) -> ParquetResult<()> {
        match (self, role, &mut into.rows.ids) {
            (Self::Number(numbers), Role::Time, _) => numbers.append(n, &mut into.rows.time),
            (Self::Number(numbers), Role::Error, _) => numbers.append(n, &mut into.rows.error),
            (Self::Number(numbers), ..) => numbers.append(n, &mut into.rows.flux),
            (Self::Integer { ints, .. }, Role::Id, Ids::Int(keys)) => ints.append(n, keys, into.null_ids),
            (Self::Integer { ints, bands, scratch }, ..) => {
                scratch.clear();
                let mut nulls = vec![];
                ints.append(n, scratch, &mut nulls)?;
                for (row, &value) in scratch.iter().enumerate() {
                    let null = nulls.get(row).copied().unwrap_or(false);
                    into.rows.band.push(if null { NO_BAND } else { bands.code(value, into.bands)? });
                }
                Ok(())
            }
            (Self::Text { text, .. }, Role::Id, ids) => text_ids(text, n, ids, into.null_ids),
            (Self::Text { text, bands }, ..) => text_bands(text, bands, n, &mut into.rows.band, into.bands),
        }
    }
}

impl Integers {
    /// Appends `n` keys; where some are null, `nulls` says which.
    fn append(&mut self, n: usize, keys: &mut Vec<i64>, nulls: &mut Vec<bool>) -> ParquetResult<()> {
        match self {
            Self::I32(ints, id_type) => {
                let unsigned = is_unsigned(*id_type);
                let key = |&v: &i32| if unsigned { i64::from(v.cast_unsigned()) } else { i64::from(v) };
                if ints.append(n, keys, 0, key)? {
                    nulls.extend(ints.is_null());
                }
            }
            Self::Stored(ints, id_type) => {
                let base = keys.len();
                ints.append(n, keys, 0, |row| {
                    nulls.resize(n, false);
                    nulls[row] = true;
                })?;
                if *id_type == IdType::UInt64 {
                    keys[base..].iter_mut().for_each(|key| *key = key_from_u64(key.cast_unsigned()));
                }
            }
            Self::I64(ints, IdType::UInt64) => {
                if ints.append(n, keys, 0, |&v| key_from_u64(v.cast_unsigned()))? {
                    nulls.extend(ints.is_null());
                }
            }
            Self::I64(ints, _) => {
                if ints.append_as_is(n, keys, 0)? {
                    nulls.extend(ints.is_null());
                }
            }
        }
        Ok(())
    }
}

/// The codes of bands that are numbers, as far as this column chunk met them.
#[derive(Default)]
struct BandCodes {
    met: Vec<(i64, u8)>,
}

impl BandCodes {
    fn code(&mut self, value: i64, bands: &Bands) -> ParquetResult<u8> {
        if let Some(&(_, code)) = self.met.iter().find(|(met, _)| *met == value) {
            return Ok(code);
        }
        let code = bands.code(&value.to_string()).map_err(|error| ParquetError::General(error.to_string()))?;
        self.met.push((value, code));
        Ok(code)
    }
}

fn text_ids(text: &mut Text, mut n: usize, ids: &mut Ids, nulls: &mut Vec<bool>) -> ParquetResult<()> {
    let total = n;
    while n > 0 {
        let coded = text.next(n)?;
        for &code in coded.codes {
            let id = if code == NULL { "" } else { coded.text(code as usize)? };
            ids.push(IdRef::Text(id));
        }
        if coded.codes.contains(&NULL) {
            nulls.resize(total - n, false);
            nulls.extend(coded.codes.iter().map(|&code| code == NULL));
        }
        n -= coded.codes.len();
    }
    if !nulls.is_empty() {
        nulls.resize(total, false);
    }
    Ok(())
}

/// Appends `n` band codes; `codes` holds those of the current dictionary between calls.
fn text_bands(
    text: &mut Text,
    codes: &mut Vec<u8>,
    mut n: usize,
    band: &mut Vec<u8>,
    bands: &Bands,
) -> ParquetResult<()> {
    while n > 0 {
        let coded = text.next(n)?;
        if coded.fresh {
            codes.clear();
            for i in 0..coded.dictionary.len() {
                let label = coded.text(i)?;
                // A plain page is a dictionary with an entry for each row: mostly the same labels again.
                let again = (i.saturating_sub(8)..i).find(|&j| coded.dictionary[j] == coded.dictionary[i]);
                codes.push(match again {
                    Some(j) => codes[j],
                    None => bands.code(label).map_err(|error| ParquetError::General(error.to_string()))?,
                });
            }
        }
        push_bands(coded.codes, codes, band);
        n -= coded.codes.len();
    }
    Ok(())
}

/// Appends the bands of `rows`, each a code into `bands` or [`NULL`].
fn push_bands(rows: &[u32], bands: &[u8], to: &mut Vec<u8>) {
    let mut table = [NO_BAND; 256];
    if let Some(known) = table[..255].get_mut(..bands.len()) {
        // The last byte of NULL is the place that no band takes: one look into a table, without a branch.
        known.copy_from_slice(bands);
        to.extend(rows.iter().map(|&code| table[usize::from(code.to_le_bytes()[0])]));
    } else {
        to.extend(rows.iter().map(|&code| bands.get(code as usize).copied().unwrap_or(NO_BAND)));
    }
}
