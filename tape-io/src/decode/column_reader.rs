//! Reads a column chunk, with one of two decoders.
//!
//! The fast decoder reads pages directly: 4-byte and 8-byte numbers that are plain, dictionary-encoded or
//! byte-stream-split, and text that is plain or dictionary-encoded. The general decoder, [`ArrowColumn`], reads all
//! other types and encodings.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Float64Array, Int64Array, UInt64Array};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{ArrowNativeType, TimeUnit};
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::PageReader;
use parquet::errors::Result;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;
use tape_core::{Bands, IdType, Ids, Role, Rows};

use crate::decode::arrow_column::ArrowColumn;
use crate::decode::checked_pages::{CheckedPages, value_bytes};
use crate::decode::column_type::ColumnType;
use crate::decode::constant_columns::repeated;
use crate::decode::fixed_width::{ENCODINGS, FixedWidth, FixedWidthColumn};
use crate::decode::footer::Footer;
use crate::decode::from_arrow::{append_bands, append_ids, append_numbers, mjd};
use crate::decode::input::PositionedFile;
use crate::decode::keys::{BandCodes, append_keys, convert_keys};
use crate::decode::leaf::{Leaf, RoleColumn};
use crate::decode::limits::PageBounds;
use crate::decode::list_levels::LevelReader;
use crate::decode::list_pages::{Depth, LevelQueue, ListPages};
use crate::decode::text::TextPages;
use crate::decode::texts::{Places, text_bands, text_ids};

/// A reader of a column chunk.
pub(crate) struct ColumnReader {
    column_type: ColumnType,
    per_unit: u32,
    /// The type of ids to return, if it is another one than the column's.
    id_type: Option<IdType>,
    gear: Gear,
    bands: BandCodes,
    places: Places,
}

enum Gear {
    F64(Box<FixedWidthColumn<f64>>),
    F32(Box<FixedWidthColumn<f32>>),
    I64(Box<FixedWidthColumn<i64>>),
    I32(Box<FixedWidthColumn<i32>>),
    Text(Box<TextPages>),
    General(Box<ArrowColumn>),
    /// A value that all rows share.
    Constant(ArrayRef),
}

/// The buffers to which the rows of a role's column are appended.
pub(crate) struct RowBuffers<'a> {
    pub(crate) rows: &'a mut Rows,
    /// Marks the rows with a null id. Stays empty if there are none.
    pub(crate) null_ids: &'a mut Vec<bool>,
    pub(crate) bands: &'a Bands,
}

/// Opens the pages of a column chunk, with one row per element of lists. The levels of lists are queued in `levels` as
/// pages are read.
fn pages(
    footer: &Footer,
    index: usize,
    file: &PositionedFile,
    (leaf, depth): (usize, Depth),
    levels: &LevelQueue,
) -> Result<Box<dyn PageReader>> {
    let group = footer.metadata.row_group(index);
    let chunk = group.column(leaf);
    let rows = usize::try_from(group.num_rows())?;
    let file = Arc::new(file.bounded(PageBounds::of(chunk)));
    let pages = SerializedPageReader::new(file, chunk, rows, None)?;
    let optional = depth.value > 0;
    let value_bytes = value_bytes(&footer.metadata.file_metadata().schema_descr().column(leaf));
    if depth.is_flat() {
        return Ok(Box::new(CheckedPages { pages, optional, value_bytes }));
    }
    let pages = ListPages::new(pages, depth, levels.clone());
    Ok(Box::new(CheckedPages { pages, optional, value_bytes }))
}

/// Opens a column of lists to read its levels only.
pub(crate) fn levels_alone(footer: &Footer, index: usize, file: &PositionedFile, leaf: &Leaf) -> Result<LevelReader> {
    let levels = LevelQueue::default();
    let pages = pages(footer, index, file, (leaf.index, leaf.depth), &levels)?;
    Ok(LevelReader::new(pages, leaf.depth, levels))
}

/// Returns true if the fast decoder reads a column chunk.
pub(crate) fn is_fast(leaf: &Leaf, chunk: &ColumnChunkMetaData) -> bool {
    use ColumnType::{Day, Decimal, Float, Int, Text, Time};
    let own_type = matches!(
        (leaf.column_type, chunk.column_type()),
        (Float(8), Physical::DOUBLE)
            | (Float(4), Physical::FLOAT)
            | (Int(_) | Decimal(_) | Time(_) | Day, Physical::INT32 | Physical::INT64)
            | (Text, Physical::BYTE_ARRAY)
    );
    let own_encoding = |encoding: Encoding| {
        ENCODINGS.contains(&encoding) && (leaf.column_type != Text || encoding != Encoding::BYTE_STREAM_SPLIT)
    };
    own_type && chunk.encodings().all(own_encoding)
}

