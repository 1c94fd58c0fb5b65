//! Tests that a condition keeps the same epochs of light curves in lists as of flat rows.

use proptest::prelude::*;
use tape_core::ColumnMap;
use tape_io::Survey;

use crate::random::{eight, fitting, object, settings};
use crate::survey::{Read, all, read_columns, write_flat};
use crate::write::{Band, Settings, Shape, write_nested};

/// Conditions. A number in braces stands for a column: id, time, flux, error or band.
const CONDITIONS: [&str; 12] = [
    "{2} > C",
    "{1} <= C AND {3} IS NOT NULL",
    "{2} IS NULL OR {3} > C",
    "NOT ({1} < {2})",
    "{2} BETWEEN C AND 20",
    "{0} > C",
    "{0} % 3 = 1 AND {2} < C",
    "{0} IS NULL OR {1} + {2} > C",
    "{4} = 'g'",
    "{4} IN ('g', 'i band') AND {2} > C",
    "{4} IS NULL OR {0} < C",
    "coalesce({2}, {3}) > C OR TRUE",
];

fn condition(template: &str, constant: i32, names: &[String; 5]) -> String {
    let named =
        names.iter().enumerate().fold(template.to_owned(), |text, (i, name)| text.replace(&format!("{{{i}}}"), name));
    named.replace('C', &constant.to_string())
}

fn filtered(path: &std::path::Path, columns: &ColumnMap, condition: &str, (cut, batch): (f64, usize)) -> Read {
    let survey = Survey::open(&[&path], columns).expect("a survey");
    let survey = survey.filtered(condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
    read_columns(&survey, all(&survey), cut, batch)
}

/// Returns true if the condition has the same meaning for flat rows, whose ids are integers and whose bands are text.
fn is_alike(template: &str, settings: &Settings) -> bool {
    !(settings.text_ids && template.contains("{0}") || settings.band == Band::Integer && template.contains("{4}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn conditions_keep_the_same_epochs_as_in_flat_rows(
        objects in prop::collection::vec(object(), 0..50),
        settings in settings(),
        template in prop::sample::select(CONDITIONS.to_vec()),
        constant in -40..40_i32,
        cut in 0.0..1.0,
        batch in 1usize..100,
    ) {
        if !is_alike(template, &settings) {
            return Ok(());
        }
        let folder = tempfile::tempdir().expect("a folder");
        let objects = fitting(objects, &settings);
        let flat = write_flat(folder.path(), &objects, |band| settings.band_read(band));
        let flat = filtered(&flat, &ColumnMap::new(), &condition(template, constant, &settings.in_conditions(None)), (0.0, 1 << 20));
        let nested = write_nested(folder.path(), &objects, &settings);
        let names = settings.in_conditions(Some(settings.shape));
        let ours = filtered(&nested, &settings.columns(), &condition(template, constant, &names), (cut, batch));
        prop_assert_eq!((&ours.rows, ours.null_ids), (&flat.rows, flat.null_ids));
    }
}

#[test]
fn the_comparison_detects_other_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    for shape in [Shape::ListColumns, Shape::StructOfLists, Shape::ListOfStructs, Shape::ListOfListsOfStructs] {
        let settings = Settings { shape, rows_of_group: 3, ..Settings::default() };
        let flat = write_flat(folder.path(), &eight(), |band| settings.band_read(band));
        let nested = write_nested(folder.path(), &eight(), &settings);
        let names = settings.in_conditions(Some(shape));
        let ours = |text: &str| filtered(&nested, &settings.columns(), &condition(text, 5, &names), (0.4, 4)).rows;
        let theirs = |text: &str| {
            filtered(&flat, &ColumnMap::new(), &condition(text, 5, &settings.in_conditions(None)), (0.0, 64)).rows
        };
        assert_eq!(ours("{2} > C"), theirs("{2} > C"));
        assert!(!ours("{2} > C").is_empty() && ours("{2} > C") != theirs("{2} > 3"));
        assert_ne!(ours("{0} > C"), theirs("{0} >= C"));
    }
}

#[test]
fn invalid_conditions_are_refused_with_a_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings { shape: Shape::StructOfLists, ..Settings::default() };
    let nested = write_nested(folder.path(), &eight(), &settings);
    let refused = |condition: &str| {
        let survey = Survey::open(&[&nested], &ColumnMap::new()).expect("a survey");
        survey.filtered(condition).expect_err("an invalid condition").to_string()
    };
    assert!(
        refused("lightcurve.mga > 1").contains("no column is called 'lightcurve.mga' (did you mean 'lightcurve.mag'?)")
    );
    assert!(refused("lightcurve.mag > 'x'").contains("cannot be compared"));
    assert!(refused("lightcurve.mag").contains("not a condition"));
}
