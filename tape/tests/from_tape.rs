//! The Rust of `docs/from-tape.md`: each block of the page stands here, between two marks, and runs.

#![expect(clippy::print_stdout, reason = "the page shows what can be printed")]

use std::collections::BTreeSet;
use std::path::Path;

use tape::frames::Frames;
use tape::prelude::*;
use tape::simulate::Simulation;

type Done = Result<(), Box<dyn std::error::Error>>;

/// A survey in a temporary folder.
fn survey(folder: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let out = folder.join("survey");
    Simulation { objects: 60, files: 3, ..Simulation::default() }.write(&out)?;
    Ok(out.to_string_lossy().into_owned())
}

#[test]
fn open_and_look() -> Done {
    let folder = tempfile::tempdir()?;
    let survey = survey(folder.path())?;
    // > open
    let ensemble = Ensemble::open(&survey)?;
    let named = ColumnMap::new().id("id").time("mjd").flux("flux").error("error").band("band");
    let same = Ensemble::open_with(&[&survey], &named)?;
    println!("{:?}\n{:?} {:?}", same.head(5)?, same.columns(), ensemble.layout().cohesion);
    // <
    assert_eq!(same.head(5)?, ensemble.head(5)?);
    // > light curve
    let (id, series) = ensemble.random_light_curve(1)?.ok_or("the survey is empty")?;
    let again = ensemble.time_series(id)?.ok_or("it is there")?;
    let stetson_j = again.compute("stetson_j")?;
    // <
    assert_eq!((series.len(), stetson_j), (again.len(), series.compute("stetson_j")?));
    Ok(())
}

#[test]
fn select_and_derive() -> Done {
    let folder = tempfile::tempdir()?;
    let survey = survey(folder.path())?;
    let ensemble = || Ensemble::open(&survey);
    // > select
    let bright = ensemble()?.filter("flux > 1000 AND band IN ('g', 'r')")?;
    let complete = ensemble()?.drop_nulls(&["flux", "error"])?;
    let long = ensemble()?.prune(50);
    let tenth = ensemble()?.sample(0.1, 42)?;
    let two = ensemble()?.of_ids([1152921506188208904_i64, 1152921512827510857])?;
    // <
    for (ensemble, fewer) in [(&bright, true), (&complete, false), (&long, true), (&tenth, true), (&two, true)] {
        let all = Ensemble::open(&survey)?.batch_named(&["mean"])?.compute()?.num_rows();
        assert_eq!(ensemble.batch_named(&["mean"])?.compute()?.num_rows() < all, fewer);
    }
    // > magnitudes
    let magnitudes = ensemble()?.to_magnitudes(31.4)?;
    let by_column = ensemble()?.assign("zp", "31.4 + 0.0 * mjd")?.to_magnitudes_by("zp")?;
    // <
    let [one, other] =
        [&magnitudes, &by_column].map(|ensemble| ensemble.batch_named(&["observation_count"])?.compute());
    assert_eq!(one?, other?);
    // > bins
    let night = ensemble()?.day_gap()?.unwrap_or(0.0);
    let nightly = magnitudes.batch_named(&[format!("binned_light_curve:window=1:offset={night}")])?.compute()?;
    // <
    assert!(nightly.num_rows() > 1000, "{}", nightly.num_rows());
    Ok(())
}

#[test]
fn assign() -> Done {
    let folder = tempfile::tempdir()?;
    let survey = survey(folder.path())?;
    let ensemble = || Ensemble::open(&survey);
    // > assign
    use tape::core::Role;

    let with_snr = ensemble()?.assign("snr", "flux / error")?.filter("snr > 30")?;
    let corrected =
        ensemble()?.assign_with("corrected", ["flux"], |[flux]| flux * 1.02)?.with_column(Role::Flux, "corrected")?;
    let means = corrected.batch_named(&["mean"])?.compute()?;
    // <
    let plain = ensemble()?.batch_named(&["mean"])?.compute()?;
    assert!(means.num_rows() == plain.num_rows() && means != plain);
    assert_ne!(with_snr.batch_named(&["mean"])?.compute()?, plain);
    Ok(())
}

