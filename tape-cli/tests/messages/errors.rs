//! Errors of ensembles and batches.

use tape::Error;
use tape::core::{IdType, Quantity};

use crate::table::{Row, rows};

pub(crate) fn rows() -> Vec<Row> {
    let statistic = || "stetson_j".to_owned();
    let by = || "field".to_owned();
    let failed =
        |band: &str| Error::StatisticFailed { statistic: statistic(), band: band.into(), source: "too bright".into() };
    let mut rows = rows![
        Error::IdRange { id: "9223372036854775808".into(), id_type: IdType::Int64 },
        Error::Lengths { time: 3, flux: 3, error: 2, band: 0 },
        Error::ManyBands,
        Error::ManyValues { statistic: statistic() },
        failed("g"),
        failed(""),
        Error::NoColumn { statistic: statistic(), column: "error" },
        Error::IdType { id: "HiTS1".into(), column: "objectId".into(), text: true },
        Error::IdType { id: "7".into(), column: "name".into(), text: false },
        Error::Fraction { fraction: 1.5 },
        Error::BandsTogether { by: by() },
        Error::AllOfGroups { by: by() },
        Error::AllUnchecked,
        Error::NotDescribed { what: "a statistic is a function of the program".into() },
        Error::ChosenIds { what: "3 ids that are text".into() },
        Error::Restarted,
        Error::JoinedToGroups { columns: "ra, dec".into() },
        Error::NoQuality { preset: Some("ztf_dr23") },
        Error::NoQuality { preset: None },
    ];
    rows.extend(rows![
        Error::Quantity { statistic: statistic(), actual: Quantity::Magnitude },
        Error::WideWithoutBand,
        Error::WideOfManyRows { statistic: "binned_light_curve".into() },
    ]);
    rows
}
