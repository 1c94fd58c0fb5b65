//! The values of one column chunk, as Arrow arrays.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float64Array, Int64Array, PrimitiveArray, StringBuilder,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::{ArrowNativeType, DECIMAL128_MAX_PRECISION, DataType, Int32Type as ArrowInt32, TimeUnit};
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::PageReader;
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{
    BoolType, DataType as ParquetType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type, Int64Type,
};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescPtr;
use tape_core::IdType;

use super::{Leaf, LeafKind};
use crate::decode::column_reader::{as_flat, pages};
use crate::decode::column_type::Kind;
use crate::decode::fixed_width::{ENCODINGS, EightBytes, Stored};
use crate::decode::footer::{Footer, is_unsigned};
use crate::decode::input::PositionedFile;
use crate::decode::list_pages::LevelQueue;
use crate::decode::numbers::Typed;
use crate::decode::text::{NULL, OtherText, Text, TextPages};

/// Of a column of dates.
pub(super) const SECONDS_OF_DAY: i64 = 86_400;

/// A column chunk of a row group that is read.
pub(crate) struct OpenLeaf {
    kind: LeafKind,
    values: Values,
}

enum Values {
    Float(Box<Stored<f64>>),
    Integer(Box<Stored<i64>>),
    F64(Typed<DoubleType>),
    F32(Typed<FloatType>),
    I32(Typed<Int32Type>),
    I64(Typed<Int64Type>),
    Bytes(Typed<FixedLenByteArrayType>),
    Boolean(Typed<BoolType>),
    Text(Texts),
}

/// Text, and for each entry of the dictionary its place among the texts of an array.
struct Texts {
    text: Text,
    places: Vec<Option<i32>>,
}

impl OpenLeaf {
    /// The levels of lists go to `levels` as pages are taken.
    pub(crate) fn open(
        footer: &Footer,
        row_group: usize,
        file: &PositionedFile,
        leaf: &Leaf,
        levels: &LevelQueue,
    ) -> Result<Self> {
        let chunk = footer.metadata.row_group(row_group).column(leaf.index);
        let pages = pages(footer, row_group, file, (leaf.index, leaf.depth), levels)?;
        let optional = leaf.depth.value > 0;
        let descriptor = as_flat(&footer.metadata.file_metadata().schema_descr().column(leaf.index), leaf.depth);
        let only = |wanted: &[Encoding]| chunk.encodings().all(|encoding| wanted.contains(&encoding));
        let values = match (leaf.kind, chunk.column_type()) {
            (LeafKind::Plain(Kind::Text), _) => {
                let text = if only(&ENCODINGS) {
                    Text::Pages(Box::new(TextPages::new(pages, optional)))
                } else {
                    Text::Other(Box::new(OtherText::new(ColumnReaderImpl::new(descriptor, pages))))
                };
                Values::Text(Texts { text, places: vec![] })
            }
            (_, Physical::DOUBLE) if only(&ENCODINGS) => Values::Float(Box::new(Stored::new(pages, optional))),
            (_, Physical::INT64) if only(&ENCODINGS) => Values::Integer(Box::new(Stored::new(pages, optional))),
            (_, Physical::DOUBLE) => Values::F64(typed(descriptor, pages)),
            (_, Physical::FLOAT) => Values::F32(typed(descriptor, pages)),
            (_, Physical::INT32) => Values::I32(typed(descriptor, pages)),
            (_, Physical::INT64) => Values::I64(typed(descriptor, pages)),
            (_, Physical::FIXED_LEN_BYTE_ARRAY) => Values::Bytes(typed(descriptor, pages)),
            (_, Physical::BOOLEAN) => Values::Boolean(typed(descriptor, pages)),
            (_, other) => return Err(ParquetError::NYI(format!("conditions on values of type {other}"))),
        };
        Ok(Self { kind: leaf.kind, values })
    }

    pub(crate) fn skip(&mut self, n: usize) -> Result<()> {
        match &mut self.values {
            Values::Float(values) => values.skip(n),
            Values::Integer(values) => values.skip(n),
            Values::F64(values) => values.skip(n),
            Values::F32(values) => values.skip(n),
            Values::I32(values) => values.skip(n),
            Values::I64(values) => values.skip(n),
            Values::Bytes(values) => values.skip(n),
            Values::Boolean(values) => values.skip(n),
            Values::Text(texts) => {
                texts.places.clear();
                texts.text.skip(n)
            }
        }
    }

    /// The next `n` rows. Integers come as `Int64` or, if they are unsigned and of 64 bits, as `UInt64`; floats as `Float64`;
    /// text as dictionaries.
    pub(crate) fn read(&mut self, n: usize) -> Result<ArrayRef> {
        let unsigned = matches!(self.kind, LeafKind::Plain(Kind::Int(id_type)) if is_unsigned(id_type));
        Ok(match &mut self.values {
            Values::Float(values) => {
                let (out, nulls) = stored(values, n, f64::NAN)?;
                Arc::new(Float64Array::new(out, nulls))
            }
            Values::F64(values) => {
                let (out, nulls) = taken(values, n, |&value| value)?;
                Arc::new(Float64Array::new(out, nulls))
            }
            Values::F32(values) => {
                let (out, nulls) = taken(values, n, |&value| f64::from(value))?;
                Arc::new(Float64Array::new(out, nulls))
            }
            Values::I32(values) => {
                let whole = |&value: &i32| if unsigned { value.cast_unsigned().into() } else { i64::from(value) };
                let (out, nulls) = taken(values, n, whole)?;
                whole_numbers(self.kind, out, nulls)
            }
            Values::Integer(values) => {
                let (out, nulls) = stored(values, n, 0)?;
                whole_numbers(self.kind, out, nulls)
            }
            Values::I64(values) => {
                let (out, nulls) = taken(values, n, |&value| value)?;
                whole_numbers(self.kind, out, nulls)
            }
            Values::Bytes(values) => {
                let (out, nulls) = taken(values, n, |value| big_endian(value.data()))?;
                let LeafKind::Decimal(scale) = self.kind else {
                    return Err(ParquetError::NYI("conditions on bytes".to_owned()));
                };
                decimals(scale, out, nulls)
            }
            Values::Boolean(values) => {
                let mut out = Vec::with_capacity(n);
                let nulls = values.append(n, &mut out, false, |&value| value)?;
                let nulls = nulls.then(|| values.is_null().map(|null| !null).collect());
                Arc::new(BooleanArray::new(out.into(), nulls))
            }
            Values::Text(texts) => texts.read(n)?,
        })
    }
}

