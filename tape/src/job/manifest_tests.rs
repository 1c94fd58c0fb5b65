//! Round trips of manifests, and manifests that were changed.

use tape_io::FileStamp;
use tape_io::internal::FileSeal;

use super::*;
use crate::query::{Choice, ConversionQuery, DerivedColumn, ObjectsQuery, Query, Stamps};

/// Returns a manifest of two inputs, one of them stored, and three tasks.
pub(in crate::job) fn manifest() -> Manifest {
    let name = |name: &str| Some(name.to_owned());
    let expression = name("\"lc.flux\" > 5");
    let query = Query {
        inputs: vec!["/a".to_owned(), "memory:0".to_owned()],
        columns: [name("id"), None, name("lc.flux"), None, name("lc.band")],
        derived: vec![DerivedColumn { name: "bright".to_owned(), expression }],
        condition: name("flux > 0"),
        preset: name("ztf_dr23"),
        conversion: Some(ConversionQuery { to_magnitudes: false, zero_point: "23.9".to_owned() }),
        choices: vec![Choice::Sample("0.25".to_owned(), 3)],
        objects: Some(ObjectsQuery { inputs: vec!["/o".to_owned()], id: "id".to_owned(), condition: None }),
        joined: vec!["ra".to_owned()],
        statistics: vec!["mean".to_owned()],
        ..Query::default()
    };
    let stamp = |bytes| FileStamp { bytes, modified: Some((1, 2)) };
    let stamps = Stamps { inputs: vec![stamp(100), stamp(90)], objects: vec![stamp(5)], ..Stamps::default() };
    Manifest {
        provenance: Provenance::new(query, stamps),
        row_groups: vec![vec![10, 0], vec![7]],
        stored: Stored { in_memory: vec![FileSeal { bytes: 90, checksum: 7 }], ..Stored::default() },
        id_type: "int64".to_owned(),
        columns: [name("id"), None, name("lc.flux"), None, name("lc.band")],
        titles: [name("id"), None, name("flux"), None, name("band")],
        keys: None,
        memory: Some(1 << 30),
        plan: PlanKind::Stitch,
        why: "it is sorted".to_owned(),
        dropped: None,
        warnings: vec![],
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
    assert_eq!(manifest.describe(2), "memory:0, row group 0");
    assert_eq!(manifest.describe(1), "/a, row group 1");
}

#[test]
fn slices_of_a_merge_may_share_pieces_with_those_before_them() {
    let merge = Manifest {
        plan: PlanKind::Merge,
        partitions: vec![vec![(0, 0, 10), (2, 0, 7)], vec![(2, 0, 7)]],
        cuts: vec![Id::Int(5)],
        ..manifest()
    };
    let back = Manifest::parse(&merge.to_bytes().expect("plain")).expect("it holds together");
    assert_eq!(back.tasks().cuts, [tape_core::ObjectId::Int(5)]);
    let uncut = Manifest { cuts: vec![], ..merge.clone() };
    let error = Manifest::parse(&uncut.to_bytes().expect("plain")).expect_err("one slice too many");
    assert!(error.reason.contains("slices"), "{error}");
    let stitch = Manifest { plan: PlanKind::Stitch, cuts: vec![], ..merge };
    assert!(Manifest::parse(&stitch.to_bytes().expect("plain")).is_err(), "a row in two tasks");
}

#[test]
fn a_manifest_that_does_not_hold_together_is_refused_even_with_a_right_checksum() {
    type Change = fn(&mut Manifest);
    let changes: [(Change, &str); 19] = [
        (|m| m.partitions[0][0].2 = 5, "once"),
        (|m| m.partitions[1][1].0 = 3, "row group 2 once"),
        (|m| m.partitions.push(vec![(3, 0, 1)]), "no row group 3"),
        (|m| m.partitions[2][0].2 = u64::MAX, "take"),
        (|m| m.partitions[2] = vec![(2, 1, 1)], "once"),
        (|m| drop(m.partitions.pop()), "take 1 of the 7 rows"),
        (|m| m.rows = 18, "17 rows"),
        (|m| m.row_groups[0][0] = u64::MAX, "take"),
        (|m| drop(m.row_groups.pop()), "each of its inputs"),
        (|m| m.provenance.stamps.inputs.truncate(1), "each of its inputs"),
        (|m| m.provenance.stamps.objects.clear(), "table of objects"),
        (|m| m.stored.in_memory.clear(), "in memory"),
        (|m| m.provenance.query.preset = Some("none".to_owned()), "preset"),
        (|m| m.provenance.query.choices = vec![Choice::Sample("2".to_owned(), 1)], "no part"),
        (|m| m.provenance.query.statistics.clear(), "statistic"),
        (|m| m.id_type = "float".to_owned(), "no type"),
        (|m| m.buckets = 4, "buckets"),
        (|m| m.columns[0] = None, "column"),
        (
            |m| {
                m.plan = PlanKind::Shuffle;
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
