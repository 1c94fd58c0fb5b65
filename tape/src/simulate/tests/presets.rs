//! Tests of surveys in the columns of presets.

use tape_core::preset;

use super::*;

fn survey(name: &str, labels: &str) -> Simulation {
    Simulation { preset: preset(name).expect("a preset"), bands: bands(labels), ..small(SurveyLayout::Sorted) }
}

/// The rows of the first file.
fn first(simulation: &Simulation) -> RecordBatch {
    let (_folder, out, _) = written(simulation);
    let file = File::open(&parts(&out)[0]).expect("a file");
    ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .expect("a reader")
        .next()
        .expect("rows")
        .expect("the rows can be read")
}

#[test]
fn values_bands_and_quality_are_as_the_preset_says() {
    let (ztf, plain) = (first(&survey("ztf_dr23", "gr")), first(&survey("tape", "gr")));
    let names: Vec<_> = ztf.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["objectid", "hmjd", "mag", "magerr", "filterid", "objra", "objdec", "catflags"]);
    let column = |table: &RecordBatch, name: &str| table[name].as_primitive::<Float64Type>().clone();
    let (flux, error) = (column(&plain, "flux"), column(&plain, "error"));
    for row in (0..ztf.num_rows()).filter(|&row| flux.value(row) > 0.0) {
        let back = 10_f64.powf((31.4 - column(&ztf, "mag").value(row)) / 2.5);
        assert!((back / flux.value(row) - 1.0).abs() < 1e-12, "row {row}");
        let relative = column(&ztf, "magerr").value(row) / 1.085_736_204_758_129_5;
        assert!((relative * flux.value(row) / error.value(row) - 1.0).abs() < 1e-12, "row {row}");
        let code = ztf["filterid"].as_primitive::<arrow::datatypes::Int8Type>().value(row);
        assert_eq!(code, if plain["band"].as_string::<i32>().value(row) == "g" { 1 } else { 2 });
    }
    assert_eq!(column(&ztf, "mag").null_count(), flux.values().iter().filter(|flux| **flux <= 0.0).count());
    let flags = ztf["catflags"].as_primitive::<arrow::datatypes::Int32Type>();
    let bad = flags.values().iter().filter(|flag| **flag != 0).count();
    assert!((1..ztf.num_rows() / 20).contains(&bad), "{bad} of {}", ztf.num_rows());
}

#[test]
fn an_object_has_one_position() {
    let table = first(&survey("rubin_dp1", "ugrizy"));
    let ids = table["diaObjectId"].as_primitive::<Int64Type>();
    let (ra, dec) = (table["ra"].as_primitive::<Float64Type>(), table["dec"].as_primitive::<Float64Type>());
    let mut places = std::collections::BTreeMap::new();
    for row in 0..table.num_rows() {
        let place = (ra.value(row), dec.value(row));
        assert!((149.1..=151.1).contains(&place.0) && (1.2..=3.2).contains(&place.1), "{place:?}");
        assert_eq!(*places.entry(ids.value(row)).or_insert(place), place);
    }
    let distinct: std::collections::BTreeSet<_> =
        places.values().map(|(ra, dec)| (ra.to_bits(), dec.to_bits())).collect();
    assert_eq!(distinct.len(), places.len());
}

#[test]
fn presets_and_bands_that_cannot_be_simulated_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |simulation: &Simulation| {
        let error = simulation.write(&folder.path().join("survey")).expect_err("a refusal").to_string();
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "{error} left something");
        error
    };
    let error = refused(&survey("gaia_dr3", "g"));
    assert!(
        error.starts_with("surveys in the columns of gaia_dr3 cannot be simulated: choose one of tape,"),
        "{error}"
    );
    assert_eq!(refused(&survey("ztf_dr23", "gy")), "the preset ztf_dr23 has no band \"y\": choose among g, r, i");
}