impl ColumnReader {
    /// Opens a column chunk. The levels of lists are queued in `levels` as pages are read.
    pub(crate) fn open(
        footer: &Footer,
        row_group: usize,
        file: &PositionedFile,
        leaf: &Leaf,
        levels: &LevelQueue,
    ) -> Result<Self> {
        let (column_type, optional) = (leaf.column_type, leaf.optional());
        if let Some(value) = footer.constant(leaf.index) {
            let gear = Gear::Constant(Arc::clone(value));
            return Ok(Self::new(column_type, gear));
        }
        let pages = pages(footer, row_group, file, (leaf.index, leaf.depth), levels)?;
        let chunk = footer.metadata.row_group(row_group).column(leaf.index);
        let gear = match chunk.column_type() {
            _ if !is_fast(leaf, chunk) => {
                let column = footer.metadata.file_metadata().schema_descr().column(leaf.index);
                let of = (Arc::clone(&footer.metadata), row_group);
                Gear::General(Box::new(ArrowColumn::new(column_type, &column, optional, of, pages)?))
            }
            Physical::DOUBLE => Gear::F64(Box::new(FixedWidthColumn::new(pages, optional))),
            Physical::FLOAT => Gear::F32(Box::new(FixedWidthColumn::new(pages, optional))),
            Physical::INT64 => Gear::I64(Box::new(FixedWidthColumn::new(pages, optional))),
            Physical::INT32 => Gear::I32(Box::new(FixedWidthColumn::new(pages, optional))),
            _ => Gear::Text(Box::new(TextPages::new(pages, optional))),
        };
        Ok(Self::new(column_type, gear))
    }

    fn new(column_type: ColumnType, gear: Gear) -> Self {
        Self { column_type, per_unit: 1, id_type: None, gear, bands: BandCodes::default(), places: Places::default() }
    }

    /// Opens the column of a role.
    pub(crate) fn open_role(
        footer: &Footer,
        row_group: usize,
        file: &PositionedFile,
        column: &RoleColumn,
        levels: &LevelQueue,
    ) -> Result<Self> {
        let reader = Self::open(footer, row_group, file, &column.leaf, levels)?;
        Ok(Self { per_unit: column.per_unit, id_type: Some(column.id_type), ..reader })
    }

    /// Skips the next `n` rows.
    pub(crate) fn skip(&mut self, n: usize) -> Result<()> {
        match &mut self.gear {
            Gear::F64(column) => column.skip(n),
            Gear::F32(column) => column.skip(n),
            Gear::I64(column) => column.skip(n),
            Gear::I32(column) => column.skip(n),
            Gear::Text(pages) => pages.skip(n),
            Gear::General(column) => column.skip(n),
            Gear::Constant(_) => Ok(()),
        }
    }

    /// Appends the next `n` rows to the column of `role`.
    pub(crate) fn append(&mut self, role: Role, n: usize, to: &mut RowBuffers<'_>) -> Result<()> {
        match role {
            Role::Id => self.append_ids(n, &mut to.rows.ids, to.null_ids),
            Role::Band => self.append_bands(n, &mut to.rows.band, to.bands),
            Role::Time => self.append_f64(n, &mut to.rows.time),
            Role::Flux => self.append_f64(n, &mut to.rows.flux),
            Role::Error => self.append_f64(n, &mut to.rows.error),
        }
    }

    fn append_ids(&mut self, n: usize, ids: &mut Ids, null_ids: &mut Vec<bool>) -> Result<()> {
        let first = ids.len();
        match (&mut self.gear, self.column_type, &mut *ids) {
            (Gear::I64(column), ColumnType::Int(id_type), Ids::Int(keys)) => {
                append_keys(column, n, id_type, keys, null_ids)?;
            }
            (Gear::I32(column), ColumnType::Int(id_type), Ids::Int(keys)) => {
                append_keys(column, n, id_type, keys, null_ids)?;
            }
            (Gear::Text(pages), _, ids @ Ids::Text(_)) => text_ids(pages, n, ids, null_ids)?,
            (_, _, ids) => append_ids(&self.read(n)?, ids, null_ids)?,
        }
        match (ids, self.id_type) {
            (Ids::Int(keys), Some(id_type)) => {
                convert_keys(&mut keys[first..], null_ids, self.column_type.id_type(), id_type)
            }
            _ => Ok(()),
        }
    }

    fn append_bands(&mut self, n: usize, codes: &mut Vec<u8>, bands: &Bands) -> Result<()> {
        match (&mut self.gear, self.column_type) {
            (Gear::I64(column), ColumnType::Int(id_type)) => self.bands.append(column, n, id_type, codes, bands),
            (Gear::I32(column), ColumnType::Int(id_type)) => self.bands.append(column, n, id_type, codes, bands),
            (Gear::Text(pages), _) => text_bands(pages, &mut self.bands.of_dictionary, n, codes, bands),
            _ => append_bands(&self.read(n)?, &BooleanBuffer::new_set(n), codes, bands),
        }
    }

