//! Errors of tape-analysis.

use tape::analysis::Error;

use crate::table::{Row, rows};

pub(crate) fn rows() -> Vec<Row> {
    let statistic = || "lomb_scargle".to_owned();
    let known = || vec!["fmin".to_owned(), "fmax".to_owned()];
    let mut rows: Vec<Row> = ["beyond_n_std:n=0", "beyond_n_std:m=2", "beyond_n_std:2", "mean:n=3"]
        .into_iter()
        .filter_map(|name| tape::statistic(name).err())
        .filter_map(|error| if let tape::Error::Statistic(error) = error { Some(Row::of_error(&error)) } else { None })
        .collect();
    rows.extend(rows![
        Error::UnknownStatistic {
            name: "stetsonj".into(),
            nearest: Some("stetson_j".into()),
            known: vec!["mean".into(), "stetson_j".into()],
        },
        Error::UnknownStep { name: "clipp".into(), nearest: Some("clip".into()), known: vec!["clip".into()] },
        Error::UnknownParameter {
            statistic: statistic(),
            parameter: "fmx".into(),
            nearest: Some("fmax".into()),
            known: known(),
        },
        Error::NotAParameter { statistic: statistic(), part: "0.1".into(), known: known() },
        Error::GivenTwice { statistic: statistic(), parameter: "fmin".into() },
        Error::NotGiven { statistic: statistic(), parameter: "fmin".into(), allowed: "a number above 0".into() },
        Error::BadValue {
            statistic: statistic(),
            parameter: "fmin".into(),
            value: "-1".into(),
            allowed: "a number above 0".into(),
        },
    ]);
    rows
}
