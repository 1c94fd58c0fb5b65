//! Tests random surveys in every shape against their flat copies.

use proptest::prelude::*;
use tape_core::{Columns, Role};
use tape_io::Survey;

use crate::survey::{Epoch, Object, Read, all, read, read_columns, write_flat};
use crate::write::{Band, Lists, Settings, Shape, write_nested};

fn epoch() -> impl Strategy<Value = Epoch> {
    let number = || prop::option::weighted(0.9, (-50i32..50).prop_map(f64::from));
    (number(), number(), number(), prop::option::weighted(0.9, 0usize..3)).prop_map(|(time, flux, error, band)| Epoch {
        time,
        flux,
        error,
        band,
    })
}

/// Generates an object with its epochs in parts.
pub(crate) fn object() -> impl Strategy<Value = Object> {
    let part = prop::option::weighted(0.9, prop::collection::vec(epoch(), 0..20));
    let parts = prop::option::weighted(0.9, prop::collection::vec(part, 0..4));
    (prop::option::weighted(0.9, -30i64..30), parts).prop_map(|(id, parts)| Object { id, parts })
}

pub(crate) fn settings() -> impl Strategy<Value = Settings> {
    let shape = prop::sample::select(vec![
        Shape::ListColumns,
        Shape::StructOfLists,
        Shape::ListOfStructs,
        Shape::ListOfListsOfStructs,
    ]);
    let lists = prop::sample::select(vec![Lists::Usual, Lists::Large, Lists::Fixed(3), Lists::Fixed(11)]);
    let band = prop::sample::select(vec![Band::Text, Band::Dictionary, Band::Integer, Band::OfObject]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (shape, lists, band, flags, 1usize..60, 1usize..30).prop_map(
        |(shape, lists, band, (text_ids, odd_names, second_version, dictionary, compressed), group, page)| Settings {
            shape,
            lists: if shape == Shape::ListOfListsOfStructs && lists != Lists::Large { Lists::Usual } else { lists },
            band,
            text_ids,
            odd_names,
            second_version,
            dictionary,
            compressed,
            rows_of_group: group,
            rows_of_page: page,
        },
    )
}

/// Adapts objects to the settings: fixed-size lists, and one band per object.
pub(crate) fn fitting(mut objects: Vec<Object>, settings: &Settings) -> Vec<Object> {
    for object in &mut objects {
        if let Lists::Fixed(n) = settings.lists {
            let mut epochs: Vec<Epoch> = object.epochs().cloned().collect();
            epochs.resize(n, Epoch::default());
            object.parts = object.parts.is_some().then_some(vec![Some(epochs)]);
        }
        let first = object.epochs().next().and_then(|epoch| epoch.band);
        if settings.band == Band::OfObject {
            let epochs = object.parts.iter_mut().flatten().flatten().flatten();
            epochs.for_each(|epoch| epoch.band = first);
        }
    }
    objects
}

fn without(read: &Read, slots: u64) -> Read {
    Read { no_epoch: slots, ..read.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_shape_gives_the_rows_of_the_flat_copy(
        objects in prop::collection::vec(object(), 0..60),
        settings in settings(),
        cut in 0.0..1.0,
        batch in 1usize..100,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let objects = fitting(objects, &settings);
        let flat = write_flat(folder.path(), &objects, |band| settings.band_read(band));
        let flat = read(&flat, &Default::default(), 0.0, 1 << 20);
        let nested = write_nested(folder.path(), &objects, &settings);
        let ours = read(&nested, &settings.columns(), cut, batch);
        prop_assert_eq!(&ours, &without(&flat, settings.empty_slots(&objects)));

        // Reading fewer columns, or only ids, counts records by another column.
        let survey = Survey::open(&[&nested], &settings.columns()).expect("a survey");
        prop_assert_eq!(all(&survey), Columns { time: true, flux: true, error: true, band: true });
        let ids = |rows: &[String]| rows.iter().map(|row| row.split(' ').next().map(str::to_owned)).collect::<Vec<_>>();
        for columns in [Columns::default(), Columns { flux: true, ..Columns::default() }] {
            let some = read_columns(&survey, columns, cut, batch);
            prop_assert_eq!(ids(&some.rows), ids(&flat.rows));
            prop_assert_eq!((some.null_ids, some.no_epoch), (ours.null_ids, ours.no_epoch));
        }
        prop_assert_eq!(survey.column(Role::Id), Some(if settings.odd_names { "#id" } else { "id" }));
    }
}

/// Returns eight objects. The list of the third is null, and the fifth has no epochs.
pub(crate) fn eight() -> Vec<Object> {
    let epoch =
        |i: usize| Epoch { time: Some(i as f64), flux: Some((i * 7 % 13) as f64), error: Some(1.0), band: Some(i % 3) };
    let parts = |i: usize| match i {
        2 => None,
        4 => Some(vec![]),
        _ => Some(vec![Some((0..i + 2).map(epoch).collect())]),
    };
    (0..8).map(|i| Object { id: Some(i as i64), parts: parts(i) }).collect()
}

/// Checks that the comparison detects, in every shape, an epoch moved to the next object, swapped epochs, and a changed
/// value.
#[test]
fn the_comparison_detects_changes() {
    let epochs = |object: &mut Object| object.parts.as_mut().expect("there")[0].as_mut().expect("there").clone();
    let put = |object: &mut Object, epochs: Vec<Epoch>| object.parts = Some(vec![Some(epochs)]);
    let moved = |objects: &mut Vec<Object>| {
        let (mut six, mut seven) = (epochs(&mut objects[6]), epochs(&mut objects[7]));
        seven.insert(0, six.pop().expect("some"));
        put(&mut objects[6], six);
        put(&mut objects[7], seven);
    };
    let swapped = |objects: &mut Vec<Object>| {
        let mut six = epochs(&mut objects[6]);
        six.swap(2, 3);
        put(&mut objects[6], six);
    };
    let changed = |objects: &mut Vec<Object>| {
        let mut six = epochs(&mut objects[6]);
        six[1].error = Some(1.0 + f64::EPSILON);
        put(&mut objects[6], six);
    };
    let renamed = |objects: &mut Vec<Object>| objects.swap(2, 4);
    let folder = tempfile::tempdir().expect("a folder");
    let right = eight();
    for shape in [Shape::ListColumns, Shape::StructOfLists, Shape::ListOfStructs, Shape::ListOfListsOfStructs] {
        let settings = Settings { shape, rows_of_group: 3, ..Settings::default() };
        let flat = write_flat(folder.path(), &right, |band| settings.band_read(band));
        let flat = without(&read(&flat, &Default::default(), 0.0, 1 << 20), 2);
        let of =
            |objects: &[Object]| read(&write_nested(folder.path(), objects, &settings), &settings.columns(), 0.4, 5);
        assert_eq!(of(&right), flat);
        for change in [&moved as &dyn Fn(&mut Vec<Object>), &swapped, &changed] {
            let mut wrong = right.clone();
            change(&mut wrong);
            assert_ne!(of(&wrong), flat, "{shape:?}");
        }
        // Objects without epochs leave no rows, so their ids do not matter.
        let mut same = right.clone();
        renamed(&mut same);
        assert_eq!(of(&same), flat, "{shape:?}");
    }
}
