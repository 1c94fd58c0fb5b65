//! The fuzz target of expressions: see [`crate::fuzzing`].

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, TimestampSecondArray, UInt64Array};

use super::{Column, Expression, Possible, Range, Type};

const ROWS: usize = 4;

/// Returns columns, each with the exact range of its values.
fn table() -> Vec<(&'static str, ArrayRef, Possible)> {
    let possible = |null, range| Possible { null, range };
    let text = |text: &str| Some(text.as_bytes().to_vec());
    vec![
        (
            "flux",
            Arc::new(Float64Array::from(vec![Some(-1.5), None, Some(f64::NAN), Some(2e300)])),
            possible(true, Range::Floats { numbers: Some((-1.5, 2e300)), nan: true }),
        ),
        (
            "error",
            Arc::new(Float64Array::from(vec![0.0, 1.0, 0.5, f64::INFINITY])),
            possible(false, Range::Floats { numbers: Some((0.0, f64::INFINITY)), nan: false }),
        ),
        (
            "n",
            Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(7), Some(i64::MAX)])),
            possible(true, Range::Integers(i64::MIN, i64::MAX)),
        ),
        ("small", Arc::new(Int64Array::from(vec![3, 4, 5, 6])), possible(false, Range::Integers(3, 6))),
        (
            "id",
            Arc::new(UInt64Array::from(vec![1, 2, 3, u64::MAX])),
            possible(false, Range::Decimals(1, u64::MAX.into())),
        ),
        (
            "band",
            Arc::new(StringArray::from(vec![Some("g"), Some("r"), None, Some("Ä")])),
            possible(true, Range::Texts(text("g"), text("Ä"))),
        ),
        (
            "good",
            Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true)])),
            possible(true, Range::Booleans { yes: true, no: true }),
        ),
        (
            "at",
            Arc::new(TimestampSecondArray::from(vec![0, 1, 2, 3])),
            possible(false, Range::Decimals(0, 3_000_000_000)),
        ),
        ("nothing", Arc::new(Int64Array::new_null(ROWS)), Possible::NULL),
    ]
}

/// Parses and evaluates an expression. It must be refused with a message or have a value for each row, and statistics
/// must not exclude a row where it is true.
pub fn condition(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let table = table();
    let column = |(name, array, _): &(&str, ArrayRef, Possible)| Column {
        name: (*name).to_owned(),
        kind: Type::of(array.data_type()).ok_or_else(String::new),
    };
    let columns: Vec<_> = table.iter().map(column).collect();
    let parsed = match Expression::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let bound = match parsed.bind(&columns) {
        Ok(bound) => bound,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let arrays: Vec<_> = bound.columns().iter().map(|&place| Arc::clone(&table[place].1)).collect();
    let values = bound.evaluate(&arrays, ROWS).expect("the columns that it was bound to");
    assert_eq!((values.len(), Type::of(values.data_type())), (ROWS, Some(stored(bound.kind()))), "{text}");
    let Ok(predicate) = parsed.bind_condition(&columns) else { return };
    let claims: Vec<_> = predicate.columns().iter().map(|&place| table[place].2.clone()).collect();
    let keep = predicate.keep(&arrays, ROWS).expect("the columns that it was bound to");
    assert!(
        predicate.may_hold(&claims) || keep.count_set_bits() == 0,
        "statistics exclude a row where this is true: {text}"
    );
}

/// Returns the type of the array that holds values of a type.
const fn stored(kind: Type) -> Type {
    if let Type::Time = kind { Type::Decimal(9) } else { kind }
}

/// Returns the seed inputs of [`condition`].
#[must_use]
pub fn condition_seeds() -> Vec<(&'static str, Vec<u8>)> {
    [
        ("chain", "flux > 0 AND error > 0 OR NOT good AND n IS NOT NULL"),
        ("arithmetic", "-2.5 * log10(flux / error) + 23.9 < 20 AND n % 7 + small * 2 - 1 <> 1e3"),
        ("lists", "band IN ('g', 'r', NULL) OR n NOT IN (-7, 9223372036854775807) OR flux IN (0.5, 2)"),
        ("ranges", "n BETWEEN -5 AND 5 AND flux NOT BETWEEN error AND 1.5"),
        ("texts", "band LIKE 'g%' AND band NOT ILIKE '_\\%' AND coalesce(band, 'it''s') < 'z'"),
        ("times", "at >= '1970-01-01 00:00:01' AND at < TIMESTAMP '1970-01-02' AND at <> DATE '1970-01-01'"),
        (
            "functions",
            "abs(n) > ceil(flux) AND isnan(flux) IS NOT TRUE AND isfinite(error) IS UNKNOWN OR floor(sqrt(small)) = 2",
        ),
        ("names", "\"id\" = 18446744073709551615 AND FLUX > nothing -- a comment"),
        ("value", "coalesce(n, small) + 1"),
    ]
    .map(|(name, text)| (name, text.as_bytes().to_vec()))
    .to_vec()
}
