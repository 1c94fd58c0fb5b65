//! Tests that derived columns, of light curves in lists and of flat rows, are read like stored columns with the same
//! values.

use proptest::prelude::*;
use tape_core::{ColumnMap, Columns, Role};
use tape_io::Survey;
use tape_io::expr::Derived;

use crate::random::{eight, fitting, object, settings};
use crate::survey::{Epoch, Object, Read, all, read_columns, write_flat};
use crate::write::{Band, Settings, Shape, write_nested};

/// A role, an expression in which a number in braces stands for a column, and the same computation in Rust.
type Case = (Role, &'static str, fn(&Object, &mut Epoch));

const CASES: [Case; 6] = [
    (Role::Flux, "{2} * 2 + 1", |_, epoch| epoch.flux = epoch.flux.map(|flux| flux * 2.0 + 1.0)),
    (Role::Flux, "coalesce({2}, {3})", |_, epoch| epoch.flux = epoch.flux.or(epoch.error)),
    (Role::Flux, "{0}", |object, epoch| epoch.flux = object.id.map(as_float)),
    (Role::Time, "{1} / 4", |_, epoch| epoch.time = epoch.time.map(|time| time / 4.0)),
    (Role::Error, "7", |_, epoch| epoch.error = Some(7.0)),
    (Role::Band, "coalesce({4}, 'g')", |_, epoch| epoch.band = epoch.band.or(Some(0))),
];

#[expect(clippy::cast_precision_loss, reason = "as the reader converts ids")]
fn as_float(id: i64) -> f64 {
    id as f64
}

fn named(template: &str, names: &[String; 5]) -> String {
    names.iter().enumerate().fold(template.to_owned(), |text, (i, name)| text.replace(&format!("{{{i}}}"), name))
}

/// Returns the objects with the derived values in place of the stored ones.
fn written(objects: &[Object], change: fn(&Object, &mut Epoch)) -> Vec<Object> {
    let changed = |object: &Object| {
        let mut new = object.clone();
        new.parts.iter_mut().flatten().flatten().flatten().for_each(|epoch| change(object, epoch));
        new
    };
    objects.iter().map(changed).collect()
}

fn open(path: &std::path::Path, columns: &ColumnMap, condition: Option<&str>) -> Survey {
    let survey = Survey::open(&[&path], columns).unwrap_or_else(|error| panic!("{error}"));
    match condition {
        Some(condition) => survey.filtered(condition).unwrap_or_else(|error| panic!("{error}")),
        None => survey,
    }
}

fn whole(survey: &Survey, (cut, batch): (f64, usize)) -> Read {
    read_columns(survey, all(survey), cut, batch)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn derived_columns_are_read_like_stored_ones(
        objects in prop::collection::vec(object(), 0..50),
        settings in settings(),
        (role, template, change) in prop::sample::select(CASES.to_vec()),
        nested in any::<bool>(),
        with_condition in any::<bool>(),
        cut in 0.0..1.0,
        batch in 1usize..100,
    ) {
        if settings.text_ids && template.contains("{0}") || settings.band == Band::Integer && role == Role::Band {
            return Ok(());
        }
        let folder = tempfile::tempdir().expect("a folder");
        let objects = fitting(objects, &settings);
        // The condition applies to the derived column.
        let condition = with_condition.then_some(match role { Role::Band => "d <> 'ŕ'", _ => "d > 5" });
        let expected = {
            let flat = written(&objects, change);
            let inside = tempfile::tempdir().expect("a folder");
            let path = write_flat(inside.path(), &flat, |band| settings.band_read(band));
            let names = settings.in_conditions(None);
            let condition = condition.map(|text| text.replacen('d', &names[role as usize], 1));
            whole(&open(&path, &ColumnMap::new(), condition.as_deref()), (0.0, 1 << 20))
        };
        let (path, names, columns) = if nested {
            let path = write_nested(folder.path(), &objects, &settings);
            (path, settings.in_conditions(Some(settings.shape)), settings.columns())
        } else {
            let path = write_flat(folder.path(), &objects, |band| settings.band_read(band));
            (path, settings.in_conditions(None), ColumnMap::new())
        };
        let columns = columns.derive("d", &named(template, &names)).with(role, "d");
        let ours = whole(&open(&path, &columns, condition), (cut, batch));
        prop_assert_eq!((&ours.rows, ours.null_ids), (&expected.rows, expected.null_ids));
    }
}

#[test]
fn the_comparison_detects_another_expression() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings { shape: Shape::StructOfLists, ..Settings::default() };
    let path = write_nested(folder.path(), &eight(), &settings);
    let names = settings.in_conditions(Some(settings.shape));
    let of = |template: &str| {
        let columns = settings.columns().derive("d", &named(template, &names)).flux("d");
        whole(&open(&path, &columns, None), (0.3, 5)).rows
    };
    assert_eq!(of("{2} * 2 + 1"), of("1 + {2} + {2}"));
    assert_ne!(of("{2} * 2 + 1"), of("{2} * 2"));
}

