//! Tests of the order of rows.

use std::collections::{HashMap, HashSet};

use super::super::layout::{cohesive, equal};
use super::*;

/// Objects that have rows in more than one of these sets.
fn cut(sets: impl Iterator<Item = HashSet<i64>>) -> usize {
    let mut seen: HashMap<i64, usize> = HashMap::new();
    sets.flatten().for_each(|id| *seen.entry(id).or_default() += 1);
    seen.values().filter(|&&sets| sets > 1).count()
}

fn ids_by_group(groups: &[Group]) -> impl Iterator<Item = HashSet<i64>> {
    groups.iter().map(|group| group.ids.iter().copied().collect())
}

fn ids_by_file(groups: &[Group], files: usize) -> impl Iterator<Item = HashSet<i64>> {
    (0..files)
        .map(|file| groups.iter().filter(|group| group.file == file).flat_map(|group| group.ids.clone()).collect())
}

#[test]
fn every_layout_file_count_and_codec_holds_the_same_rows() {
    let (_folder, out, report) = written(&small(SurveyLayout::Sorted));
    let expected = survey(&out);
    assert_eq!(report.rows, expected.len() as u64);
    assert!(expected == in_order(expected.clone()), "the sorted survey is in order of id, then time");
    let truth = truths(&out);
    for layout in SurveyLayout::ALL {
        for (files, compression) in [(1, Codec::None), (7, Codec::Snappy), (300, Codec::Zstd)] {
            let (_folder, out, _) = written(&Simulation { files, compression, ..small(layout) });
            assert_eq!(parts(&out).len(), files);
            assert!(in_order(survey(&out)) == expected, "{layout} in {files} files");
            assert!(truths(&out) == truth, "the truth about {layout} in {files} files");
        }
    }
}

#[test]
fn sorted_cuts_no_light_curve_and_says_so() {
    let (_folder, out, _) = written(&small(SurveyLayout::Sorted));
    let groups = row_groups(&out);
    assert!(groups.len() > 9);
    assert_eq!(cut(ids_by_group(&groups)), 0);
    for group in &groups {
        assert!(group.declared_sorted);
        assert!(group.ids.is_sorted() && group.ids.len() <= 1000);
        assert_eq!(group.claimed, group.ids[0]..=group.ids[group.ids.len() - 1]);
    }
    assert!(groups.windows(2).all(|pair| pair[0].claimed.end() < pair[1].claimed.start()));
    let all: usize = groups.iter().map(|group| group.ids.len()).sum();
    for file in 0..3 {
        let rows: usize = groups.iter().filter(|group| group.file == file).map(|group| group.ids.len()).sum();
        assert!(rows.abs_diff(all / 3) < 300, "files are about as large as each other");
    }
}

#[test]
fn a_light_curve_longer_than_a_row_group_has_one_to_itself() {
    let simulation = Simulation { row_group_rows: 10, objects: 20, files: 2, ..small(SurveyLayout::Sorted) };
    let (_folder, out, _) = written(&simulation);
    let groups = row_groups(&out);
    assert!(groups.iter().any(|group| group.ids.len() > 10));
    assert_eq!(cut(ids_by_group(&groups)), 0);
}

#[test]
fn sorted_split_cuts_light_curves_at_files_and_row_groups() {
    let (_folder, out, _) = written(&small(SurveyLayout::SortedSplit));
    let groups = row_groups(&out);
    assert!(groups.iter().flat_map(|group| &group.ids).is_sorted());
    assert!(groups.iter().all(|group| !group.declared_sorted));
    assert_eq!(cut(ids_by_file(&groups, 3)), 2);
    assert!(cut(ids_by_group(&groups)) > groups.len() / 2);
    let rows = |file| groups.iter().filter(|group| group.file == file).map(|group| group.ids.len()).sum::<usize>();
    assert!(rows(0) - rows(2) <= 1, "files of equal row counts");
}

#[test]
fn nightly_cuts_the_window_into_files_that_share_objects_and_are_sorted_within() {
    let (_folder, out, _) = written(&small(SurveyLayout::Nightly));
    let groups = row_groups(&out);
    for (file, path) in parts(&out).iter().enumerate() {
        let epochs = epochs(&batches(path, None));
        assert!(epochs == in_order(epochs.clone()), "file {file} is in order of id, then time");
        // A third of 3653 nights, which begin at 60000, and are not cut.
        let nights = [0, 1218, 2436, 3653];
        let (from, to) = (60_000.0 + f64::from(nights[file]), 60_000.0 + f64::from(nights[file + 1]));
        assert!(epochs.iter().all(|epoch| (from..to).contains(&epoch.mjd)), "file {file}");
        let own: Vec<&Group> = groups.iter().filter(|group| group.file == file).collect();
        assert!(own.iter().rev().skip(1).all(|group| group.ids.len() == 1000), "all row groups but the last are full");
        assert!(own.iter().all(|group| group.declared_sorted));
    }
    assert!(cut(ids_by_file(&groups, 3)) > 290, "almost every object is in several files");
}

