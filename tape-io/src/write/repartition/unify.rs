//! A common type for the columns of one name in all files, as Arrow and pyarrow unify them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, GenericListArray, OffsetSizeTrait, StructArray, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, FieldRef, Fields, TimeUnit};
use arrow::error::ArrowError;
use tape_core::IdType;

use crate::decode::column_type::{ColumnType, common_id_type};

/// Returns the type that holds the values of both types, or `None` if there is none.
pub(super) fn unified(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{
        Binary, Decimal32, Decimal64, Decimal128, FixedSizeList, Float16, Float32, Float64, LargeBinary, LargeList,
        LargeUtf8, List, Null, Struct, Timestamp, Utf8,
    };
    let digits = |data_type: &DataType| match data_type {
        Decimal32(precision, scale) | Decimal64(precision, scale) | Decimal128(precision, scale) => {
            Some((*precision, *scale))
        }
        _ => None,
    };
    Some(match (a, b) {
        _ if a == b => a.clone(),
        (Null, other) | (other, Null) => other.clone(),
        (Float16 | Float32 | Float64, Float16 | Float32 | Float64) => {
            if [a, b].contains(&&Float64) {
                Float64
            } else {
                Float32
            }
        }
        (Float16 | Float32 | Float64, other) | (other, Float16 | Float32 | Float64) if other.is_integer() => Float64,
        _ if a.is_integer() && b.is_integer() => common_id_type(id_type(a)?, id_type(b)?)?.data_type(),
        (Timestamp(unit, zone), Timestamp(other_unit, other)) => {
            let zone = match (zone, other) {
                (Some(zone), Some(other)) if zone == other => Some(Arc::clone(zone)),
                (Some(_), Some(_)) => Some("UTC".into()),
                (None, None) => None,
                _ => return None,
            };
            Timestamp(finer(*unit, *other_unit), zone)
        }
        (Utf8 | LargeUtf8 | Binary | LargeBinary, Utf8 | LargeUtf8 | Binary | LargeBinary) => match (a, b) {
            (Binary, text) => text.clone(),
            (LargeBinary, Utf8 | LargeUtf8) => LargeUtf8,
            _ => a.clone(),
        },
        (List(a), List(b) | LargeList(b) | FixedSizeList(b, _)) => List(unified_field(a, b)?),
        (LargeList(a), List(b) | LargeList(b) | FixedSizeList(b, _)) => LargeList(unified_field(a, b)?),
        (FixedSizeList(a, _), List(b) | FixedSizeList(b, _)) => List(unified_field(a, b)?),
        (FixedSizeList(a, _), LargeList(b)) => LargeList(unified_field(a, b)?),
        (Struct(a), Struct(b)) => Struct(unified_fields(a, b)?),
        _ => {
            let ((precision, scale), (other_precision, other_scale)) = (digits(a)?, digits(b)?);
            let wide = scale.max(other_scale);
            let above = |precision: u8, scale: i8| i16::from(precision) - i16::from(scale);
            let precision = above(precision, scale).max(above(other_precision, other_scale)) + i16::from(wide);
            Decimal128(u8::try_from(precision).ok().filter(|precision| *precision <= 38)?, wide)
        }
    })
}

fn id_type(data_type: &DataType) -> Option<IdType> {
    ColumnType::of_arrow(data_type).map(ColumnType::id_type)
}

fn finer(a: TimeUnit, b: TimeUnit) -> TimeUnit {
    let order = [TimeUnit::Nanosecond, TimeUnit::Microsecond, TimeUnit::Millisecond];
    order.into_iter().find(|unit| [a, b].contains(unit)).unwrap_or(TimeUnit::Second)
}

fn unified_field(a: &FieldRef, b: &FieldRef) -> Option<FieldRef> {
    let data_type = unified(a.data_type(), b.data_type())?;
    let nullable = a.is_nullable() || b.is_nullable();
    Some(Arc::new(a.as_ref().clone().with_data_type(data_type).with_nullable(nullable)))
}

/// Unifies the fields of two structs by name. Those of only one are null in the other.
fn unified_fields(a: &Fields, b: &Fields) -> Option<Fields> {
    let optional = |field: &FieldRef| Arc::new(field.as_ref().clone().with_nullable(true));
    let mut fields: Vec<FieldRef> = vec![];
    for field in a {
        fields.push(match b.find(field.name()) {
            Some((_, other)) => unified_field(field, other)?,
            None => optional(field),
        });
    }
    fields.extend(b.iter().filter(|field| a.find(field.name()).is_none()).map(optional));
    Some(fields.into())
}

