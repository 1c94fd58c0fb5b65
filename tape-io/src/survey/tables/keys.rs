//! Converts the ids of a table to the id type of the survey, from any integer or text type.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, UInt64Type};
use parquet::errors::ParquetError;
use tape_core::{IdRef, IdType, Ids, key_from_u64};

use crate::decode::column_type::ColumnType;
use crate::decode::from_arrow::{append_ids, normalized};

/// Returns true if values of this type can be ids of a survey with this id type.
pub(super) fn can_be(data_type: &DataType, id_type: IdType) -> bool {
    let is_text = ColumnType::of_arrow(data_type).map(|column_type| column_type.id_type() == IdType::Utf8);
    is_text == Some(id_type == IdType::Utf8)
}

/// Calls `take` with the id of each row, or `None` if it is null or not a valid id of that type.
pub(super) fn each<'a>(array: &'a Loaded, id_type: IdType, mut take: impl FnMut(usize, Option<IdRef<'a>>)) {
    let Loaded(array) = array;
    let of = |value: i128| {
        let key = if id_type == IdType::UInt64 {
            u64::try_from(value).ok().map(key_from_u64)
        } else {
            i64::try_from(value).ok()
        };
        key.map(IdRef::Int)
    };
    for row in 0..array.len() {
        let id = if array.is_null(row) {
            None
        } else if let Some(texts) = array.as_string_opt::<i32>() {
            Some(IdRef::Text(texts.value(row)))
        } else if let Some(values) = array.as_primitive_opt::<UInt64Type>() {
            of(values.value(row).into())
        } else {
            of(array.as_primitive::<Int64Type>().value(row).into())
        };
        take(row, id);
    }
}

/// Ids as text, or as 64-bit integers.
pub(super) struct Loaded(ArrayRef);

impl Loaded {
    pub(super) fn new(ids: &ArrayRef, id_type: IdType) -> Result<Self, ParquetError> {
        let column_type = ColumnType::of_arrow(ids.data_type()).unwrap_or(ColumnType::Text);
        let ids = normalized(ids, column_type)?;
        if id_type == IdType::Utf8 {
            return Ok(Self(cast(&ids, &DataType::Utf8)?));
        }
        if matches!(ids.data_type(), DataType::Int64 | DataType::UInt64) {
            return Ok(Self(ids));
        }
        let mut keys = Ids::new(IdType::Int64);
        append_ids(&ids, &mut keys, &mut vec![])?;
        let keys = match keys {
            Ids::Int(keys) => keys,
            Ids::Text(_) => vec![],
        };
        Ok(Self(Arc::new(Int64Array::new(keys.into(), ids.logical_nulls()))))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{DictionaryArray, Float64Array, Int8Array, StringViewArray, UInt64Array};
    use arrow::datatypes::Int16Type;

    use super::*;

    /// Formats the ids of a column in the id type of a survey.
    fn shown(array: ArrayRef, id_type: IdType) -> Vec<Option<String>> {
        assert!(can_be(array.data_type(), id_type));
        let (loaded, mut all) = (Loaded::new(&array, id_type).expect("ids"), vec![]);
        each(&loaded, id_type, |_, id| all.push(id.map(|id| id.to_owned(id_type).to_string())));
        all
    }

    #[test]
    fn integer_ids_match_across_widths_and_signs() {
        let text = |values: [Option<&str>; 3]| values.map(|value| value.map(str::to_owned)).to_vec();
        let small = Arc::new(Int8Array::from(vec![Some(-3), None, Some(7)])) as ArrayRef;
        assert_eq!(shown(Arc::clone(&small), IdType::Int64), text([Some("-3"), None, Some("7")]));
        assert_eq!(shown(small, IdType::UInt64), text([None, None, Some("7")]));
        let large = Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(7)])) as ArrayRef;
        assert_eq!(shown(Arc::clone(&large), IdType::Int64), text([None, None, Some("7")]));
        assert_eq!(shown(large, IdType::UInt64), text([Some("18446744073709551615"), None, Some("7")]));
    }

    #[test]
    fn text_ids_match_across_encodings_and_never_match_integers() {
        let names = [Some("a"), None, Some("dé")];
        let expected: Vec<_> = names.map(|name| name.map(|name| format!("'{name}'"))).to_vec();
        let views = Arc::new(StringViewArray::from(names.to_vec())) as ArrayRef;
        assert_eq!(shown(views, IdType::Utf8), expected);
        let codes: DictionaryArray<Int16Type> = names.into_iter().collect();
        assert_eq!(shown(Arc::new(codes), IdType::Utf8), expected);
        assert!(!can_be(&DataType::Utf8, IdType::Int64) && !can_be(&DataType::Int64, IdType::Utf8));
    }

    #[test]
    fn whole_floats_are_valid_ids() {
        let whole = Arc::new(Float64Array::from(vec![Some(3.0), None, Some(-2.0)])) as ArrayRef;
        assert_eq!(shown(whole, IdType::Int64), [Some("3".to_owned()), None, Some("-2".to_owned())]);
        let half: ArrayRef = Arc::new(Float64Array::from(vec![3.5]));
        let Err(error) = Loaded::new(&half, IdType::Int64) else { panic!("3.5 is not a valid id") };
        assert!(error.to_string().contains("3.5 is not a valid id"), "{error}");
        assert!(!can_be(&DataType::Float64, IdType::Utf8));
    }
}
