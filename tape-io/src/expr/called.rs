//! Evaluates function calls.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, NullArray};
use arrow::compute::kernels::zip::zip;
use arrow::compute::{binary, cast, is_not_null};
use arrow::datatypes::{Decimal128Type, Float64Type, Int64Type};
use arrow::error::ArrowError;

use super::function::Function;
use super::typed::Typed;
use super::types::Type;
use super::values::{Result, Values, columns_of};
use crate::sphere::{SkyPoint, distance};

/// Evaluates a function. `of` evaluates its arguments.
pub(super) fn called(
    function: Function,
    all: &[Typed],
    kind: Type,
    of: impl Fn(&Typed) -> Result<Values>,
    rows: usize,
) -> Result<Values> {
    match function {
        Function::Coalesce => coalesce(all, kind, of, rows),
        Function::AngularDistance => angular_distance(all, of, rows),
        Function::Power => power(&columns_of(all, of, rows)?),
        _ => of(&all[0])?.map(|array| of_one(function, array, kind)),
    }
}

fn power(sides: &[ArrayRef]) -> Result<Values> {
    let [base, exponent] = [0, 1].map(|side| sides[side].as_primitive::<Float64Type>());
    Ok(Values::Many(Arc::new(binary::<_, _, _, Float64Type>(base, exponent, f64::powf)?)))
}

fn coalesce(all: &[Typed], kind: Type, of: impl Fn(&Typed) -> Result<Values>, rows: usize) -> Result<Values> {
    if kind == Type::Null {
        return Ok(Values::One(Arc::new(NullArray::new(1))));
    }
    let plain = |typed: &Typed| of(typed)?.spread(rows).and_then(|array| cast(&array, &kind.stored()));
    let mut out: Option<ArrayRef> = None;
    for typed in all {
        out = Some(match out {
            None => plain(typed)?,
            Some(before) if before.null_count() == 0 => before,
            Some(before) => zip(&is_not_null(&before)?, &before, &plain(typed)?)?,
        });
    }
    Ok(Values::Many(out.unwrap_or_else(|| arrow::array::new_null_array(&kind.stored(), rows))))
}

/// Computes the angles between pairs of positions, in degrees.
fn angular_distance(all: &[Typed], of: impl Fn(&Typed) -> Result<Values>, rows: usize) -> Result<Values> {
    let columns = columns_of(all, of, rows)?;
    let value = |column: usize, row: usize| {
        let floats = columns[column].as_primitive::<Float64Type>();
        floats.is_valid(row).then(|| floats.value(row))
    };
    let place = |first: usize, row: usize| Some(SkyPoint { ra: value(first, row)?, dec: value(first + 1, row)? });
    let angles = (0..rows).map(|row| Some(distance(place(0, row)?, place(2, row)?)));
    Ok(Values::Many(Arc::new(angles.collect::<Float64Array>())))
}

fn of_one(function: Function, array: &ArrayRef, kind: Type) -> Result<ArrayRef> {
    if kind.is_whole() {
        // Integers are their own floor and ceiling.
        return Ok(match (function, kind) {
            (Function::Abs, Type::Integer) => {
                Arc::new(array.as_primitive::<Int64Type>().unary_opt::<_, Int64Type>(i64::checked_abs))
            }
            (Function::Abs, _) => Arc::new(
                array
                    .as_primitive::<Decimal128Type>()
                    .unary_opt::<_, Decimal128Type>(i128::checked_abs)
                    .with_data_type(kind.stored()),
            ),
            _ => array.clone(),
        });
    }
    let floats = array.as_primitive::<Float64Type>();
    let map = |work: fn(f64) -> f64| -> ArrayRef { Arc::new(floats.unary::<_, Float64Type>(work)) };
    Ok(match function {
        Function::IsNan => Arc::new(BooleanArray::from_unary(floats, f64::is_nan)),
        Function::IsFinite => Arc::new(BooleanArray::from_unary(floats, f64::is_finite)),
        Function::Abs => map(f64::abs),
        Function::Ceil => map(f64::ceil),
        Function::Exp => map(f64::exp),
        Function::Floor => map(f64::floor),
        Function::Ln => map(f64::ln),
        Function::Log10 => map(f64::log10),
        Function::Sqrt => map(f64::sqrt),
        Function::Coalesce | Function::AngularDistance | Function::Power => {
            return Err(ArrowError::InvalidArgumentError("this function takes more than one argument".to_owned()));
        }
    })
}
