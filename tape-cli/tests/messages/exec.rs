//! Errors of plans.

use tape::core::ObjectId;
use tape::exec::Error;

use crate::table::{Row, rows};

const ID: ObjectId = ObjectId::Int(7);

pub(crate) fn rows() -> Vec<Row> {
    let statistic = || "stetson_j".to_owned();
    let out_of_order =
        |cut| Error::OutOfOrder { id: ID, cut, before: "partition 3".into(), after: "partition 4".into() };
    let mut rows = rows![
        Error::NoStatistic,
        Error::CutLightCurve { id: ID, before: "partition 3".into(), after: "partition 4".into() },
        Error::IllegalPlan {
            plan: "fold",
            why: "stetson_j needs whole light curves".into(),
            instead: "the shuffle plan",
        },
        Error::NotAlone { statistic: "binned_light_curve".into() },
        Error::NoBands { statistic: "color".into() },
        Error::BandNotAsked { statistic: "color".into(), bands: vec!["g".into(), "r".into()], band: "r".into() },
        Error::TooLittleMemory { memory: 4 << 20, needed: 40 << 20 },
        Error::DoesNotFit { what: "object 7".into(), rows: 90_000_000, most: 1_000_000 },
        Error::FalseClaim {
            id: ID,
            place: "a.parquet, row group 3".into(),
            min: ObjectId::Int(10),
            max: ObjectId::Int(20)
        },
        out_of_order(true),
        out_of_order(false),
        Error::WrongOutput { task: 3, reason: "it has 12 rows, and its receipt says 13".into() },
        Error::NoSpill,
    ];
    rows.extend(failures(&statistic));
    rows
}

fn failures(statistic: &dyn Fn() -> String) -> Vec<Row> {
    rows![
        Error::StepPanicked { step: "clip".into(), id: ID, band: "g".into(), message: "index out of bounds".into() },
        Error::Panicked { statistic: statistic(), id: ID, band: "g".into(), message: "index out of bounds".into() },
        Error::Failed { statistic: statistic(), id: ID, band: String::new(), source: "too bright".into() },
        Error::Ragged { statistic: statistic(), id: ID, band: "g".into(), values: 7, outputs: 3 },
        Error::Internal { message: "index out of bounds".into() },
        Error::Cancelled,
        Error::Workers { workers: 4000, reason: "resource temporarily unavailable".into() },
    ]
}
