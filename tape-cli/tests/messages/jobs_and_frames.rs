//! Errors of jobs, frames and saved ensembles.

use std::path::PathBuf;

use tape::frames::FrameError;
use tape::job::{JobError, Malformed};

use crate::table::{Row, rows};

pub(crate) fn rows() -> Vec<Row> {
    [jobs(), tasks(), frames(), saved()].concat()
}

fn folder() -> PathBuf {
    "job".into()
}

fn jobs() -> Vec<Row> {
    let path = || PathBuf::from("job/manifest.json");
    rows![
        JobError::NoJob { folder: folder() },
        JobError::Taken { folder: folder(), what: "a job", job: true },
        JobError::Taken { folder: folder(), what: "something else", job: false },
        JobError::Manifest { path: path(), reason: "its checksum is wrong".into() },
        JobError::Version { path: path(), theirs: "0.0.9".into() },
        JobError::Differs { folder: folder(), difference: "with the condition 'flux > 0'".into() },
        JobError::Statistics { folder: folder(), wanted: "mean".into(), given: "stetson_j".into() },
        JobError::Changed { path: "survey/a.parquet".into() },
        JobError::Stored { path: "job/inputs/0".into() },
        Malformed { reason: "its checksum is wrong".into() },
    ]
}

fn tasks() -> Vec<Row> {
    let tasks = |n: usize| (0..n).map(|n| format!("task {n}, survey/a.parquet, row group {n}")).collect::<Vec<_>>();
    let rows = |done| JobError::Rows {
        folder: folder(),
        task: 3,
        place: "task 3, survey/a.parquet, row group 3".into(),
        actual: 12,
        expected: 13,
        done,
    };
    let source = || Box::new(tape::Error::Io(tape::io::Error::NoInput));
    rows![
        JobError::NoTask { folder: folder(), task: 9, last: 8 },
        JobError::NoTasks { folder: folder() },
        JobError::NotDone { folder: folder(), what: "task", tasks: tasks(1) },
        JobError::NotDone { folder: folder(), what: "task of the first round", tasks: tasks(7) },
        JobError::Failed { folder: folder(), tasks: tasks(1), source: source() },
        JobError::Failed { folder: folder(), tasks: tasks(2), source: source() },
        JobError::Damaged {
            folder: folder(),
            path: "job/receipts/3.json".into(),
            task: 3,
            reason: "its checksum is wrong".into(),
        },
        JobError::Stray { path: "job/receipts/99.json".into() },
        rows(true),
        rows(false),
        JobError::Epochs { folder: folder(), rows: 100, epochs: 90, left_out: 9 },
        JobError::Stopped { folder: folder(), done: 3, tasks: 9 },
    ]
}

fn frames() -> Vec<Row> {
    let label = || "means".to_owned();
    let unknown = |nearest: Option<&str>, labels: &[&str]| FrameError::Unknown {
        operation: "export",
        label: "meens".into(),
        nearest: nearest.map(str::to_owned),
        labels: labels.iter().map(|&label| label.to_owned()).collect(),
    };
    rows![
        FrameError::Label { label: "-a".into(), reason: "it begins with '-'" },
        FrameError::Reserved { label: "object".into() },
        FrameError::Taken { label: label(), difference: "of other statistics".into() },
        unknown(Some("means"), &["means", "periods"]),
        unknown(None, &["periods"]),
        unknown(None, &[]),
        FrameError::Dropped { operation: "export", label: label() },
        FrameError::Join { left: label(), right: "periods".into(), reason: "it has rows of other groups".into() },
    ]
}

fn saved() -> Vec<Row> {
    let folder = || PathBuf::from("saved");
    rows![
        FrameError::NotSaved { folder: folder() },
        FrameError::Occupied { folder: folder(), what: "is a file".into() },
        FrameError::Damaged { path: "saved/ensemble.json".into(), reason: "its checksum is wrong".into() },
        FrameError::Changed { path: "survey/a.parquet".into(), folder: folder() },
        FrameError::OtherSurvey { folder: folder(), difference: "of other files".into() },
        FrameError::Derived { name: "snr".into() },
    ]
}
