//! Tests random conditions on random tables.

use std::ops::Range as Rows;

use proptest::prelude::*;
use tape_io::expr::{Column, Expression, Possible, Predicate, Range, Type};

use crate::generate::conditions;
use crate::naive::{Expr, Rules, Value};
use crate::table::{COLUMNS, Row, Table, tables};

fn columns(table: &Table) -> Vec<Column> {
    let batch = table.batch();
    let fields = batch.schema();
    let column = |name: &&str| Column {
        name: (*name).to_owned(),
        kind: Type::of(fields.field_with_name(name).expect("the column exists").data_type()).ok_or_else(String::new),
    };
    COLUMNS.iter().map(column).collect()
}

fn predicate(condition: &Expr, table: &Table) -> Predicate {
    let text = condition.to_string();
    let bound = Expression::parse(&text).and_then(|parsed| parsed.bind_condition(&columns(table)));
    bound.unwrap_or_else(|error| panic!("{error}"))
}

/// Returns the first row for which the engine and the simple evaluator differ.
fn difference(condition: &Expr, table: &Table, rules: Rules) -> Option<usize> {
    let predicate = predicate(condition, table);
    let columns: Vec<_> = predicate.columns().iter().map(|&column| table.column(column)).collect();
    let keep = predicate.keep(&columns, table.rows.len()).expect("the columns that it was bound to");
    let wanted = table.rows.iter().map(|row| condition.value(row, rules) == Value::Truth(true));
    wanted.enumerate().find(|(row, wanted)| keep.value(*row) != *wanted).map(|(row, _)| row)
}

/// Returns the exact possible values of a column in some rows. If `narrow`, the largest value is removed.
fn possible(rows: &[Row], column: usize, narrow: bool) -> Possible {
    let mut known: Vec<_> = rows.iter().map(|row| &row.values[column]).filter(|value| **value != Value::Null).collect();
    let null = known.len() < rows.len();
    let whole = |value: &&Value| match value {
        Value::Whole(value) => i128::from(*value),
        Value::Big(value) | Value::Decimal(value, _) | Value::Time(value) => *value,
        _ => 0,
    };
    let text = |value: &Value| if let Value::Text(text) = value { text.clone().into_bytes() } else { vec![] };
    let number = |value: &Value| if let Value::Float(value) = value { *value } else { f64::NAN };
    known.sort_by(|a, b| {
        let by_whole = whole(a).cmp(&whole(b));
        by_whole.then_with(|| text(a).cmp(&text(b))).then_with(|| number(a).total_cmp(&number(b)))
    });
    if narrow {
        let all = known.len();
        known.truncate(all.div_ceil(2));
    }
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return Possible::NULL };
    let range = match first {
        Value::Whole(min) => Range::Integers(*min, i64::try_from(whole(last)).expect("an integer that fits 64 bits")),
        Value::Big(_) | Value::Decimal(..) | Value::Time(_) => Range::Decimals(whole(first), whole(last)),
        Value::Text(_) => Range::Texts(Some(text(first)), Some(text(last))),
        Value::Truth(_) => {
            Range::Booleans { yes: known.contains(&&Value::Truth(true)), no: known.contains(&&Value::Truth(false)) }
        }
        _ => {
            let numbers: Vec<f64> = known.iter().map(|value| number(value)).filter(|value| !value.is_nan()).collect();
            let ends = numbers.iter().copied().reduce(f64::min).zip(numbers.iter().copied().reduce(f64::max));
            Range::Floats { numbers: ends, nan: numbers.len() < known.len() }
        }
    };
    Possible { null, range }
}

/// Returns a matching row in the groups of rows that statistics exclude, if there is one, and the number of rows
/// excluded.
fn overlooked(condition: &Expr, table: &Table, groups: &[Rows<usize>], narrow: bool) -> (Option<usize>, usize) {
    let predicate = predicate(condition, table);
    let (mut found, mut skipped) = (None, 0);
    for group in groups {
        let rows = &table.rows[group.clone()];
        let claims: Vec<_> = predicate.columns().iter().map(|&column| possible(rows, column, narrow)).collect();
        if predicate.may_hold(&claims) {
            continue;
        }
        skipped += rows.len();
        let is_true = |row: &usize| condition.value(&table.rows[*row], Rules::default()) == Value::Truth(true);
        found = found.or(group.clone().find(is_true));
    }
    (found, skipped)
}

