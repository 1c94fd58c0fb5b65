//! The common form of all shapes: columns of objects, columns of epochs, and offsets of the epochs of each object.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, FixedSizeListArray, ListArray, RecordBatch, StructArray, UInt32Array,
    make_comparator,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{SortOptions, cast, filter, take};
use arrow::datatypes::{DataType, Field, FieldRef, SchemaRef};
use arrow::error::ArrowError;

use super::columns::Columns;
use crate::decode::schema_paths::Shape;

/// A batch of objects with their epochs.
#[derive(Clone, Debug)]
pub(super) struct LightCurves {
    /// Columns with a value for each object.
    base: Vec<ArrayRef>,
    /// Columns with a value for each epoch.
    epochs: Vec<ArrayRef>,
    /// Boundaries between the epochs of objects.
    ends: OffsetBuffer<i32>,
    /// The objects whose light curve is null, rather than empty.
    nulls: Option<NullBuffer>,
}

/// The reason why rows cannot be converted.
#[derive(Debug)]
pub(super) enum NotConverted {
    /// An operation of Arrow failed.
    Arrow(ArrowError),
    /// Two list columns, by their positions among the columns of epochs, have different lengths in a row.
    Unequal(usize, usize, usize),
    /// A column of objects, by its position among them, has several values within one object. Also has a row of that
    /// object.
    Varies(usize, usize),
}

impl From<ArrowError> for NotConverted {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

type Result<T> = std::result::Result<T, NotConverted>;

impl LightCurves {
    /// Reads rows of any shape. If they are epochs, the epochs of an object are contiguous, and `id` is the column of
    /// ids.
    pub(super) fn of(batch: &RecordBatch, columns: &Columns, id: usize) -> Result<Self> {
        let pick = |places: &[usize]| places.iter().map(|&i| Arc::clone(batch.column(i))).collect::<Vec<_>>();
        let (base, epochs) = (pick(&columns.base), pick(&columns.epochs));
        match columns.shape {
            Shape::Flat => Self::of_epochs(&base, epochs, batch.column(id)),
            Shape::ListColumns => Self::of_lists(base, &epochs),
            Shape::StructOfLists => {
                let holder = epochs[0].as_struct();
                let lists = holder.columns().iter().map(|list| with_nulls_of(list, holder.nulls()));
                Self::of_lists(base, &lists.collect::<std::result::Result<Vec<_>, _>>()?)
            }
            _ => Self::of_structs(base, &epochs[0]),
        }
    }

    fn of_epochs(base: &[ArrayRef], epochs: Vec<ArrayRef>, ids: &ArrayRef) -> Result<Self> {
        let same = make_comparator(ids, ids, SortOptions::default())?;
        let begins = |row: &usize| *row == 0 || same(*row, *row - 1).is_ne();
        let first: Vec<u32> = (0..ids.len()).filter(begins).filter_map(|row| u32::try_from(row).ok()).collect();
        let places = UInt32Array::from(first);
        for (column, values) in base.iter().enumerate() {
            let same = make_comparator(values, values, SortOptions::default())?;
            if let Some(row) = (1..ids.len()).find(|&row| !begins(&row) && same(row, row - 1).is_ne()) {
                return Err(NotConverted::Varies(column, row));
            }
        }
        let base = base.iter().map(|values| take(values, &places, None)).collect::<std::result::Result<_, _>>()?;
        let end = |row: usize| i32::try_from(row).unwrap_or(i32::MAX);
        let ends = places.values().iter().map(|&row| end(row as usize)).chain([end(ids.len())]);
        let ends: Vec<i32> = if ids.is_empty() { vec![0] } else { ends.collect() };
        Ok(Self { base, epochs, ends: OffsetBuffer::new(ends.into()), nulls: None })
    }

