//! Columns that have the same value in all rows of a file, and are not stored in it: those in its path, and those that only
//! other files of the survey have, which are null.
//!
//! They are added to the metadata of the file, with statistics, so that everything that goes by the footer finds them like
//! its own columns. Only reading their values is another thing.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array, new_null_array};
use arrow::compute::take;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::ByteArray;
use parquet::errors::Result;
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, ParquetMetaData, ParquetMetaDataBuilder, RowGroupMetaData,
};
use parquet::file::statistics::Statistics;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, SchemaDescriptor, Type, TypePtr};

use crate::decode::column_type::ColumnType;

/// The value of a constant column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Constant {
    Null,
    Integer(i64),
    Number(f64),
    /// Days since 1970.
    Day(i32),
    Text(String),
}

/// A column with the same value in all rows of a file.
#[derive(Clone, Debug)]
pub(crate) struct ConstantColumn {
    column: TypePtr,
    value: Constant,
    /// True if only other files have it.
    is_missing: bool,
}

/// The type of a column in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConstantType {
    Integer,
    Number,
    Day,
    Text,
}

impl ConstantColumn {
    pub(crate) fn new(name: &str, constant_type: ConstantType, value: Constant) -> Result<Self> {
        let (physical, logical) = match constant_type {
            ConstantType::Integer => (Physical::INT64, None),
            ConstantType::Number => (Physical::DOUBLE, None),
            ConstantType::Day => (Physical::INT32, Some(LogicalType::Date)),
            ConstantType::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let column = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()?;
        Ok(Self { column: Arc::new(column), value, is_missing: false })
    }

    /// Makes a column of nulls for one that another file has. It has one value per row, even if the other has lists.
    pub(crate) fn missing(name: &str, column: &ColumnDescriptor) -> Result<Self> {
        let info = column.self_type().get_basic_info();
        let column = Type::primitive_type_builder(name, column.physical_type())
            .with_repetition(Repetition::OPTIONAL)
            .with_converted_type(info.converted_type())
            .with_logical_type(info.logical_type_ref().cloned())
            .with_length(column.type_length())
            .with_precision(column.type_precision())
            .with_scale(column.type_scale())
            .build()?;
        Ok(Self { column: Arc::new(column), value: Constant::Null, is_missing: true })
    }

    /// Returns the value as an array of one element. For columns in paths.
    fn array(&self) -> ArrayRef {
        use arrow::array::{Date32Array, Float64Array, Int64Array, StringArray};
        let (value, physical) = (&self.value, self.column.get_physical_type());
        match (value, physical) {
            (Constant::Integer(value), _) => Arc::new(Int64Array::from(vec![*value])),
            (Constant::Number(value), _) => Arc::new(Float64Array::from(vec![*value])),
            (Constant::Day(value), _) => Arc::new(Date32Array::from(vec![*value])),
            (Constant::Text(value), _) => Arc::new(StringArray::from(vec![value.as_str()])),
            (Constant::Null, Physical::INT64) => Arc::new(Int64Array::new_null(1)),
            (Constant::Null, Physical::DOUBLE) => Arc::new(Float64Array::new_null(1)),
            (Constant::Null, Physical::INT32) => Arc::new(Date32Array::new_null(1)),
            (Constant::Null, _) => Arc::new(StringArray::new_null(1)),
        }
    }

    fn statistics(&self, rows: u64) -> Statistics {
        match &self.value {
            // Without a smallest and a largest value, the type does not matter.
            Constant::Null => Statistics::int32(None, None, None, Some(rows), false),
            Constant::Integer(value) => Statistics::int64(Some(*value), Some(*value), None, Some(0), false),
            Constant::Number(value) => Statistics::double(Some(*value), Some(*value), None, Some(0), false),
            Constant::Day(value) => Statistics::int32(Some(*value), Some(*value), None, Some(0), false),
            Constant::Text(value) => {
                let bytes = Some(ByteArray::from(value.as_str()));
                Statistics::byte_array(bytes.clone(), bytes, None, Some(0), false)
            }
        }
    }
}

/// The constant columns of a file, and its metadata without them.
#[derive(Clone, Debug)]
pub(crate) struct Constants {
    /// The metadata of what is stored.
    pub(crate) stored: Arc<ParquetMetaData>,
    /// The value of each, in the type that expressions use.
    values: Vec<ArrayRef>,
    /// The values of the columns that are in the path, which come first, in their own types.
    in_path: Vec<ArrayRef>,
}

impl Constants {
    /// Returns the value of a leaf column, if it is one of these.
    pub(crate) fn value(&self, leaf: usize) -> Option<&ArrayRef> {
        let first = self.stored.file_metadata().schema_descr().num_columns();
        self.values.get(leaf.checked_sub(first)?)
    }

