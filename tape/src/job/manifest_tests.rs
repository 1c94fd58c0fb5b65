//! Manifests there and back, and those that were changed.

use super::super::objects::ObjectFile;
use super::*;

/// A manifest of two files and three tasks.
pub(in crate::job) fn manifest() -> Manifest {
    let file = |path: &str, row_groups: &[u64]| InputFile {
        path: path.to_owned(),
        bytes: 100,
        modified: Some((1, 2)),
        row_groups: row_groups.to_vec(),
    };
    let name = |name: &str| Some(name.to_owned());
    Manifest {
        version: "0.1.0".to_owned(),
        files: vec![file("/a", &[10, 0]), file("/b", &[7])],
        id_type: "int64".to_owned(),
        columns: [name("id"), None, name("lc.flux"), None, name("lc.band")],
        titles: [name("id"), None, name("flux"), None, name("band")],
        derived: vec![("bright".to_owned(), "\"lc.flux\" > 5".to_owned())],
        filter: Some("flux > 0".to_owned()),
        preset: Some("ztf_dr23".to_owned()),
        quantity: None,
        conversion: Some(ConversionQuery { to_magnitudes: false, zero_point: "23.9".to_owned() }),
        samples: vec![Sample { fraction: "0.25".to_owned(), seed: 3 }],
        objects: Some(PlannedObjects {
            files: vec![ObjectFile { path: "/o".to_owned(), bytes: 5, modified: None }],
            id: "id".to_owned(),
            filter: None,
            joined: vec!["ra".to_owned()],
        }),
        statistics: vec!["mean".to_owned()],
        bands: None,
        wide: false,
        skips: true,
        memory: Some(1 << 30),
        asked: Asked { plan: "auto".to_owned(), partitions: Some(3), partition_bytes: None },
        plan: "stitch".to_owned(),
        why: "it is sorted".to_owned(),
        dropped: None,
        partitions: vec![vec![(0, 0, 6)], vec![(0, 6, 10), (2, 0, 1)], vec![(2, 1, 7)]],
        cuts: vec![],
        buckets: 0,
        reduces: 0,
        rows: 17,
    }
}

#[test]
fn a_manifest_comes_back() {
    let manifest = manifest();
    assert_eq!(Manifest::parse(&manifest.to_bytes().expect("plain")), Ok(manifest.clone()));
    assert_eq!(manifest.describe(2), "/b, row group 0");
    assert_eq!(manifest.describe(1), "/a, row group 1");
}

#[test]
fn slices_of_a_merge_may_share_pieces_with_those_before_them() {
    let merge = Manifest {
        plan: "merge".to_owned(),
        partitions: vec![vec![(0, 0, 10), (2, 0, 7)], vec![(2, 0, 7)]],
        cuts: vec![Id::Int(5)],
        ..manifest()
    };
    let back = Manifest::parse(&merge.to_bytes().expect("plain")).expect("it holds together");
    assert_eq!(back.tasks().cuts, [tape_core::ObjectId::Int(5)]);
    let uncut = Manifest { cuts: vec![], ..merge.clone() };
    let error = Manifest::parse(&uncut.to_bytes().expect("plain")).expect_err("one slice too many");
    assert!(error.reason.contains("slices"), "{error}");
    let stitch = Manifest { plan: "stitch".to_owned(), cuts: vec![], ..merge };
    assert!(Manifest::parse(&stitch.to_bytes().expect("plain")).is_err(), "a row in two tasks");
}

#[test]
fn a_manifest_that_does_not_hold_together_is_refused_even_with_a_right_checksum() {
    type Change = fn(&mut Manifest);
    let changes: [(Change, &str); 13] = [
        (|m| m.partitions[0][0].2 = 5, "once"),
        (|m| m.partitions[1][1].0 = 3, "row group 2 once"),
        (|m| m.partitions.push(vec![(3, 0, 1)]), "no row group 3"),
        (|m| m.partitions[2][0].2 = u64::MAX, "take"),
        (|m| m.partitions[2] = vec![(2, 1, 1)], "once"),
        (|m| drop(m.partitions.pop()), "take 1 of the 7 rows"),
        (|m| m.rows = 18, "17 rows"),
        (|m| m.files[0].row_groups[0] = u64::MAX, "take"),
        (|m| m.plan = "guess".to_owned(), "no plan"),
        (|m| m.id_type = "float".to_owned(), "no type"),
        (|m| m.buckets = 4, "buckets"),
        (|m| m.columns[0] = None, "column"),
        (
            |m| {
                m.plan = "shuffle".to_owned();
                (m.buckets, m.reduces) = (4, 3);
            },
            "buckets",
        ),
    ];
    for (change, reason) in changes {
        let mut manifest = manifest();
        change(&mut manifest);
        let error = Manifest::parse(&manifest.to_bytes().expect("plain")).expect_err("it was changed");
        assert!(error.reason.contains(reason), "{error}, not {reason}");
    }
}