    fn of_lists(base: Vec<ArrayRef>, lists: &[ArrayRef]) -> Result<Self> {
        let all = lists.iter().map(as_list).collect::<std::result::Result<Vec<_>, _>>()?;
        let first = &all[0];
        for (column, list) in all.iter().enumerate().skip(1) {
            let length = |list: &ListArray, row: usize| list.value_length(row);
            if let Some(row) = (0..list.len()).find(|&row| length(list, row) != length(first, row)) {
                return Err(NotConverted::Unequal(0, column, row));
            }
        }
        // An object has a null light curve if all its lists are null.
        let none = |row: usize| all.iter().all(|list| list.is_null(row));
        let nulls = (0..first.len()).any(none).then(|| (0..first.len()).map(|row| !none(row)).collect());
        let ends = first.offsets().clone();
        Ok(Self { base, epochs: all.iter().map(|list| Arc::clone(list.values())).collect(), ends, nulls })
    }

    fn of_structs(base: Vec<ArrayRef>, lists: &ArrayRef) -> Result<Self> {
        let mut outer = as_list(lists)?;
        while matches!(outer.value_type(), DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..)) {
            outer = without_inner(&outer)?;
        }
        let epochs = outer.values().as_struct();
        let columns = epochs.columns().iter().map(|column| with_nulls_of(column, epochs.nulls()));
        let epochs = columns.collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(Self { base, epochs, ends: outer.offsets().clone(), nulls: outer.nulls().cloned() })
    }

    /// Returns the number of objects.
    pub(super) fn objects(&self) -> usize {
        self.ends.len() - 1
    }

    /// Returns the epochs of a range of objects.
    pub(super) fn epochs_of(&self, objects: Range<usize>) -> Range<usize> {
        let end = |object: usize| usize::try_from(self.ends[object]).unwrap_or(0);
        end(objects.start)..end(objects.end)
    }

    /// Returns the number of epochs.
    pub(super) fn epochs(&self) -> usize {
        self.epochs.first().map_or(0, |column| column.len())
    }

    /// Returns the number of objects without epochs.
    pub(super) fn without_epochs(&self) -> usize {
        self.ends.windows(2).filter(|pair| pair[0] == pair[1]).count()
    }

    /// Converts to the rows of a file in this shape, with these columns.
    pub(super) fn rows(&self, shape: Shape, schema: &SchemaRef) -> std::result::Result<RecordBatch, ArrowError> {
        let own = &schema.fields()[self.base.len()..];
        let list = |field: &FieldRef, values: ArrayRef| -> std::result::Result<ArrayRef, ArrowError> {
            let DataType::List(of) = field.data_type() else { return Err(unexpected(field)) };
            Ok(Arc::new(ListArray::try_new(Arc::clone(of), self.ends.clone(), values, self.nulls.clone())?))
        };
        let lists = |fields: &[FieldRef]| -> std::result::Result<Vec<ArrayRef>, ArrowError> {
            fields.iter().zip(&self.epochs).map(|(field, values)| list(field, Arc::clone(values))).collect()
        };
        if shape == Shape::Flat {
            let objects = self.objects_of_epochs();
            let base = self.base.iter().map(|values| take(values, &objects, None));
            let all = base.chain(self.epochs.iter().cloned().map(Ok)).collect::<std::result::Result<_, _>>()?;
            return RecordBatch::try_new(Arc::clone(schema), all);
        }
        let nested = match (shape, own[0].data_type()) {
            (Shape::ListColumns, _) => lists(own)?,
            (Shape::StructOfLists, DataType::Struct(fields)) => {
                vec![Arc::new(StructArray::try_new(fields.clone(), lists(fields)?, None)?) as ArrayRef]
            }
            (_, DataType::List(epoch)) => {
                let DataType::Struct(fields) = epoch.data_type() else { return Err(unexpected(epoch)) };
                let epochs = StructArray::try_new(fields.clone(), self.epochs.clone(), None)?;
                vec![list(&own[0], Arc::new(epochs))?]
            }
            _ => return Err(unexpected(&own[0])),
        };
        RecordBatch::try_new(Arc::clone(schema), [self.base.clone(), nested].concat())
    }