    /// Returns true if only other files have a leaf column.
    pub(crate) fn is_missing(&self, leaf: usize) -> bool {
        leaf >= self.stored.file_metadata().schema_descr().num_columns() + self.in_path.len()
    }

    /// Returns the values of the columns in the path.
    pub(crate) fn in_path(&self) -> &[ArrayRef] {
        &self.in_path
    }
}

/// Returns `n` rows of a value.
pub(crate) fn repeated(value: &ArrayRef, n: usize) -> Result<ArrayRef> {
    Ok(take(value, &UInt32Array::from(vec![0; n]), None)?)
}

/// Adds constant columns to the metadata of a file.
pub(crate) fn with_constants(
    stored: ParquetMetaData,
    columns: &[ConstantColumn],
) -> Result<(ParquetMetaData, Constants)> {
    let file = stored.file_metadata();
    let root = file.schema();
    let fields = root.get_fields().iter().cloned().chain(columns.iter().map(|column| Arc::clone(&column.column)));
    let root = Type::group_type_builder(root.name()).with_fields(fields.collect()).build()?;
    let schema = Arc::new(SchemaDescriptor::new(Arc::new(root)));
    let first = file.schema_descr().num_columns();
    let mut values = vec![];
    for (column, place) in columns.iter().zip(first..) {
        let column_type = ColumnType::of(&schema.column(place)).map_err(parquet::errors::ParquetError::General)?;
        values.push(match &column.value {
            Constant::Null => new_null_array(&column_type.in_arrays(), 1),
            _ => crate::decode::from_arrow::normalized(&column.array(), column_type)?,
        });
    }
    let orders = file.column_orders().map(|orders| {
        let added = (first..schema.num_columns()).map(|place| order(&schema.column(place)));
        orders.iter().copied().chain(added).collect()
    });
    let described = FileMetaData::new(
        file.version(),
        file.num_rows(),
        file.created_by().map(str::to_owned),
        file.key_value_metadata().cloned(),
        Arc::clone(&schema),
        orders,
    );
    let mut all = ParquetMetaDataBuilder::new(described);
    for group in stored.row_groups() {
        let mut chunks = group.columns().to_vec();
        for (column, place) in columns.iter().zip(first..) {
            chunks.push(chunk(column, schema.column(place), group.num_rows())?);
        }
        let mut described = RowGroupMetaData::builder(Arc::clone(&schema))
            .set_num_rows(group.num_rows())
            .set_total_byte_size(group.total_byte_size())
            .set_sorting_columns(group.sorting_columns().cloned())
            .set_column_metadata(chunks);
        if let Some(ordinal) = group.ordinal() {
            described = described.set_ordinal(ordinal);
        }
        if let Some(offset) = group.file_offset() {
            described = described.set_file_offset(offset);
        }
        all = all.add_row_group(described.build()?);
    }
    let in_path = columns.iter().filter(|column| !column.is_missing).map(ConstantColumn::array).collect();
    Ok((all.build(), Constants { stored: Arc::new(stored), values, in_path }))
}

fn order(column: &ColumnDescriptor) -> parquet::basic::ColumnOrder {
    parquet::basic::ColumnOrder::TYPE_DEFINED_ORDER(column.sort_order())
}

/// Makes the metadata of a column chunk that takes no space.
fn chunk(column: &ConstantColumn, descriptor: ColumnDescPtr, rows: i64) -> Result<ColumnChunkMetaData> {
    let chunk = ColumnChunkMetaData::builder(descriptor)
        .set_compression(Compression::UNCOMPRESSED)
        .set_num_values(rows)
        .set_statistics(column.statistics(u64::try_from(rows).unwrap_or(0)));
    chunk.build()
}