#[test]
fn batches() -> Done {
    let folder = tempfile::tempdir()?;
    let survey = survey(folder.path())?;
    let ensemble = Ensemble::open(&survey)?;
    // > batch
    let table = ensemble.batch_named(&["stetson_j", "mean"])?.wide().compute()?;
    let of_objects = ensemble.batch_named(&["stetson_j"])?.by(&["id"])?.compute()?;
    let of_bands = ensemble.batch_named(&["median"])?.by(&["band"])?.compute()?;
    // <
    assert_eq!((table.num_rows(), of_objects.num_rows(), of_bands.num_rows()), (60, 60, 6));
    // > your own
    let range = Statistic::from_fn("range", Inputs::FLUX, |light_curve: &LightCurve<'_>| {
        let (low, high) = light_curve.flux().iter().fold((f64::MAX, f64::MIN), |(a, b), &x| (a.min(x), b.max(x)));
        high - low
    });
    let ranges = ensemble.batch(&[range]).bands(["r"]).compute()?;
    // <
    assert_eq!(ranges.schema().field(3).name(), "range");
    // > structure function
    let bins = ensemble.batch_named(&["structure_function:method=schmidt_2010"])?.compute()?;
    // <
    assert!(bins.num_rows() > 60);
    Ok(())
}

#[test]
fn the_seed_of_it_all() -> Done {
    let folder = tempfile::tempdir()?;
    let survey = survey(folder.path())?;
    // > seed
    let ensemble = Ensemble::open(&survey)?;
    let batch = ensemble.batch_named(&["stetson_j"])?;
    let whole = batch.compute()?;
    let cut = batch.clone().partitioning(Partitioning::Bytes(5000));
    println!("{}", cut.explain()?);
    assert_eq!(cut.compute()?, whole);
    // <
    // > unchecked
    let pieces = cut.plan(PlanChoice::MapUnchecked).compute()?;
    assert!(pieces.num_rows() > whole.num_rows());
    // <
    Ok(())
}

#[test]
fn keep_and_workers() -> Done {
    let folder = tempfile::tempdir()?;
    let survey = survey(folder.path())?;
    let ensemble = Ensemble::open(&survey)?;
    let saved = folder.path().join("saved");
    // > keep
    let mut frames = Frames::new();
    ensemble.batch_named(&["stetson_j"])?.compute_as(&mut frames, "stetson")?;
    ensemble.save(&saved, &frames)?;
    let (again, kept) = Ensemble::open_saved(&saved)?;
    // <
    assert_eq!((kept.list().count(), again.survey().paths().len()), (1, 3));
    // > workers
    let workers = Workers::local(2, 1)?;
    println!("{}", workers.client_info());
    let table = ensemble.batch_named(&["mean"])?.on(&workers).compute()?;
    // <
    assert_eq!(table, ensemble.batch_named(&["mean"])?.compute()?);
    Ok(())
}

/// Returns the blocks between marks, without indentation.
fn blocks_here() -> BTreeSet<String> {
    let (mut blocks, mut block) = (BTreeSet::new(), None::<Vec<&str>>);
    for line in include_str!("from_tape.rs").lines() {
        let line = line.strip_prefix("    ").unwrap_or(line);
        match &mut block {
            None if line.starts_with("// > ") => block = Some(vec![]),
            Some(lines) if line == "// <" => {
                blocks.insert(lines.join("\n"));
                block = None;
            }
            Some(lines) => lines.push(line),
            None => {}
        }
    }
    blocks
}

#[test]
fn the_page_has_these_blocks_and_no_others() {
    let page = include_str!("../../docs/from-tape.md");
    let documented: BTreeSet<String> =
        page.split("```rust\n").skip(1).map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned()).collect();
    assert_eq!(documented, blocks_here());
    assert!(documented.len() > 8, "{}", documented.len());
}
