//! A column of a row group, opened, and its rows appended to those of a role.

use std::sync::Arc;

use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::PageReader;
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{DataType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor};
use tape_core::{Bands, IdRef, IdType, Ids, NO_BAND, Role, Rows, key_from_u64};

use crate::decode::checked_pages::CheckedPages;
use crate::decode::column_type::{Kind, RoleColumn};
use crate::decode::fixed_width::{ENCODINGS, Stored};
use crate::decode::footer::{Footer, is_unsigned};
use crate::decode::input::PositionedFile;
use crate::decode::limits::PageBounds;
use crate::decode::list_levels::LevelsAlone;
use crate::decode::list_pages::{Depth, LevelQueue, SlotPages};
use crate::decode::numbers::{Numbers, Typed};
use crate::decode::text::{NULL, OtherText, Text, TextPages};

/// A column chunk, of which a number of rows were read.
pub(crate) enum Column {
    Number(Numbers),
    Integer { ints: Integers, bands: BandCodes, scratch: Vec<i64> },
    Text { text: Text, bands: Vec<u8> },
}

/// Integers as keys: ids, and bands that are numbers.
pub(crate) enum Integers {
    I32(Typed<Int32Type>, IdType),
    I64(Typed<Int64Type>, IdType),
    Stored(Box<Stored<i64>>, IdType),
}

/// The pages of a column chunk, each slot of lists a row, and levels of lists to `levels`.
pub(crate) fn pages(
    footer: &Footer,
    index: usize,
    file: &PositionedFile,
    (leaf, depth): (usize, Depth),
    levels: &LevelQueue,
) -> ParquetResult<Box<dyn PageReader>> {
    let group = footer.metadata.row_group(index);
    let chunk = group.column(leaf);
    let rows = usize::try_from(group.num_rows())?;
    let file = Arc::new(file.bounded(PageBounds::of(chunk)));
    let pages = SerializedPageReader::new(file, chunk, rows, None)?;
    let optional = depth.value > 0;
    if depth.is_flat() {
        return Ok(Box::new(CheckedPages { pages, optional }));
    }
    let pages = SlotPages::new(pages, depth, levels.clone());
    Ok(Box::new(CheckedPages { pages, optional }))
}

/// The levels of a column of lists, without its values.
pub(crate) fn levels_alone(
    footer: &Footer,
    index: usize,
    file: &PositionedFile,
    column: &RoleColumn,
) -> ParquetResult<LevelsAlone> {
    let levels = LevelQueue::default();
    let pages = pages(footer, index, file, (column.index, column.depth), &levels)?;
    Ok(LevelsAlone::new(pages, column.depth, levels))
}

/// Opens a column for `role`. The levels of lists go to `levels` as pages are taken.
pub(crate) fn open_column(
    footer: &Footer,
    index: usize,
    file: &PositionedFile,
    role: Role,
    column: &RoleColumn,
    levels: &LevelQueue,
) -> ParquetResult<Column> {
    let chunk = footer.metadata.row_group(index).column(column.index);
    let pages = pages(footer, index, file, (column.index, column.depth), levels)?;
    let descriptor = as_flat(&footer.metadata.file_metadata().schema_descr().column(column.index), column.depth);
    let optional = column.optional();
    let number = matches!(role, Role::Time | Role::Flux | Role::Error);
    let narrow = |id_type| !matches!(id_type, IdType::Int64 | IdType::UInt64);
    let only = |wanted: &[Encoding]| chunk.encodings().all(|encoding| wanted.contains(&encoding));
    Ok(match column.kind {
        Kind::F64 if only(&ENCODINGS) => Column::Number(Numbers::Stored(Box::new(Stored::new(pages, optional)))),
        Kind::F64 => Column::Number(Numbers::F64(typed(descriptor, pages))),
        Kind::F32 => Column::Number(Numbers::F32(typed(descriptor, pages))),
        Kind::Scaled(of) => Column::Number(match chunk.column_type() {
            Physical::INT32 => Numbers::Scaled32(typed(descriptor, pages), of),
            Physical::INT64 => Numbers::Scaled64(typed(descriptor, pages), of),
            _ => Numbers::ScaledBytes(typed(descriptor, pages), of),
        }),
        Kind::Int(int) if number => Column::Number(match (narrow(int), is_unsigned(int)) {
            (true, false) => Numbers::I32(typed(descriptor, pages)),
            (true, true) => Numbers::U32(typed(descriptor, pages)),
            (false, false) => Numbers::I64(typed(descriptor, pages)),
            (false, true) => Numbers::U64(typed(descriptor, pages)),
        }),
        Kind::Int(int) if narrow(int) => Column::integer(Integers::I32(typed(descriptor, pages), int)),
        Kind::Int(int) if only(&ENCODINGS) => {
            Column::integer(Integers::Stored(Box::new(Stored::new(pages, optional)), int))
        }
        Kind::Int(int) => Column::integer(Integers::I64(typed(descriptor, pages), int)),
        Kind::Text => {
            let text = if only(&ENCODINGS) {
                Text::Pages(Box::new(TextPages::new(pages, optional)))
            } else {
                Text::Other(Box::new(OtherText::new(ColumnReaderImpl::new(descriptor, pages))))
            };
            Column::Text { text, bands: vec![] }
        }
    })
}

