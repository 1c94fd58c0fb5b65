//! Descriptions that nobody wrote here, with right checksums.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};

use super::*;
use tape_io::FileStamp;

use crate::query::{Choice, Query, Stamps};

fn description() -> Provenance {
    let name = |name: &str| Some(name.to_owned());
    let query = Query {
        inputs: vec!["/a".to_owned()],
        columns: [name("id"), None, name("flux"), None, None],
        choices: vec![Choice::Sample("0.5".to_owned(), 1)],
        ..Query::default()
    };
    let inputs = vec![FileStamp { bytes: 5, modified: Some((1, 2)) }];
    Provenance::new(query, Stamps { inputs, ..Stamps::default() })
}

fn frame(label: &str) -> WrittenFrame {
    let (origins, keys, columns) = (vec![], vec!["id".to_owned()], vec!["id".to_owned()]);
    let (rows, bytes, checksum) = (u64::MAX, u64::MAX, 0);
    WrittenFrame { label: label.to_owned(), made: Made::Given, origins, keys, rows, columns, bytes, checksum }
}

/// Opens a folder with this description.
fn opened(ensemble: Provenance, labels: &[&str]) -> Result<Saved, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let frames = labels.iter().map(|label| frame(label)).collect();
    let written = Written { version: "0".to_owned(), ensemble, frames, dropped: vec!["../d".to_owned()] };
    fs::write(folder.path().join(DESCRIPTION), seal(&written).expect("plain")).expect("writes");
    Saved::open(folder.path()).map_err(|error| error.to_string())
}

#[test]
fn a_frame_that_is_not_the_one_of_the_description_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.parquet");
    let ids = Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef;
    let table = RecordBatch::try_from_iter([("id", ids)]).expect("columns of one length");
    let mut writer = TableWriter::create(&path, table.schema(), tape_io::TableOptions::default()).expect("starts");
    writer.write(&table).expect("writes");
    writer.finish().expect("finishes");
    let frame = |rows: u64, column: &str| {
        let seal = FileSeal::of(&path).expect("it is there");
        let content = Content::File { path: path.clone(), seal, read: OnceLock::new() };
        let (origins, keys, columns) = (vec![], vec![], vec![column.to_owned()]);
        Frame { made: Made::Given, origins, keys, rows, columns, content }.table().map_err(|error| error.to_string())
    };
    assert_eq!(frame(2, "id"), Ok(table));
    for (rows, column) in [(3, "id"), (2, "name")] {
        let error = frame(rows, column).expect_err("it is another");
        assert!(error.contains("a.parquet: is damaged") && error.contains("rows and columns"), "{error}");
    }
}

#[test]
fn what_does_not_hold_together_is_refused_even_with_a_right_checksum() {
    let whole = opened(description(), &["a", "b"]).expect("it holds together");
    assert_eq!(whole.frames().list().len(), 2);
    // As long as it says, no file is; and no room is made for it.
    let error = whole.frames().get("a").expect_err("there is no file").to_string();
    assert!(error.contains("a.parquet"), "{error}");
    for labels in [&["../a"][..], &["source"], &["a", "A"], &["a/b"], &[""]] {
        let error = opened(description(), labels).expect_err("no such labels");
        assert!(error.contains("is damaged: no frame can be called"), "{error}");
    }
    type Change = fn(&mut Provenance);
    let changes: [(Change, &str); 5] = [
        (|d| d.query.inputs.clear(), "no file"),
        (|d| d.query.columns[0] = None, "no column"),
        (|d| d.query.choices[0] = Choice::Sample("2".to_owned(), 1), "from 0 to 1"),
        (|d| d.query.choices[0] = Choice::Sample("NaN".to_owned(), 1), "from 0 to 1"),
        (|d| d.query.choices[0] = Choice::Sample("half".to_owned(), 1), "from 0 to 1"),
    ];
    for (change, reason) in changes {
        let mut changed = description();
        change(&mut changed);
        let error = opened(changed, &[]).expect_err("it does not hold together");
        assert!(error.contains("ensemble.json: is damaged") && error.contains(reason), "{error}, not {reason}");
    }
}