    /// Returns the index of the object of each epoch.
    fn objects_of_epochs(&self) -> UInt32Array {
        let lengths = self.ends.windows(2).map(|pair| usize::try_from(pair[1] - pair[0]).unwrap_or(0));
        (0..).zip(lengths).flat_map(|(object, length)| std::iter::repeat_n(object, length)).collect()
    }
}

/// Converts lists of any layout to plain lists with contiguous values.
fn as_list(lists: &ArrayRef) -> std::result::Result<ListArray, ArrowError> {
    let item = match lists.data_type() {
        DataType::List(of) | DataType::LargeList(of) | DataType::FixedSizeList(of, _) => Arc::clone(of),
        other => return Err(ArrowError::CastError(format!("{other} is not a list"))),
    };
    let lists = match lists.as_any().downcast_ref::<FixedSizeListArray>() {
        Some(fixed) => of_fixed(fixed, item)?,
        None => cast(lists, &DataType::List(item))?.as_list::<i32>().clone(),
    };
    let (of, ends, values, nulls) = lists.into_parts();
    let hidden = |row: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) && ends[row] != ends[row + 1];
    let [first, last] = [ends[0], ends[ends.len() - 1]].map(|end| usize::try_from(end).unwrap_or(0));
    if !(0..ends.len() - 1).any(hidden) {
        let begin = ends[0];
        let ends: Vec<i32> = ends.iter().map(|end| end - begin).collect();
        return ListArray::try_new(of, OffsetBuffer::new(ends.into()), values.slice(first, last - first), nulls);
    }
    // Drop the values of null lists.
    let (mut kept, mut lengths) = (vec![false; values.len()], Vec::with_capacity(ends.len()));
    for row in 0..ends.len() - 1 {
        let length = if hidden(row) { 0 } else { usize::try_from(ends[row + 1] - ends[row]).unwrap_or(0) };
        let from = usize::try_from(ends[row]).unwrap_or(0);
        kept[from..from + length].fill(true);
        lengths.push(length);
    }
    let values = filter(&values, &BooleanArray::from(kept))?;
    ListArray::try_new(of, OffsetBuffer::from_lengths(lengths), values, nulls)
}

/// Converts lists of fixed length. Null lists have values too, which are meaningless.
fn of_fixed(lists: &FixedSizeListArray, item: Arc<Field>) -> std::result::Result<ListArray, ArrowError> {
    let length = usize::try_from(lists.value_length()).unwrap_or(0);
    let ends = OffsetBuffer::from_lengths(std::iter::repeat_n(length, lists.len()));
    ListArray::try_new(item, ends, Arc::clone(lists.values()), lists.nulls().cloned())
}

/// Flattens lists of lists by one level.
fn without_inner(outer: &ListArray) -> std::result::Result<ListArray, ArrowError> {
    let inner = as_list(outer.values())?;
    let ends: Vec<i32> =
        outer.offsets().iter().map(|&end| inner.offsets()[usize::try_from(end).unwrap_or(0)]).collect();
    let DataType::List(of) = inner.data_type() else { return Ok(inner) };
    ListArray::try_new(
        Arc::clone(of),
        OffsetBuffer::new(ends.into()),
        Arc::clone(inner.values()),
        outer.nulls().cloned(),
    )
}

/// Returns a column of a struct, with nulls where the struct is null.
fn with_nulls_of(column: &ArrayRef, nulls: Option<&NullBuffer>) -> std::result::Result<ArrayRef, ArrowError> {
    let Some(nulls) = nulls else { return Ok(Arc::clone(column)) };
    let data = column.to_data().into_builder().nulls(NullBuffer::union(column.nulls(), Some(nulls)));
    Ok(arrow::array::make_array(data.build()?))
}

fn unexpected(field: &Field) -> ArrowError {
    ArrowError::SchemaError(format!("column '{}' is {}", field.name(), field.data_type()))
}