#[test]
fn a_function_sees_null_as_nan_and_its_panic_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::default();
    let path = write_flat(folder.path(), &eight(), |band| settings.band_read(band));
    let names = settings.in_conditions(None);
    let [_, _, flux, error, _] = names.each_ref().map(String::as_str);
    let survey = |function: fn([f64; 2]) -> f64| {
        let derived = Derived::by_function("d", [flux, error], function).expect("a name");
        let survey = open(&path, &ColumnMap::new(), None).assigned(derived).expect("numbers");
        survey.playing(Role::Flux, "d").expect("a number")
    };
    let by_function = whole(&survey(|[flux, error]| if flux.is_nan() { error } else { flux }), (0.5, 3));
    let coalesced = ColumnMap::new().derive("d", &format!("coalesce({flux}, {error})")).flux("d");
    assert_eq!(by_function, whole(&open(&path, &coalesced, None), (0.0, 100)));
    let survey = survey(|_| panic!("on purpose"));
    let mut rows = tape_core::Rows::new(tape_core::Source::id_type(&survey));
    let partition = tape_core::Partition { pieces: vec![tape_core::Piece { row_group: 0, rows: 0..1 }] };
    let mut reader = tape_core::Source::read(&survey, &partition, all(&survey)).expect("a reader");
    let message = reader.read(&mut rows, 1).expect_err("a panic in the function").to_string();
    assert!(message.contains("the function panicked"), "{message}");
}

#[test]
fn invalid_derived_columns_are_refused_with_a_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::default();
    let path = write_flat(folder.path(), &eight(), |band| settings.band_read(band));
    let names = settings.in_conditions(None);
    let survey = || open(&path, &ColumnMap::new(), None);
    let refused = |name: &str, expression: &str| {
        let derived = Derived::by_expression(name, expression).map_err(|error| error.to_string())?;
        survey().assigned(derived).map(drop).map_err(|error| error.to_string())
    };
    for (name, expression, told) in [
        (names[2].as_str(), "1", "is already called"),
        ("", "1", "it is empty"),
        ("a.b", "1", "dots and double quotes are reserved"),
        ("d", "fluxx + 1", "no column is called 'fluxx'"),
        ("d", "1 +", "not a valid SQL expression"),
        ("d", "d + 1", "no column is called 'd'"),
    ] {
        let message = refused(name, expression).expect_err(name);
        assert!(message.contains(told), "{message}");
    }
    let derived = Derived::by_expression("label", "'x'").expect("an expression");
    let survey = survey().assigned(derived).expect("text");
    let message = survey.playing(Role::Flux, "label").expect_err("text").to_string();
    assert!(message.contains("this is text, but the flux must be a number"), "{message}");
    let message = open(&path, &ColumnMap::new(), None).playing(Role::Flux, "labe").expect_err("nothing").to_string();
    assert!(message.contains("there is no derived column 'labe'"), "{message}");
    let id = ColumnMap::new().derive("d", "5").id("d");
    let message = Survey::open(&[&path], &id).expect_err("an id").to_string();
    assert!(message.contains("the id must be a column of the files"), "{message}");
}

#[test]
fn exponentially_growing_derived_columns_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::default();
    let path = write_flat(folder.path(), &eight(), |band| settings.band_read(band));
    let first = ColumnMap::new().derive("d0", "1");
    let columns = (1..40).fold(first, |map, n| map.derive(&format!("d{n}"), &format!("d{0} + d{0}", n - 1)));
    let message = Survey::open(&[&path], &columns).expect_err("too many").to_string();
    assert!(message.contains("the expression is too large"), "{message}");
}

#[test]
fn columns_of_unused_derived_columns_are_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::default();
    let path = write_flat(folder.path(), &eight(), |band| settings.band_read(band));
    let names = settings.in_conditions(None);
    let bytes = |columns: &ColumnMap, wanted: Columns| {
        let survey = open(&path, columns, None);
        let told = tape_core::Source::bytes(&survey, 0, wanted);
        read_columns(&survey, wanted, 0.0, 100);
        (told, survey.bytes_read())
    };
    let (flux, of_error) = (Columns { flux: true, ..Columns::default() }, format!("{} + {}", names[2], names[3]));
    let plain = bytes(&ColumnMap::new(), flux);
    let derived = ColumnMap::new().derive("d", &of_error);
    assert_eq!(plain, bytes(&derived, flux), "the derived column plays no role");
    assert_eq!(plain, bytes(&derived.clone().error("d"), flux), "its role is not read");
    let both = Columns { error: true, ..flux };
    assert_eq!(bytes(&ColumnMap::new(), both), bytes(&derived.flux("d"), flux), "flux and error are each read once");
    assert!(bytes(&ColumnMap::new(), both).1 > plain.1);
}
