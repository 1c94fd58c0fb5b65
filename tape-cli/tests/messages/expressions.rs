//! Errors in expressions.

use tape::core::Role;
use tape::io::expr::{Fault, Position, PredicateError, Type};

use crate::table::{Row, rows};

pub(crate) fn rows() -> Vec<Row> {
    let place = Some(Position { line: 0, column: 0, length: 5 });
    let unknown = no_column();
    let mut rows = rows![
        Fault::Empty,
        Fault::Syntax { reason: "expected: an expression, found: EOF".into() },
        Fault::TooLarge { what: "its depth", most: 64 },
        Fault::Unsupported { what: "a subquery".into() },
        no_column(),
        Fault::Ambiguous { name: "FLUX".into(), candidates: vec!["Flux".into(), "flux".into()] },
        Fault::ColumnType { name: "flags".into(), actual: "a list".into() },
        Fault::NoFunction {
            name: "logg".into(),
            nearest: Some("log".into()),
            available: vec!["abs".into(), "log".into()],
        },
        Fault::Arguments { name: "abs", wanted: "one argument", actual: 2 },
        Fault::NotComparable { left: Type::Text, right: Type::Integer },
        Fault::WrongType { place: "abs".into(), wanted: "a number", actual: Type::Text },
        Fault::NotATime { text: "yesterday".into() },
        Fault::NotACondition { actual: Type::Float },
        Fault::Name { name: String::new(), reason: "it is empty".into() },
        Fault::NameTaken { name: "flux".into() },
        Fault::RoleType { role: Role::Flux, wanted: "a number", actual: Type::Text },
        Fault::NotDerived { name: "snrr".into(), nearest: Some("snr".into()), role: Role::Flux },
        Fault::Evaluation { reason: "the pattern is too large".into() },
    ];
    let source = PredicateError { fault: Box::new(unknown), expression: "fluxx > 0".into(), place };
    rows.extend(rows![tape::io::Error::Condition { path: Some("a.parquet".into()), source }]);
    rows
}

fn no_column() -> Fault {
    Fault::NoColumn { name: "fluxx".into(), nearest: Some("flux".into()), available: vec!["id".into(), "flux".into()] }
}