    /// Appends the next `n` rows as numbers: times as Modified Julian Dates, null as NaN.
    #[expect(clippy::cast_precision_loss, reason = "times, fluxes and errors are f64 from here on")]
    fn append_f64(&mut self, n: usize, out: &mut Vec<f64>) -> Result<()> {
        let (column_type, unsigned, parts) =
            (self.column_type, self.column_type.is_unsigned(), f64::from(self.per_unit));
        match &mut self.gear {
            Gear::F64(column) => column.append(n, out, |value| value, f64::NAN, |_| {}),
            Gear::F32(column) => column.append(n, out, f64::from, f64::NAN, |_| {}),
            Gear::I64(column) => match column_type {
                ColumnType::Time(unit) => column.append(n, out, |at| mjd(at, unit), f64::NAN, |_| {}),
                ColumnType::Decimal(scale) => {
                    let unit = 10_f64.powi(scale.into());
                    column.append(n, out, |value| value as f64 / unit, f64::NAN, |_| {})
                }
                _ if unsigned => column.append(n, out, |v| v.cast_unsigned() as f64 / parts, f64::NAN, |_| {}),
                _ => column.append(n, out, |value| value as f64 / parts, f64::NAN, |_| {}),
            },
            Gear::I32(column) => match column_type {
                ColumnType::Day => {
                    let day = |day| mjd(i64::from(day) * SECONDS_OF_DAY, TimeUnit::Second);
                    column.append(n, out, day, f64::NAN, |_| {})
                }
                ColumnType::Decimal(scale) => {
                    let unit = 10_f64.powi(scale.into());
                    column.append(n, out, |value| f64::from(value) / unit, f64::NAN, |_| {})
                }
                _ if unsigned => column.append(n, out, |v| f64::from(v.cast_unsigned()) / parts, f64::NAN, |_| {}),
                _ => column.append(n, out, |value| f64::from(value) / parts, f64::NAN, |_| {}),
            },
            Gear::Text(_) | Gear::General(_) | Gear::Constant(_) => {
                append_numbers(&self.read(n)?, self.per_unit, out);
                Ok(())
            }
        }
    }

    /// Reads the next `n` rows as an array of the type that expressions use.
    pub(crate) fn read(&mut self, n: usize) -> Result<ArrayRef> {
        let (column_type, unsigned) = (self.column_type, self.column_type.is_unsigned());
        match &mut self.gear {
            Gear::F64(column) => {
                let (values, nulls) = buffer(column, n, |value| value)?;
                Ok(Arc::new(Float64Array::new(values, nulls)))
            }
            Gear::F32(column) => {
                let (values, nulls) = buffer(column, n, f64::from)?;
                Ok(Arc::new(Float64Array::new(values, nulls)))
            }
            Gear::I64(column) => {
                let (values, nulls) = buffer(column, n, |value| value)?;
                integers(column_type, values, nulls)
            }
            Gear::I32(column) => {
                let wide = |value: i32| if unsigned { value.cast_unsigned().into() } else { i64::from(value) };
                let (values, nulls) = buffer(column, n, wide)?;
                integers(column_type, values, nulls)
            }
            Gear::Text(pages) => self.places.read(pages, n),
            Gear::General(column) => column.read(n),
            Gear::Constant(value) => repeated(value, n),
        }
    }
}

/// Number of seconds in a day.
pub(crate) const SECONDS_OF_DAY: i64 = 86_400;

/// Reads `n` rows, converted by `convert`, and their validity if some are null.
fn buffer<T: FixedWidth, V: ArrowNativeType>(
    column: &mut FixedWidthColumn<T>,
    n: usize,
    convert: impl Fn(T) -> V,
) -> Result<(ScalarBuffer<V>, Option<NullBuffer>)> {
    let mut out = Vec::with_capacity(n);
    let mut valid: Vec<bool> = vec![];
    column.append(n, &mut out, convert, V::default(), |row| {
        valid.resize(n, true);
        valid[row] = false;
    })?;
    Ok((out.into(), (!valid.is_empty()).then(|| valid.into())))
}

/// Converts integers to the logical type of their column.
fn integers(column_type: ColumnType, values: ScalarBuffer<i64>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    Ok(match column_type {
        ColumnType::Int(IdType::UInt64) => Arc::new(UInt64Array::new(values.into_inner().into(), nulls)),
        ColumnType::Decimal(_) => {
            let wide: ScalarBuffer<i128> = values.iter().map(|&value| value.into()).collect();
            Arc::new(Decimal128Array::new(wide, nulls).with_data_type(column_type.in_arrays()))
        }
        ColumnType::Day => {
            let seconds = values.iter().map(|&day| day.saturating_mul(SECONDS_OF_DAY)).collect();
            cast(&Int64Array::new(seconds, nulls), &column_type.in_arrays())?
        }
        ColumnType::Time(_) => cast(&Int64Array::new(values, nulls), &column_type.in_arrays())?,
        _ => Arc::new(Int64Array::new(values, nulls)),
    })
}
