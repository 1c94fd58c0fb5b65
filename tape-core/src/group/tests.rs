use super::*;
use crate::bands::Bands;
use crate::id::{IdRef, IdType};

fn rows(data: &[(i64, u8, f64, f64)]) -> Rows {
    let mut rows = Rows::new(IdType::Int64);
    for &(id, band, flux, error) in data {
        rows.ids.push(IdRef::Int(id)).expect("an integer");
        rows.band.push(band);
        rows.flux.push(flux);
        rows.error.push(error);
        rows.time.push(-flux);
    }
    rows
}

fn bands() -> Bands {
    let bands = Bands::default();
    for label in ["r", "g"] {
        bands.code(label).expect("two bands fit");
    }
    bands
}

fn groups(chunk: &Chunk) -> Vec<(IdRef<'_>, u8, &[f64])> {
    let group = |s: &Segment| (chunk.ids.get(s.object), s.band, &chunk.flux[s.rows.clone()]);
    chunk.segments.iter().map(group).collect()
}

#[test]
fn segments_follow_id_then_band_and_bad_epochs_are_counted() {
    let rows = rows(&[
        (7, 0, 1.0, 0.1),
        (7, 1, 2.0, 0.1),
        (7, 0, 3.0, 0.0),
        (7, NO_BAND, 3.5, 0.1),
        (9, 1, f64::NAN, 0.1),
        (9, 0, 4.0, f64::INFINITY),
        (9, 0, 5.0, 0.1),
    ]);
    let grouping = Grouping::new(&bands(), None, Inputs::FLUX_ERROR);
    let (mut chunk, mut left_out) = (Chunk::new(IdType::Int64), LeftOut::default());
    let mut grouper = Grouper::default();
    grouper.by_runs(&rows, 0..rows.len(), &grouping, &mut chunk, &mut left_out).expect("sorted");
    let seven = IdRef::Int(7);
    let nine = IdRef::Int(9);
    let expected: Vec<(IdRef<'_>, u8, &[f64])> =
        vec![(seven, 1, &[2.0]), (seven, 0, &[1.0]), (nine, 1, &[]), (nine, 0, &[5.0])];
    assert_eq!(groups(&chunk), expected);
    let counts = LeftOut { null_band: 1, bad_flux: 1, bad_error: 1, nonpositive_error: 1, ..LeftOut::default() };
    assert_eq!(left_out, counts);
}

#[test]
fn hashing_shuffled_rows_equals_runs_of_sorted_rows() {
    let sorted = rows(&[(1, 0, 1.0, 1.0), (1, 1, 2.0, 1.0), (2, 0, 3.0, 1.0), (5, 1, 4.0, 1.0)]);
    let shuffled = rows(&[(5, 1, 4.0, 1.0), (2, 0, 3.0, 1.0), (1, 1, 2.0, 1.0), (1, 0, 1.0, 1.0)]);
    let grouping = Grouping::new(&bands(), None, Inputs::ALL);
    let mut grouper = Grouper::default();
    let mut left_out = LeftOut::default();
    let (mut a, mut b) = (Chunk::new(IdType::Int64), Chunk::new(IdType::Int64));
    grouper.by_runs(&sorted, 0..4, &grouping, &mut a, &mut left_out).expect("sorted");
    grouper.by_hash(&[Part::of(&shuffled, 0..1), Part::of(&shuffled, 1..4)], &grouping, &mut b, &mut left_out);
    assert_eq!(a, b);
    assert_eq!(grouper.by_runs(&shuffled, 0..4, &grouping, &mut a, &mut left_out), Err(NotSorted));
}

#[test]
fn repeated_times_are_ordered_by_flux_then_error() {
    let mut rows = rows(&[(1, 0, 3.0, 0.2), (1, 0, 1.0, 0.3), (1, 0, 1.0, 0.1)]);
    rows.time = vec![5.0, 5.0, 5.0];
    let grouping = Grouping::new(&bands(), Some(&["r".to_owned()]), Inputs::ALL);
    let (mut chunk, mut left_out) = (Chunk::new(IdType::Int64), LeftOut::default());
    Grouper::default().by_hash(&[Part::of(&rows, 0..3)], &grouping, &mut chunk, &mut left_out);
    assert_eq!(chunk.flux, [1.0, 1.0, 3.0]);
    assert_eq!(chunk.error, [0.1, 0.3, 0.2]);
}

#[test]
fn refilling_a_chunk_clears_its_shared_values() {
    let rows = rows(&[(1, 0, 1.0, 0.1), (2, 0, 2.0, 0.1)]);
    let grouping = Grouping::new(&bands(), None, Inputs::FLUX);
    let (mut chunk, mut left_out, mut grouper) = (Chunk::new(IdType::Int64), LeftOut::default(), Grouper::default());
    chunk.kept.set(std::sync::Arc::new(1_u8));
    assert!(chunk.kept.get::<u8>().is_some());
    grouper.by_runs(&rows, 0..2, &grouping, &mut chunk, &mut left_out).expect("sorted");
    assert!(chunk.kept.get::<u8>().is_none());
    chunk.kept.set(std::sync::Arc::new(2_u8));
    grouper.by_hash(&[Part::of(&rows, 0..2)], &grouping, &mut chunk, &mut left_out);
    assert!(chunk.kept.get::<u8>().is_none());
}
