//! Generates small tables with columns of every type and awkward values.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::datatypes::Int32Type;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use crate::naive::Value;

/// The names of the columns: signed integers, unsigned integers, double and single floats, decimals with scale 2, text
/// with few and with many values, booleans, and times in microseconds.
pub(crate) const COLUMNS: [&str; 9] = ["i", "u", "f", "s", "d", "t", "n", "b", "m"];

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) values: [Value; 9],
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
}

pub(crate) fn tables() -> impl Strategy<Value = Table> {
    // If a table is sorted by the first column, statistics can exclude row groups.
    (vec(rows(), 1..60), any::<bool>()).prop_map(|(mut rows, sorted)| {
        if sorted {
            rows.sort_by_key(|row| match row.values[0] {
                Value::Whole(value) => value,
                _ => i64::MIN,
            });
        }
        Table { rows }
    })
}

fn rows() -> impl Strategy<Value = Row> {
    let whole = prop_oneof![8 => -20..20_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    let unsigned = prop_oneof![8 => 0..20_u64, 1 => Just(u64::MAX), 1 => Just(1 << 63)];
    let float = prop_oneof![
        8 => (-20..20_i32).prop_map(|n| f64::from(n) / 4.0),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
        1 => Just(-0.0),
    ];
    let single = prop_oneof![8 => (-20..20_i8).prop_map(|n| f32::from(n) / 10.0), 1 => Just(f32::NAN)];
    let text = prop::sample::select(vec!["", "a", "ab", "b", "Äb", "a%"]);
    let times = prop_oneof![9 => -3..3_i64, 1 => Just(1_600_000_000_000_000)];
    let values = (
        of(whole),
        of(unsigned),
        of(float),
        of(single),
        of(-300..300_i64),
        (of(text.clone()), of("[abÄ]{0,3}")),
        of(any::<bool>()),
        of(times),
    );
    values.prop_map(|(i, u, f, s, d, (t, n), b, m)| Row {
        values: [
            i.map_or(Value::Null, Value::Whole),
            u.map_or(Value::Null, |u| Value::Big(u.into())),
            f.map_or(Value::Null, Value::Float),
            s.map_or(Value::Null, |s| Value::Float(s.into())),
            d.map_or(Value::Null, |d| Value::Decimal(d.into(), 2)),
            t.map_or(Value::Null, |t| Value::Text(t.to_owned())),
            n.map_or(Value::Null, Value::Text),
            b.map_or(Value::Null, Value::Truth),
            m.map_or(Value::Null, |m| Value::Time(i128::from(m) * 1000)),
        ],
    })
}

impl Table {
    /// Returns the table as a record batch.
    pub(crate) fn batch(&self) -> RecordBatch {
        let columns = (0..COLUMNS.len()).map(|column| (COLUMNS[column], self.column(column), true));
        RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
    }

    pub(crate) fn column(&self, column: usize) -> ArrayRef {
        let values = self.rows.iter().map(|row| &row.values[column]);
        let text = |value: &Value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        let float = |value: &Value| match value {
            Value::Float(value) => Some(*value),
            _ => None,
        };
        let whole = |value: &Value| match value {
            Value::Whole(value) => Some(i128::from(*value)),
            Value::Big(value) | Value::Decimal(value, _) => Some(*value),
            Value::Time(value) => Some(*value / 1000),
            _ => None,
        };
        match COLUMNS[column] {
            "i" => Arc::new(values.map(|v| whole(v).map(|v| i64::try_from(v).expect("fits"))).collect::<Int64Array>()),
            "u" => Arc::new(values.map(|v| whole(v).map(|v| u64::try_from(v).expect("fits"))).collect::<UInt64Array>()),
            "f" => Arc::new(values.map(float).collect::<Float64Array>()),
            #[expect(clippy::cast_possible_truncation, reason = "the value was single precision before")]
            "s" => Arc::new(values.map(|v| float(v).map(|v| v as f32)).collect::<Float32Array>()),
            "d" => {
                let decimals = values.map(whole).collect::<Decimal128Array>();
                Arc::new(decimals.with_precision_and_scale(12, 2).expect("two digits"))
            }
            "t" => {
                let texts: Vec<Option<String>> = values.map(text).collect();
                Arc::new(texts.iter().map(Option::as_deref).collect::<DictionaryArray<Int32Type>>())
            }
            "n" => Arc::new(values.map(text).collect::<StringArray>()),
            "b" => Arc::new(
                values
                    .map(|value| match value {
                        Value::Truth(value) => Some(*value),
                        _ => None,
                    })
                    .collect::<BooleanArray>(),
            ),
            _ => {
                let micros = values.map(|v| whole(v).map(|v| i64::try_from(v).expect("fits")));
                Arc::new(micros.collect::<TimestampMicrosecondArray>())
            }
        }
    }
}