fn typed<T: ParquetType>(descriptor: ColumnDescPtr, pages: Box<dyn PageReader>) -> Typed<T> {
    Typed::new(ColumnReaderImpl::new(descriptor, pages))
}

/// `n` rows of eight-byte values, and which of them are valid if not all are.
fn stored<T: EightBytes + ArrowNativeType>(
    values: &mut Stored<T>,
    n: usize,
    null: T,
) -> Result<(ScalarBuffer<T>, Option<NullBuffer>)> {
    let mut out = Vec::with_capacity(n);
    let mut valid: Vec<bool> = vec![];
    values.append(n, &mut out, null, |row| {
        valid.resize(n, true);
        valid[row] = false;
    })?;
    Ok((out.into(), (!valid.is_empty()).then(|| valid.into())))
}

/// `n` rows as `convert` makes them of values, and which of them are valid if not all are.
fn taken<T: ParquetType, V: ArrowNativeType>(
    values: &mut Typed<T>,
    n: usize,
    convert: impl Fn(&T::T) -> V,
) -> Result<(ScalarBuffer<V>, Option<NullBuffer>)> {
    let mut out = Vec::with_capacity(n);
    let nulls = values.append(n, &mut out, V::default(), convert)?;
    Ok((out.into(), nulls.then(|| values.is_null().map(|null| !null).collect())))
}

/// Integers as what they stand for.
fn whole_numbers(kind: LeafKind, values: ScalarBuffer<i64>, nulls: Option<NullBuffer>) -> ArrayRef {
    match kind {
        LeafKind::Plain(Kind::Int(IdType::UInt64)) => {
            Arc::new(UInt64Array::new(values.iter().map(|value| value.cast_unsigned()).collect(), nulls))
        }
        LeafKind::Decimal(scale) => decimals(scale, values.iter().map(|&value| value.into()).collect(), nulls),
        LeafKind::Time(TimeUnit::Second) => Arc::new(TimestampSecondArray::new(values, nulls)),
        LeafKind::Time(TimeUnit::Millisecond) => Arc::new(TimestampMillisecondArray::new(values, nulls)),
        LeafKind::Time(TimeUnit::Microsecond) => Arc::new(TimestampMicrosecondArray::new(values, nulls)),
        LeafKind::Time(TimeUnit::Nanosecond) => Arc::new(TimestampNanosecondArray::new(values, nulls)),
        LeafKind::Day => {
            let seconds = values.iter().map(|&day| day.saturating_mul(SECONDS_OF_DAY)).collect();
            Arc::new(TimestampSecondArray::new(seconds, nulls))
        }
        LeafKind::Plain(_) | LeafKind::Boolean => Arc::new(Int64Array::new(values, nulls)),
    }
}

fn decimals(scale: i8, values: ScalarBuffer<i128>, nulls: Option<NullBuffer>) -> ArrayRef {
    let data_type = DataType::Decimal128(DECIMAL128_MAX_PRECISION, scale);
    Arc::new(Decimal128Array::new(values, nulls).with_data_type(data_type))
}

impl Texts {
    fn read(&mut self, n: usize) -> Result<ArrayRef> {
        let mut keys: Vec<Option<i32>> = Vec::with_capacity(n);
        let mut texts = StringBuilder::new();
        let mut met = 0_i32;
        // Places are those of one array.
        self.places.fill(None);
        while keys.len() < n {
            let coded = self.text.next(n - keys.len())?;
            if coded.fresh {
                self.places.clear();
            }
            self.places.resize(coded.dictionary.len(), None);
            for &code in coded.codes {
                if code == NULL {
                    keys.push(None);
                    continue;
                }
                let code = code as usize;
                let place = match self.places[code] {
                    Some(place) => place,
                    None => {
                        texts.append_value(coded.text(code)?);
                        met += 1;
                        *self.places[code].insert(met - 1)
                    }
                };
                keys.push(Some(place));
            }
        }
        let keys: PrimitiveArray<ArrowInt32> = keys.into();
        let dictionary = DictionaryArray::try_new(keys, Arc::new(texts.finish()));
        Ok(Arc::new(dictionary.map_err(|error| ParquetError::General(error.to_string()))?))
    }
}

/// A signed number of up to sixteen bytes.
pub(crate) fn big_endian(bytes: &[u8]) -> i128 {
    let negative = bytes.first().is_some_and(|&byte| byte & 0x80 != 0);
    bytes.iter().take(16).fold(if negative { -1 } else { 0 }, |value, &byte| value << 8 | i128::from(byte))
}
