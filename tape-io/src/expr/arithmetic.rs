//! Arithmetic on columns.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::compute::kernels::numeric;
use arrow::datatypes::{ArrowPrimitiveType, Decimal128Type, Int64Type};
use arrow::error::ArrowError;

use super::typed::Arithmetic;
use super::types::Type;
use super::values::Values;

type Result<T> = std::result::Result<T, ArrowError>;

/// Negates values. Integer overflow gives NULL.
pub(super) fn negated(array: &ArrayRef, kind: Type) -> Result<ArrayRef> {
    Ok(match kind {
        Type::Integer => Arc::new(array.as_primitive::<Int64Type>().unary_opt::<_, Int64Type>(i64::checked_neg)),
        Type::Decimal(_) => Arc::new(
            array
                .as_primitive::<Decimal128Type>()
                .unary_opt::<_, Decimal128Type>(i128::checked_neg)
                .with_data_type(kind.stored()),
        ),
        _ => numeric::neg(array)?,
    })
}

/// Applies an arithmetic operator. Floats follow IEEE 754. Integer overflow and the remainder by zero give NULL.
pub(super) fn arithmetic(operator: Arithmetic, kind: Type, left: &Values, right: &Values) -> Result<Values> {
    let array: ArrayRef = match kind {
        Type::Integer => Arc::new(checked::<Int64Type>(left, right, |a, b| match operator {
            Arithmetic::Add => a.checked_add(b),
            Arithmetic::Subtract => a.checked_sub(b),
            Arithmetic::Multiply => a.checked_mul(b),
            Arithmetic::Divide => a.checked_div(b),
            // The remainder by -1 is zero, although the quotient may overflow.
            Arithmetic::Remainder => (b != 0).then(|| a.wrapping_rem(b)),
        })),
        Type::Decimal(_) => {
            let values = checked::<Decimal128Type>(left, right, |a, b| match operator {
                Arithmetic::Add => a.checked_add(b),
                Arithmetic::Subtract => a.checked_sub(b),
                Arithmetic::Multiply => a.checked_mul(b),
                Arithmetic::Divide => a.checked_div(b),
                Arithmetic::Remainder => (b != 0).then(|| a.wrapping_rem(b)),
            });
            Arc::new(values.with_data_type(kind.stored()))
        }
        _ => match operator {
            Arithmetic::Add => numeric::add(left, right)?,
            Arithmetic::Subtract => numeric::sub(left, right)?,
            Arithmetic::Multiply => numeric::mul(left, right)?,
            Arithmetic::Divide => numeric::div(left, right)?,
            Arithmetic::Remainder => numeric::rem(left, right)?,
        },
    };
    Ok(Values::of([left, right], array))
}

/// Applies `work` to the values of both operands where neither is null.
fn checked<T: ArrowPrimitiveType>(
    left: &Values,
    right: &Values,
    work: impl Fn(T::Native, T::Native) -> Option<T::Native>,
) -> PrimitiveArray<T> {
    let (a, b) = (left.array().as_primitive::<T>(), right.array().as_primitive::<T>());
    let null = |n| PrimitiveArray::<T>::new_null(n);
    match (left, right) {
        (Values::One(_), Values::Many(_)) if a.is_null(0) => null(b.len()),
        (Values::Many(_), Values::One(_)) if b.is_null(0) => null(a.len()),
        (Values::One(_), Values::Many(_)) => b.unary_opt(|value| work(a.value(0), value)),
        (Values::Many(_), Values::One(_)) => a.unary_opt(|value| work(value, b.value(0))),
        _ => a.iter().zip(b.iter()).map(|(a, b)| work(a?, b?)).collect(),
    }
}
