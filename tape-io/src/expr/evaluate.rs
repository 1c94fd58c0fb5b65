//! Evaluates expressions with Arrow kernels, in the three-valued logic of SQL.
//!
//! Floats are compared as in IEEE 754, not by Arrow's total order: NaN is not equal to anything, itself included, and
//! both zeros are equal.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, PrimitiveArray, StringArray};
use arrow::compute::kernels::{cmp, comparison};
use arrow::compute::{and_kleene, cast, is_null, not, or_kleene, take};
use arrow::datatypes::{Decimal128Type, Float64Type, Int64Type};

use arrow::error::ArrowError;

use super::arithmetic::{arithmetic, negated};
use super::called::called;
use super::typed::{Comparison, Literal, Members, Node, Set, Typed, float, scale_of, scaled};
use super::types::Type;
use super::values::{Result, Values, columns_of};

/// Computes the values of `expression` over `rows` rows of its columns.
pub(super) fn evaluate(expression: &Typed, columns: &[ArrayRef], rows: usize) -> Result<Values> {
    let of = |typed: &Typed| evaluate(typed, columns, rows);
    match &expression.node {
        Node::Column(slot) => Ok(Values::Many(columns[*slot].clone())),
        Node::Literal(literal) => Ok(Values::One(constant(literal, expression.kind))),
        Node::Cast(inner) => of(inner)?.map(|array| converted(array, inner.kind, expression.kind)),
        Node::Negate(inner) => of(inner)?.map(|array| negated(array, expression.kind)),
        Node::Arithmetic(operator, sides) => arithmetic(*operator, expression.kind, &of(&sides[0])?, &of(&sides[1])?),
        Node::Compare(comparison, sides) => compare(*comparison, sides[0].kind, &of(&sides[0])?, &of(&sides[1])?),
        Node::And(all) => chain(all, and_kleene, of, rows),
        Node::Or(all) => chain(all, or_kleene, of, rows),
        Node::Not(inner) => of(inner)?.map(|array| Ok(Arc::new(not(array.as_boolean())?))),
        Node::In(inner, set) => of(inner)?.map(|array| within(array, set)),
        Node::IsNull(inner) => of(inner)?.map(|array| Ok(Arc::new(is_null(array)?))),
        Node::Is(inner, wanted) => of(inner)?.map(|array| {
            let array = array.as_boolean();
            let is = |row| array.is_valid(row) && array.value(row) == *wanted;
            Ok(Arc::new(BooleanArray::from_iter((0..array.len()).map(|row| Some(is(row))))))
        }),
        Node::Like { of: sides, fold_case } => {
            let (text, pattern) = (of(&sides[0])?, of(&sides[1])?);
            let like = if *fold_case { comparison::ilike } else { comparison::like };
            // The kernel does not support dictionaries as patterns.
            let pattern = pattern.map(|array| cast(array, &Type::Text.stored()))?;
            Ok(Values::of([&text, &pattern], Arc::new(like(&text, &pattern)?)))
        }
        Node::Apply(function, arguments) => function.apply(&columns_of(arguments, of, rows)?, rows).map(Values::Many),
        Node::Call(function, arguments) => called(*function, arguments, expression.kind, of, rows),
    }
}

fn constant(literal: &Literal, kind: Type) -> ArrayRef {
    match literal {
        Literal::Null => arrow::array::new_null_array(&kind.stored(), 1),
        Literal::Boolean(value) => Arc::new(BooleanArray::from(vec![*value])),
        Literal::Integer(value) => Arc::new(Int64Array::from(vec![*value])),
        Literal::Float { value, .. } => Arc::new(Float64Array::from(vec![*value])),
        Literal::Text(text) => Arc::new(StringArray::from(vec![text.as_str()])),
        Literal::Decimal(value) => {
            let values = PrimitiveArray::<Decimal128Type>::from_value(*value, 1);
            Arc::new(values.with_data_type(kind.stored()))
        }
    }
}

/// Converts values to another type.
fn converted(array: &ArrayRef, from: Type, to: Type) -> Result<ArrayRef> {
    Ok(match (from, to) {
        (Type::Integer, Type::Float) => {
            Arc::new(array.as_primitive::<Int64Type>().unary::<_, Float64Type>(|value| float(value.into(), 0)))
        }
        (Type::Decimal(scale), Type::Float) => {
            Arc::new(array.as_primitive::<Decimal128Type>().unary::<_, Float64Type>(|value| float(value, scale)))
        }
        (Type::Integer, Type::Decimal(scale)) => {
            let values = array.as_primitive::<Int64Type>();
            let scaled = values.unary::<_, Decimal128Type>(|value| scaled(value.into(), scale));
            Arc::new(scaled.with_data_type(to.stored()))
        }
        (Type::Decimal(_), Type::Decimal(scale)) => {
            let more = scale - scale_of(from);
            let scaled = array.as_primitive::<Decimal128Type>().unary::<_, Decimal128Type>(|value| scaled(value, more));
            Arc::new(scaled.with_data_type(to.stored()))
        }
        (Type::Null, _) => arrow::array::new_null_array(&to.stored(), array.len()),
        _ => cast(array, &to.stored())?,
    })
}

