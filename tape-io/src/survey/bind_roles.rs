//! Derived columns that play roles.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Decimal128Type, Float64Type};
use parquet::errors::Result as ParquetResult;
use tape_core::{Bands, Role, Rows};

use crate::decode::from_arrow::{append_bands, append_numbers};
use crate::expr::{Bound, Column, Derived, Expression, Fault, PredicateError, Type, quoted};

/// Binds a derived column, and checks that its type is valid for the role.
pub(crate) fn playing(
    role: Role,
    name: &str,
    available: &[Column],
    derived: &[Derived],
) -> Result<Bound, PredicateError> {
    let expression = Expression::parse(&quoted(name))?;
    let bound = expression.bind_with(available, derived)?;
    let (fits, wanted) = match (role, bound.kind()) {
        (Role::Id, _) => (false, "a column of the files"),
        (Role::Band, kind) => (matches!(kind, Type::Text | Type::Integer), "text or a whole number"),
        (Role::Time, kind) => (matches!(kind, Type::Integer | Type::Decimal(_) | Type::Float | Type::Time), "a number"),
        (_, kind) => (matches!(kind, Type::Integer | Type::Decimal(_) | Type::Float), "a number"),
    };
    if fits { Ok(bound) } else { Err(Fault::RoleType { role, wanted, actual: bound.kind() }.of(name)) }
}

/// Appends the values of a derived column to the column of its role.
pub(super) fn append_role(
    role: Role,
    kind: Type,
    values: &ArrayRef,
    keep: &BooleanBuffer,
    rows: &mut Rows,
    bands: &Bands,
) -> ParquetResult<()> {
    let out = match role {
        Role::Id => return Ok(()),
        Role::Band => return append_bands(values, keep, &mut rows.band, bands),
        Role::Time => &mut rows.time,
        Role::Flux => &mut rows.flux,
        Role::Error => &mut rows.error,
    };
    match kind {
        Type::Time => append_numbers(&in_days(values), 1, out),
        Type::Decimal(scale) => append_numbers(&in_units(values, scale), 1, out),
        _ => append_numbers(values, 1, out),
    }
    Ok(())
}

/// Converts nanoseconds since 1970 to Modified Julian dates.
#[expect(clippy::cast_precision_loss, reason = "times are double-precision floats from here on")]
fn in_days(values: &ArrayRef) -> ArrayRef {
    const NANOSECONDS: i128 = 86_400_000_000_000;
    const MJD_OF_1970: i128 = 40_587;
    let days = |time: i128| {
        (time.div_euclid(NANOSECONDS) + MJD_OF_1970) as f64 + time.rem_euclid(NANOSECONDS) as f64 / NANOSECONDS as f64
    };
    Arc::new(values.as_primitive::<Decimal128Type>().unary::<_, Float64Type>(days))
}

#[expect(clippy::cast_precision_loss, reason = "the nearest float is wanted")]
fn in_units(values: &ArrayRef, scale: i8) -> ArrayRef {
    let unit = 10_f64.powi(scale.into());
    Arc::new(values.as_primitive::<Decimal128Type>().unary::<_, Float64Type>(|value| value as f64 / unit))
}
