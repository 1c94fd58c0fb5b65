//! A simple evaluator: expressions, their SQL text, and their value in a row.

use std::cmp::Ordering;
use std::fmt;

use crate::table::{COLUMNS, Row};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Truth(bool),
    Whole(i64),
    /// An integer that may exceed a signed 64-bit integer.
    Big(i128),
    Float(f64),
    /// An unscaled decimal and its scale.
    Decimal(i128, u32),
    Text(String),
    /// Nanoseconds since 1970.
    Time(i128),
}

#[derive(Clone, Debug)]
pub(crate) enum Expr {
    Column(usize),
    Null,
    Whole(i64),
    /// A decimal literal, as an unscaled integer and a scale: 12 and 1 are 1.2.
    Point(i32, u32),
    Text(String),
    Truth(bool),
    Time(i64),
    Arithmetic(char, Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    Abs(Box<Expr>),
    /// A function of floats.
    Coalesce(Vec<Expr>),
    IsNan(Box<Expr>),
    IsFinite(Box<Expr>),
    Compare(&'static str, Box<Expr>, Box<Expr>),
    Between(bool, Box<Expr>, Box<Expr>, Box<Expr>),
    In(bool, Box<Expr>, Vec<Expr>),
    Like(Box<Expr>, String),
    IsNull(bool, Box<Expr>),
    Is(bool, bool, Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
}

/// Deviations from the rules of SQL, to check that the comparison detects them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rules {
    /// NULL is false.
    pub(crate) two_valued: bool,
    /// NaN is greater than all numbers and equals itself.
    pub(crate) total_order: bool,
    /// Integers wrap around on overflow.
    pub(crate) wrapping: bool,
}

impl Expr {
    pub(crate) fn value(&self, row: &Row, rules: Rules) -> Value {
        let of = |expr: &Expr| expr.value(row, rules);
        let truth = |truth: Option<bool>| match truth {
            Some(truth) => Value::Truth(truth),
            None if rules.two_valued => Value::Truth(false),
            None => Value::Null,
        };
        let not = |truth: Option<bool>| truth.map(|truth| !truth);
        match self {
            Self::Column(column) => row.values[*column].clone(),
            Self::Null => Value::Null,
            Self::Whole(value) => Value::Whole(*value),
            Self::Point(digits, scale) => Value::Decimal((*digits).into(), *scale),
            Self::Text(text) => Value::Text(text.clone()),
            Self::Truth(value) => Value::Truth(*value),
            Self::Time(micros) => Value::Time(i128::from(*micros) * 1000),
            Self::Arithmetic(sign, a, b) => arithmetic(*sign, &of(a), &of(b), rules),
            Self::Negate(a) => match of(a) {
                Value::Whole(v) => v.checked_neg().map_or(Value::Null, Value::Whole),
                Value::Big(v) => Value::Big(-v),
                Value::Null => Value::Null,
                Value::Decimal(digits, scale) => Value::Decimal(-digits, scale),
                other => Value::Float(-float(&other)),
            },
            Self::Abs(a) => match of(a) {
                Value::Whole(v) => v.checked_abs().map_or(Value::Null, Value::Whole),
                Value::Big(v) => Value::Big(v.abs()),
                Value::Null => Value::Null,
                other => Value::Float(float(&other).abs()),
            },
            Self::Coalesce(all) => match all.iter().map(of).find(|value| *value != Value::Null) {
                Some(value) => Value::Float(float(&value)),
                None => Value::Null,
            },
            Self::IsNan(a) => truth(known(&of(a)).map(|a| float(a).is_nan())),
            Self::IsFinite(a) => truth(known(&of(a)).map(|a| float(a).is_finite())),
            Self::Compare(sign, a, b) => truth(compare(sign, &of(a), &of(b), rules)),
            Self::Between(negated, a, low, high) => {
                let a = of(a);
                let both = and([compare(">=", &a, &of(low), rules), compare("<=", &a, &of(high), rules)]);
                truth(if *negated { not(both) } else { both })
            }
            Self::In(negated, a, list) => {
                let a = of(a);
                let found = not(and(list.iter().map(|member| not(compare("=", &a, &of(member), rules)))));
                truth(if *negated { not(found) } else { found })
            }
            Self::Like(a, pattern) => truth(match of(a) {
                Value::Text(text) => Some(like(&text, pattern)),
                _ => None,
            }),
            Self::IsNull(negated, a) => Value::Truth((of(a) == Value::Null) != *negated),
            Self::Is(negated, wanted, a) => Value::Truth((of(a) == Value::Truth(*wanted)) != *negated),
            Self::And(all) => truth(and(all.iter().map(|a| as_truth(&of(a))))),
            Self::Or(all) => truth(not(and(all.iter().map(|a| not(as_truth(&of(a))))))),
            Self::Not(a) => truth(not(as_truth(&of(a)))),
        }
    }
}

fn known(value: &Value) -> Option<&Value> {
    Some(value).filter(|value| **value != Value::Null)
}

fn as_truth(value: &Value) -> Option<bool> {
    match value {
        Value::Truth(truth) => Some(*truth),
        _ => None,
    }
}

/// Returns false if any is false, else unknown if any is unknown.
fn and(all: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let all: Vec<_> = all.into_iter().collect();
    if all.contains(&Some(false)) { Some(false) } else { all.into_iter().collect::<Option<Vec<_>>>().map(|_| true) }
}

#[expect(clippy::cast_precision_loss, reason = "as integers are converted when compared with floats")]
fn float(value: &Value) -> f64 {
    match value {
        Value::Whole(value) => *value as f64,
        Value::Big(value) => *value as f64,
        Value::Float(value) => *value,
        Value::Decimal(digits, scale) => *digits as f64 / 10_f64.powi(i32::try_from(*scale).expect("small")),
        other => panic!("{other:?} is not a number"),
    }
}

/// Returns an exact number as an unscaled integer with `scale` digits after the point.
fn digits(value: &Value, scale: u32) -> Option<i128> {
    match value {
        Value::Whole(value) => Some(i128::from(*value) * 10_i128.pow(scale)),
        // Saturated values are still larger than all decimals in the tables.
        Value::Big(value) => Some(value.saturating_mul(10_i128.pow(scale))),
        Value::Decimal(digits, own) => Some(digits * 10_i128.pow(scale - own)),
        _ => None,
    }
}

fn arithmetic(sign: char, a: &Value, b: &Value, rules: Rules) -> Value {
    match (sign, a, b) {
        (_, Value::Null, _) | (_, _, Value::Null) => Value::Null,
        ('+' | '-' | '*' | '%', Value::Whole(a), Value::Whole(b)) => {
            let (a, b) = (i128::from(*a), i128::from(*b));
            let exact = whole(sign, a, b);
            #[expect(clippy::cast_possible_truncation, reason = "wrapping on overflow is intended")]
            let wrapped = |exact: i128| Value::Whole(exact as i64);
            match exact {
                Some(exact) if rules.wrapping => wrapped(exact),
                Some(exact) => i64::try_from(exact).map_or(Value::Null, Value::Whole),
                None => Value::Null,
            }
        }
        ('+' | '-' | '*' | '%', Value::Whole(_) | Value::Big(_), Value::Whole(_) | Value::Big(_)) => {
            let (a, b) = (digits(a, 0).expect("whole"), digits(b, 0).expect("whole"));
            whole(sign, a, b).map_or(Value::Null, Value::Big)
        }
        _ => {
            let (a, b) = (float(a), float(b));
            Value::Float(match sign {
                '+' => a + b,
                '-' => a - b,
                '*' => a * b,
                '/' => a / b,
                _ => a % b,
            })
        }
    }
}

fn whole(sign: char, a: i128, b: i128) -> Option<i128> {
    match sign {
        '+' => a.checked_add(b),
        '-' => a.checked_sub(b),
        '*' => a.checked_mul(b),
        _ => (b != 0).then(|| a % b),
    }
}

fn compare(sign: &str, a: &Value, b: &Value, rules: Rules) -> Option<bool> {
    let order = match (a, b) {
        (Value::Null, _) | (_, Value::Null) => return None,
        (Value::Text(a), Value::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Value::Truth(a), Value::Truth(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        (Value::Float(_), _) | (_, Value::Float(_)) if rules.total_order => Some(float(a).total_cmp(&float(b))),
        (Value::Float(_), _) | (_, Value::Float(_)) => float(a).partial_cmp(&float(b)),
        _ => {
            let scale = [a, b].into_iter().map(|v| if let Value::Decimal(_, own) = v { *own } else { 0 }).max();
            let scale = scale.expect("two");
            Some(digits(a, scale).cmp(&digits(b, scale)))
        }
    };
    Some(match sign {
        "=" => order == Some(Ordering::Equal),
        "<>" => order != Some(Ordering::Equal),
        "<" => order == Some(Ordering::Less),
        "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        ">" => order == Some(Ordering::Greater),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    })
}

fn like(text: &str, pattern: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return text.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    let mut letters = text.chars();
    match first {
        '%' => like(text, rest) || (letters.next().is_some() && like(letters.as_str(), pattern)),
        '_' => letters.next().is_some() && like(letters.as_str(), rest),
        _ => letters.next() == Some(first) && like(letters.as_str(), rest),
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |all: &[Self], between: &str| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(between);
        let not = |negated: bool| if negated { "NOT " } else { "" };
        match self {
            Self::Column(column) => f.write_str(COLUMNS[*column]),
            Self::Null => f.write_str("NULL"),
            Self::Whole(value) => write!(f, "{value}"),
            Self::Point(digits, scale) => {
                let (sign, digits) = (if *digits < 0 { "-" } else { "" }, digits.unsigned_abs());
                let unit = 10_u32.pow(*scale);
                write!(f, "{sign}{}.{:0width$}", digits / unit, digits % unit, width = *scale as usize)
            }
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Truth(value) => write!(f, "{value}"),
            Self::Time(micros) => {
                let (seconds, micros) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
                let day = if seconds < 0 { "1969-12-31 23:59:" } else { "1970-01-01 00:00:" };
                write!(f, "TIMESTAMP '{day}{:02}.{micros:06}'", seconds.rem_euclid(60))
            }
            Self::Arithmetic(sign, a, b) => write!(f, "({a} {sign} {b})"),
            Self::Negate(a) => write!(f, "(- {a})"),
            Self::Abs(a) => write!(f, "abs({a})"),
            Self::Coalesce(all) => write!(f, "coalesce({})", list(all, ", ")),
            Self::IsNan(a) => write!(f, "isnan({a})"),
            Self::IsFinite(a) => write!(f, "IsFinite({a})"),
            Self::Compare(sign, a, b) => write!(f, "({a} {sign} {b})"),
            Self::Between(negated, a, low, high) => write!(f, "({a} {}BETWEEN {low} AND {high})", not(*negated)),
            Self::In(negated, a, all) => write!(f, "({a} {}IN ({}))", not(*negated), list(all, ", ")),
            Self::Like(a, pattern) => write!(f, "({a} LIKE '{pattern}')"),
            Self::IsNull(negated, a) => write!(f, "({a} IS {}NULL)", not(*negated)),
            Self::Is(negated, wanted, a) => write!(f, "({a} IS {}{wanted})", not(*negated)),
            Self::And(all) => write!(f, "({})", list(all, " AND ")),
            Self::Or(all) => write!(f, "({})", list(all, " OR ")),
            Self::Not(a) => write!(f, "(NOT {a})"),
        }
    }
}