fn compare(comparison: Comparison, kind: Type, left: &Values, right: &Values) -> Result<Values> {
    let array = match kind {
        Type::Float => floats(comparison, left, right),
        Type::Null => BooleanArray::new_null(left.array().len().max(right.array().len())),
        _ => match comparison {
            Comparison::Equal => cmp::eq(left, right)?,
            Comparison::NotEqual => cmp::neq(left, right)?,
            Comparison::Less => cmp::lt(left, right)?,
            Comparison::LessOrEqual => cmp::lt_eq(left, right)?,
            Comparison::Greater => cmp::gt(left, right)?,
            Comparison::GreaterOrEqual => cmp::gt_eq(left, right)?,
        },
    };
    Ok(Values::of([left, right], Arc::new(array)))
}

fn floats(comparison: Comparison, left: &Values, right: &Values) -> BooleanArray {
    // A separate loop for each comparison, so that the compiler can vectorize it.
    match comparison {
        Comparison::Equal => by(left, right, |a, b| a == b),
        Comparison::NotEqual => by(left, right, |a, b| a != b),
        Comparison::Less => by(left, right, |a, b| a < b),
        Comparison::LessOrEqual => by(left, right, |a, b| a <= b),
        Comparison::Greater => by(left, right, |a, b| a > b),
        Comparison::GreaterOrEqual => by(left, right, |a, b| a >= b),
    }
}

fn by(left: &Values, right: &Values, holds: impl Fn(f64, f64) -> bool) -> BooleanArray {
    let (a, b) = (left.array().as_primitive::<Float64Type>(), right.array().as_primitive::<Float64Type>());
    match (left, right) {
        (Values::One(_), Values::Many(_)) if a.is_null(0) => BooleanArray::new_null(b.len()),
        (Values::Many(_), Values::One(_)) if b.is_null(0) => BooleanArray::new_null(a.len()),
        (Values::One(_), Values::Many(_)) => {
            let a = a.value(0);
            BooleanArray::from_unary(b, |b| holds(a, b))
        }
        (Values::Many(_), Values::One(_)) => {
            let b = b.value(0);
            BooleanArray::from_unary(a, |a| holds(a, b))
        }
        _ => BooleanArray::from_binary(a, b, holds),
    }
}

/// Joins conditions with AND or OR.
fn chain(
    all: &[Typed],
    join: fn(&BooleanArray, &BooleanArray) -> Result<BooleanArray>,
    of: impl Fn(&Typed) -> Result<Values>,
    rows: usize,
) -> Result<Values> {
    let mut joined: Option<Values> = None;
    for condition in all {
        let next = of(condition)?;
        joined = Some(match joined {
            None => next,
            Some(Values::One(one)) if matches!(next, Values::One(_)) => {
                Values::One(Arc::new(join(one.as_boolean(), next.array().as_boolean())?))
            }
            Some(before) => {
                let (before, next) = (before.spread(rows)?, next.spread(rows)?);
                Values::Many(Arc::new(join(before.as_boolean(), next.as_boolean())?))
            }
        });
    }
    joined.ok_or_else(|| ArrowError::InvalidArgumentError("AND or OR without conditions".to_owned()))
}

fn within(array: &ArrayRef, set: &Set) -> Result<ArrayRef> {
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        // Each distinct text is searched only once.
        let found = within(dictionary.values(), set)?;
        return take(&found, dictionary.keys(), None);
    }
    let found = match &set.members {
        Members::Integers(all) => {
            BooleanArray::from_unary(array.as_primitive::<Int64Type>(), |value| all.binary_search(&value).is_ok())
        }
        Members::Decimals(all) => {
            BooleanArray::from_unary(array.as_primitive::<Decimal128Type>(), |value| all.binary_search(&value).is_ok())
        }
        Members::Floats(all) => BooleanArray::from_unary(array.as_primitive::<Float64Type>(), |value| {
            all.binary_search_by(|member| member.total_cmp(&(value + 0.0))).is_ok()
        }),
        Members::Texts(all) => BooleanArray::from_unary(array.as_string::<i32>(), |value| {
            all.binary_search_by(|member| member.as_str().cmp(value)).is_ok()
        }),
    };
    if !set.null {
        return Ok(Arc::new(found));
    }
    // A value that is not found may be equal to the NULL in the list, so the result is NULL.
    Ok(Arc::new(found.iter().map(|found| found.filter(|&found| found)).collect::<BooleanArray>()))
}