#[test]
fn a_stretch_without_a_visit_is_a_file_without_rows() {
    let (_folder, out, report) = written(&Simulation { objects: 2, files: 3653, ..small(SurveyLayout::Nightly) });
    let rows: Vec<i64> = parts(&out).iter().map(|file| metadata(file).file_metadata().num_rows()).collect();
    assert_eq!(rows.len(), 3653, "a file for every night");
    assert_eq!(rows.iter().sum::<i64>(), i64::try_from(report.rows).expect("a few"));
    assert!(rows.contains(&0));
}

#[test]
fn how_many_files_are_open_at_once_changes_nothing() {
    let simulation = Simulation { files: 7, ..small(SurveyLayout::Nightly) };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bytes = |files| {
        let out = folder.path().join(format!("{files} at once"));
        let lots = Lots { buckets: Buckets { rows_each: 700, at_once: 1 }, files };
        simulation.write_in_lots(&out, &|_, _| ControlFlow::Continue(()), lots).expect("a survey");
        let paths = parts(&out).into_iter().chain([out.join(TRUTH)]);
        paths.map(|file| std::fs::read(file).expect("a file")).collect::<Vec<_>>()
    };
    let expected = bytes(7);
    for files in [1, 2, 5] {
        assert!(bytes(files) == expected, "{files} files at once");
    }
}

#[test]
fn shuffled_is_in_random_order_over_all_files() {
    let (_folder, out, _) = written(&small(SurveyLayout::Shuffled));
    let groups = row_groups(&out);
    assert!(groups.iter().all(|group| !group.declared_sorted && !group.ids.is_sorted()));
    for pair in groups.windows(2) {
        let (a, b) = (&pair[0].claimed, &pair[1].claimed);
        assert!(a.start() < b.end() && b.start() < a.end(), "row groups overlap");
    }
    // A row's place before and after the shuffle have nothing to do with each other.
    let ids: Vec<i64> = groups.iter().flat_map(|group| group.ids.clone()).collect();
    let mut ranked: Vec<usize> = (0..ids.len()).collect();
    ranked.sort_by_key(|&row| ids[row]);
    let centre = (ids.len() - 1) as f64 / 2.0;
    let product: f64 =
        ranked.iter().enumerate().map(|(rank, &row)| (rank as f64 - centre) * (row as f64 - centre)).sum();
    let square: f64 = (0..ids.len()).map(|row| (row as f64 - centre).powi(2)).sum();
    assert!((product / square).abs() < 4.0 / (ids.len() as f64).sqrt());
    let neighbours = ids.windows(2).filter(|pair| pair[0] == pair[1]).count() as f64;
    let truths = truths(&out);
    let expected: f64 =
        truths.iter().map(|truth| (truth.n_epochs * (truth.n_epochs - 1)) as f64).sum::<f64>() / ids.len() as f64;
    assert!((neighbours - expected).abs() < 4.0 * expected.sqrt(), "{neighbours} pairs of one object, not {expected}");
}

#[test]
fn how_many_buckets_fit_in_memory_changes_nothing() {
    let simulation = small(SurveyLayout::Shuffled);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bytes = |at_once| {
        let out = folder.path().join(format!("{at_once} at once"));
        let lots = Lots { buckets: Buckets { rows_each: 700, at_once }, files: 1 };
        simulation.write_in_lots(&out, &|_, _| ControlFlow::Continue(()), lots).expect("a survey");
        let mut files = parts(&out);
        files.push(out.join(TRUTH));
        files.iter().map(|file| std::fs::read(file).expect("a file")).collect::<Vec<_>>()
    };
    let expected = bytes(1000);
    for at_once in [1, 2, 5] {
        assert!(bytes(at_once) == expected, "{at_once} buckets at once");
    }
}

#[test]
fn row_groups_cover_every_row_once() {
    let starts: Vec<usize> = vec![0, 1, 2, 50, 51, 90, 91, 100];
    for files in 1..=7 {
        for row_group_rows in [1, 7, 40, usize::MAX] {
            for groups in [cohesive(&starts, files, row_group_rows), equal(100, files, row_group_rows)] {
                assert_eq!(
                    groups.iter().flat_map(|group| group.rows.clone()).collect::<Vec<_>>(),
                    (0..100).collect::<Vec<_>>()
                );
                assert!(groups.iter().all(|group| !group.rows.is_empty()));
                assert!(groups.is_sorted_by_key(|group| group.file));
                let used: HashSet<usize> = groups.iter().map(|group| group.file).collect();
                assert_eq!(used.len(), files, "{files} files");
            }
        }
    }
}
