//! Errors of tape-core and the plans' names.

use tape::core::{
    Bands, ColumnError, IdRef, IdType, Ids, NotSorted, OutputType, ResultsError, Role, TooManyBands, Value,
};
use tape::exec::PlanChoice;

use crate::table::{Row, rows};

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = rows![
        ColumnError::missing(Role::Flux, Some("fluxx"), &names()),
        ColumnError::missing(Role::Id, None, &names()),
        ColumnError::Ambiguous { first: "lightcurve.flux".into(), second: "forced.flux".into() },
        ColumnError::Twice { role: Role::Flux, name: "flux".into() },
        ResultsError::DuplicateColumn { name: "mean".into() },
        ResultsError::WrongType { column: "brightest".into(), expected: OutputType::Int, actual: Value::Float(1.5) },
        NotSorted,
        too_many_bands(),
        Ids::new(IdType::Int64).push(IdRef::Text("HiTS1")).expect_err("text is no integer"),
        Ids::new(IdType::Utf8).push(IdRef::Int(7)).expect_err("an integer is no text"),
        "fastest".parse::<PlanChoice>().expect_err("no plan has this name"),
    ];
    let arrow = arrow::error::ArrowError::InvalidArgumentError("columns differ in length".into());
    rows.extend(rows![ResultsError::Arrow(arrow)]);
    rows
}

fn names() -> Vec<String> {
    ["objectId", "mjd", "flux", "error"].map(str::to_owned).to_vec()
}

fn too_many_bands() -> TooManyBands {
    let bands = Bands::default();
    (0..300).find_map(|n| bands.code(&n.to_string()).err()).expect("there are at most 255 bands")
}