fn groups(rows: usize, each: usize) -> Vec<Rows<usize>> {
    (0..rows).step_by(each).map(|start| start..rows.min(start + each)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn conditions_agree_with_the_simple_evaluator(condition in conditions(), table in tables()) {
        let row = difference(&condition, &table, Rules::default());
        prop_assert_eq!(row, None, "{}, {:?}", condition, row.map(|row| &table.rows[row]));
    }

    #[test]
    fn statistics_never_exclude_a_matching_row(condition in conditions(), table in tables(), each in 1..9_usize) {
        let (row, _) = overlooked(&condition, &table, &groups(table.rows.len(), each), false);
        prop_assert_eq!(row, None, "{}, {:?}", condition, row.map(|row| &table.rows[row]));
    }
}

fn row(i: Option<i64>, f: f64) -> Row {
    let mut values = [const { Value::Null }; 9];
    values[0] = i.map_or(Value::Null, Value::Whole);
    values[2] = Value::Float(f);
    Row { values }
}

fn compare(sign: &'static str, a: Expr, b: Expr) -> Expr {
    Expr::Compare(sign, Box::new(a), Box::new(b))
}

/// Returns a table with the integers from 0, and the same numbers as floats.
fn ascending() -> Table {
    Table { rows: (0..40_u8).map(|i| row(Some(i.into()), f64::from(i) - 20.0)).collect() }
}

#[test]
fn deviations_from_the_rules_are_detected() {
    let table = Table { rows: vec![row(None, f64::NAN), row(Some(i64::MAX), 1.0)] };
    let not_above = Expr::Not(Box::new(compare(">", Expr::Column(0), Expr::Whole(5))));
    let float_above = compare(">", Expr::Column(2), Expr::Whole(0));
    let sum = Expr::Arithmetic('+', Box::new(Expr::Column(0)), Box::new(Expr::Whole(1)));
    let sum_below = compare("<", sum, Expr::Whole(0));
    let rules = Rules::default();
    for (condition, wrong, row) in [
        (not_above, Rules { two_valued: true, ..rules }, 0),
        (float_above, Rules { total_order: true, ..rules }, 0),
        (sum_below, Rules { wrapping: true, ..rules }, 1),
    ] {
        assert_eq!(difference(&condition, &table, wrong), Some(row), "{condition}");
        assert_eq!(difference(&condition, &table, rules), None, "{condition}");
    }
}

#[test]
fn matching_rows_are_excluded_only_if_ranges_are_too_narrow() {
    let table = ascending();
    let groups = groups(40, 10);
    for condition in [
        compare(">=", Expr::Column(0), Expr::Whole(39)),
        Expr::In(false, Box::new(Expr::Column(0)), vec![Expr::Whole(18), Expr::Whole(100)]),
        compare(">", Expr::Arithmetic('*', Box::new(Expr::Column(2)), Box::new(Expr::Point(25, 1))), Expr::Whole(45)),
    ] {
        let (row, skipped) = overlooked(&condition, &table, &groups, false);
        assert_eq!((row, skipped), (None, 30), "{condition}");
        let (row, _) = overlooked(&condition, &table, &groups, true);
        row.unwrap_or_else(|| panic!("{condition}: no matching row was excluded"));
    }
}

#[test]
fn statistics_exclude_the_rows_that_they_can() {
    let table = ascending();
    for (condition, skipped) in [
        ("i > 100", 40),
        ("i BETWEEN 12 AND 13", 30),
        ("NOT i < 30", 30),
        ("i IN (5, 6, 35)", 20),
        ("i NOT IN (5)", 0),
        ("-i > -5", 30),
        ("i + 5 < 10 OR i - 5 > 33", 20),
        ("f * 2 > 30 AND i > 0", 30),
        ("f / 4 > 2.5", 30),
        ("i IS NULL", 40),
        ("i IS NOT NULL", 0),
        ("(i > 20) IS TRUE", 20),
        ("isnan(f)", 40),
        ("i = 5.5", 30),
        ("t = 'a'", 40),
        ("t LIKE 'a%'", 40),
        ("FALSE", 40),
        ("i = NULL", 40),
        ("i > 5 AND NULL", 40),
        // Statistics exclude nothing.
        ("sqrt(i) > 100", 0),
        ("i % 7 = 8", 0),
    ] {
        let parsed = Expression::parse(condition).expect("SQL");
        let predicate = parsed.bind_condition(&columns(&table)).expect("columns");
        let claims = |rows: &[Row]| -> Vec<_> {
            predicate.columns().iter().map(|&column| possible(rows, column, false)).collect()
        };
        let groups = groups(40, 10);
        let told = groups.iter().filter(|group| !predicate.may_hold(&claims(&table.rows[(*group).clone()])));
        assert_eq!(told.map(ExactSizeIterator::len).sum::<usize>(), skipped, "{condition}");
    }
}