/// The column as its decoders have it: flat, as its pages are made.
pub(crate) fn as_flat(descriptor: &ColumnDescPtr, depth: Depth) -> ColumnDescPtr {
    if depth.is_flat() {
        return Arc::clone(descriptor);
    }
    Arc::new(ColumnDescriptor::new(descriptor.self_type_ptr(), 1, 0, descriptor.path().clone()))
}

fn typed<T: DataType>(descriptor: ColumnDescPtr, pages: Box<dyn PageReader>) -> Typed<T> {
    Typed::new(ColumnReaderImpl::new(descriptor, pages))
}

/// Where a column's rows go.
pub(crate) struct Into<'a> {
    pub(crate) rows: &'a mut Rows,
    /// Which of the rows have a null id; stays empty if none has.
    pub(crate) null_ids: &'a mut Vec<bool>,
    pub(crate) bands: &'a Bands,
}

impl Column {
    fn integer(ints: Integers) -> Self {
        Self::Integer { ints, bands: BandCodes::default(), scratch: vec![] }
    }

    pub(crate) fn skip(&mut self, n: usize) -> ParquetResult<()> {
        match self {
            Self::Number(numbers) => numbers.skip(n),
            Self::Integer { ints: Integers::I32(ints, _), .. } => ints.skip(n),
            Self::Integer { ints: Integers::I64(ints, _), .. } => ints.skip(n),
            Self::Integer { ints: Integers::Stored(ints, _), .. } => ints.skip(n),
            Self::Text { text, .. } => text.skip(n),
        }
    }

    /// Appends `n` rows to the column of `role`.
    pub(crate) fn append(&mut self, role: Role, n: usize, into: &mut Into<'_>) -> ParquetResult<()> {
        match (self, role, &mut into.rows.ids) {
            (Self::Number(numbers), Role::Time, _) => numbers.append(n, &mut into.rows.time),
            (Self::Number(numbers), Role::Error, _) => numbers.append(n, &mut into.rows.error),
            (Self::Number(numbers), ..) => numbers.append(n, &mut into.rows.flux),
            (Self::Integer { ints, .. }, Role::Id, Ids::Int(keys)) => ints.append(n, keys, into.null_ids),
            (Self::Integer { ints, bands, scratch }, ..) => {
                scratch.clear();
                let mut nulls = vec![];
                let id_type = ints.id_type();
                ints.append(n, scratch, &mut nulls)?;
                for (row, &value) in scratch.iter().enumerate() {
                    let null = nulls.get(row).copied().unwrap_or(false);
                    into.rows.band.push(if null { NO_BAND } else { bands.code(value, id_type, into.bands)? });
                }
                Ok(())
            }
            (Self::Text { text, .. }, Role::Id, ids) => text_ids(text, n, ids, into.null_ids),
            (Self::Text { text, bands }, ..) => text_bands(text, bands, n, &mut into.rows.band, into.bands),
        }
    }
}

impl Integers {
    const fn id_type(&self) -> IdType {
        match self {
            Self::I32(_, id_type) | Self::I64(_, id_type) | Self::Stored(_, id_type) => *id_type,
        }
    }

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
pub(crate) struct BandCodes {
    met: Vec<(i64, u8)>,
}

impl BandCodes {
    fn code(&mut self, value: i64, id_type: IdType, bands: &Bands) -> ParquetResult<u8> {
        if let Some(&(_, code)) = self.met.iter().find(|(met, _)| *met == value) {
            return Ok(code);
        }
        let code = bands
            .code(&id_type.object_id(value).to_string())
            .map_err(|error| ParquetError::General(error.to_string()))?;
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
