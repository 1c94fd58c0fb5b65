//! Descriptions that nobody wrote here, with right checksums.

use super::*;
use crate::job::ObjectFile;

fn description() -> Description {
    let name = |name: &str| Some(name.to_owned());
    Description {
        files: vec![ObjectFile { path: "/a".to_owned(), bytes: 5, modified: Some((1, 2)) }],
        columns: [name("id"), None, name("flux"), None, None],
        filter: None,
        objects: None,
        samples: vec![("0.5".to_owned(), 1)],
    }
}

fn frame(label: &str) -> WrittenFrame {
    let (origins, keys, columns) = (vec![], vec!["id".to_owned()], vec!["id".to_owned()]);
    let (rows, bytes, checksum) = (u64::MAX, u64::MAX, 0);
    WrittenFrame { label: label.to_owned(), made: Made::Given, origins, keys, rows, columns, bytes, checksum }
}

/// What opening a folder gives of which this is the description.
fn opened(ensemble: Description, labels: &[&str]) -> Result<Saved, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let frames = labels.iter().map(|label| frame(label)).collect();
    let written = Written { version: "0".to_owned(), ensemble, frames, dropped: vec!["../d".to_owned()] };
    fs::write(folder.path().join(DESCRIPTION), seal(&written).expect("plain")).expect("writes");
    Saved::open(folder.path()).map_err(|error| error.to_string())
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
    type Change = fn(&mut Description);
    let changes: [(Change, &str); 5] = [
        (|d| d.files.clear(), "no file"),
        (|d| d.columns[0] = None, "no column"),
        (|d| d.samples[0].0 = "2".to_owned(), "from 0 to 1"),
        (|d| d.samples[0].0 = "NaN".to_owned(), "from 0 to 1"),
        (|d| d.samples[0].0 = "half".to_owned(), "from 0 to 1"),
    ];
    for (change, reason) in changes {
        let mut changed = description();
        change(&mut changed);
        let error = opened(changed, &[]).expect_err("it does not hold together");
        assert!(error.contains("ensemble.json: is damaged") && error.contains(reason), "{error}, not {reason}");
    }
}