/// Converts an array to the type of a unified column.
///
/// # Errors
/// If a value does not fit.
pub(super) fn conform(array: &ArrayRef, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    let exact = CastOptions { safe: false, ..CastOptions::default() };
    Ok(match (array.data_type(), data_type) {
        (own, wanted) if own == wanted => Arc::clone(array),
        (DataType::Null, wanted) => new_null_array(wanted, array.len()),
        (DataType::Struct(own), DataType::Struct(fields)) => {
            let structs = array.as_struct();
            let column = |field: &FieldRef| match own.find(field.name()) {
                Some((place, _)) => conform(structs.column(place), field.data_type()),
                None => Ok(new_null_array(field.data_type(), array.len())),
            };
            let columns = fields.iter().map(column).collect::<Result<_, _>>()?;
            Arc::new(StructArray::try_new_with_length(fields.clone(), columns, structs.nulls().cloned(), array.len())?)
        }
        (DataType::List(_), DataType::List(field)) => conform_list::<i32>(array, field)?,
        (DataType::LargeList(_), DataType::LargeList(field)) => conform_list::<i64>(array, field)?,
        (DataType::LargeList(own) | DataType::FixedSizeList(own, _), DataType::List(_)) => {
            conform(&cast_with_options(array, &DataType::List(Arc::clone(own)), &exact)?, data_type)?
        }
        (DataType::List(own) | DataType::FixedSizeList(own, _), DataType::LargeList(_)) => {
            conform(&cast_with_options(array, &DataType::LargeList(Arc::clone(own)), &exact)?, data_type)?
        }
        _ => cast_with_options(array, data_type, &exact)?,
    })
}

fn conform_list<O: OffsetSizeTrait>(array: &ArrayRef, field: &FieldRef) -> Result<ArrayRef, ArrowError> {
    let lists = array.as_list::<O>();
    let values = conform(lists.values(), field.data_type())?;
    let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
    Ok(Arc::new(GenericListArray::<O>::try_new(Arc::clone(field), offsets, values, nulls)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float32Array, Int32Array, ListArray, UInt64Array};
    use arrow::datatypes::{Field, Float32Type};

    #[test]
    fn types_widen_as_in_arrow() {
        use DataType::{Boolean, Decimal128, Float32, Float64, Int16, Int32, Int64, Null, UInt8, UInt32, UInt64, Utf8};
        for (a, b, both) in [
            (Int32, Int64, Some(Int64)),
            (UInt8, Int16, Some(Int16)),
            (UInt32, Int32, Some(Int64)),
            (UInt64, Int64, Some(Int64)),
            (UInt32, UInt64, Some(UInt64)),
            (Float32, Float64, Some(Float64)),
            (Float32, Int64, Some(Float64)),
            (Null, Utf8, Some(Utf8)),
            (Decimal128(5, 3), Decimal128(10, 0), Some(Decimal128(13, 3))),
            (Boolean, Int32, None),
            (Utf8, Int64, None),
        ] {
            assert_eq!(unified(&a, &b), both, "{a} and {b}");
            assert_eq!(unified(&b, &a), both, "{b} and {a}");
        }
    }

    #[test]
    fn values_keep_their_places_in_lists_and_structs() {
        let lists = ListArray::from_iter_primitive::<Float32Type, _, _>([Some(vec![Some(1.5)]), None, Some(vec![])]);
        let field = Arc::new(Field::new("element", DataType::Float64, true));
        let wide = conform(&(Arc::new(lists) as ArrayRef), &DataType::List(Arc::clone(&field))).expect("lists");
        assert_eq!(wide.data_type(), &DataType::List(field));
        assert_eq!((wide.len(), wide.null_count(), wide.as_list::<i32>().value_length(0)), (3, 1, 1));
        let x: ArrayRef = Arc::new(Int32Array::from(vec![7, 8]));
        let own = Fields::from(vec![Field::new("x", DataType::Int32, false)]);
        let structs: ArrayRef = Arc::new(StructArray::new(own.clone(), vec![x], None));
        let other = Fields::from(vec![Field::new("y", DataType::Utf8, true), Field::new("x", DataType::Int64, true)]);
        let both = unified(&DataType::Struct(other), &DataType::Struct(own)).expect("both are structs");
        let wide = conform(&structs, &both).expect("the values fit");
        assert_eq!(wide.data_type(), &both);
        assert_eq!(wide.as_struct().column(0).null_count(), 2);
    }

    #[test]
    fn a_value_that_does_not_fit_is_an_error() {
        let large: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
        assert!(conform(&large, &DataType::Int64).is_err());
        let small: ArrayRef = Arc::new(Float32Array::from(vec![0.5]));
        assert!(conform(&small, &DataType::Float64).is_ok());
    }
}
