//! Frames: when they are reused, and when not.

use tape::core::{Inputs, LightCurve, Statistic};
use tape::exec::{OnError, Partitioning, PlanChoice};
use tape::frames::{Frames, Freshness, Kept, Made};
use tape::simulate::SurveyLayout as Layout;
use tape::{Batch, Ensemble};

use crate::{Place, compute, text};

fn stetson(ensemble: &Ensemble) -> Batch {
    ensemble.batch_named(&["stetson_j"]).expect("known")
}

#[test]
fn what_was_computed_of_the_same_is_not_computed_again() {
    let place = Place::new(40, Layout::Sorted);
    let (ensemble, mut frames) = (place.ensemble(), Frames::new());
    let first = stetson(&ensemble).compute_as(&mut frames, "stetson").expect("it runs");
    assert!(matches!(first, Kept::Computed(summary) if summary.light_curves > 40));
    let read = ensemble.survey().bytes_read();
    assert_eq!(stetson(&ensemble).compute_as(&mut frames, "stetson").expect("it is there"), Kept::Reused);
    assert_eq!(stetson(&ensemble).compute_over(&mut frames, "stetson").expect("it is there"), Kept::Reused);
    // Settings of the run do not matter.
    let again = place.ensemble();
    let batch = stetson(&again).workers(3).memory(1 << 30, std::env::temp_dir());
    assert_eq!(batch.compute_as(&mut frames, "stetson").expect("it is there"), Kept::Reused);
    assert_eq!((ensemble.survey().bytes_read(), again.survey().bytes_read()), (read, 0));
    assert_eq!(frames.get("stetson").expect("it is there"), compute(&ensemble, &["stetson_j"]));
    let frame = frames.frame("stetson").expect("it is there");
    assert_eq!((frame.made(), frame.freshness(), frame.columns().len()), (Made::Computed, Freshness::UpToDate, 4));
}

#[test]
fn what_differs_in_anything_asked_for_is_another_and_not_replaced_but_on_purpose() {
    let place = Place::new(40, Layout::Sorted);
    compute(&place.ensemble(), &["mean"]);
    place
        .ensemble()
        .batch_named(&["mean"])
        .expect("known")
        .wide()
        .write(place.path("o.parquet"), tape::WriteOptions::new())
        .expect("runs");
    let plain = place.ensemble();
    let filtered = place.ensemble().filter("band <> 'u'").expect("a condition");
    let of_objects = place.ensemble().with_objects(&[text(&place.path("o.parquet"))], None).expect("a table");
    let mut frames = Frames::new();
    stetson(&plain).compute_as(&mut frames, "stetson").expect("it runs");
    let others = [
        (plain.batch_named(&["stetson_j", "mean"]).expect("known"), "statistics stetson_j, not stetson_j, mean"),
        (plain.batch_named(&["eta"]).expect("known"), "statistics stetson_j, not eta"),
        (stetson(&plain).bands(["g"]), "bands all, not g"),
        (stetson(&plain).wide(), "a table that is long, not wide"),
        (stetson(&plain).partitioning(Partitioning::Count(2)), "partitions by row group, not 2 partitions"),
        (stetson(&plain).plan(PlanChoice::Shuffle), "the plan auto, not shuffle"),
        (stetson(&plain).on_error(OnError::Skip), "the error policy stop, not skip"),
        (stetson(&filtered), "condition none, not band <> 'u'"),
        (stetson(&of_objects), "objects all, not"),
        (stetson(&of_objects).join(["n_obs_g"]), "objects all, not"),
    ];
    for (other, difference) in &others {
        let error = other.compute_as(&mut frames, "stetson").expect_err("it is another").to_string();
        assert!(error.contains("'stetson'") && error.contains(difference), "{error}, not {difference}");
        assert_eq!(frames.get("stetson").expect("it is there"), compute(&plain, &["stetson_j"]));
    }
    for (other, difference) in &others {
        let kept = other.compute_over(&mut frames, "stetson").expect("it runs");
        assert!(matches!(kept, Kept::Computed(_)), "{difference}");
        assert_eq!(frames.get("stetson").expect("it is there"), other.compute().expect("it runs"));
    }
    assert_eq!(frames.list().len(), 1);
}

#[test]
fn inputs_that_changed_make_a_frame_out_of_date() {
    let place = Place::new(40, Layout::Sorted);
    let mut frames = Frames::new();
    stetson(&place.ensemble()).compute_as(&mut frames, "stetson").expect("it runs");
    place.touch();
    let frame = frames.frame("stetson").expect("it is there");
    assert_eq!(frame.freshness(), Freshness::OutOfDate(format!("{} changed", place.file().display())));
    let ensemble = place.ensemble();
    let error = stetson(&ensemble).compute_as(&mut frames, "stetson").expect_err("it changed").to_string();
    assert!(error.contains("before they changed"), "{error}");
    assert!(matches!(stetson(&ensemble).compute_over(&mut frames, "stetson"), Ok(Kept::Computed(_))));
    assert_eq!(frames.frame("stetson").expect("it is there").freshness(), Freshness::UpToDate);
}

#[test]
fn a_statistic_of_the_program_is_never_taken_for_another_whatever_its_name() {
    let place = Place::new(20, Layout::Sorted);
    let (ensemble, mut frames) = (place.ensemble(), Frames::new());
    let own = |value: f64| Statistic::from_fn("mean", Inputs::FLUX, move |_: &LightCurve<'_>| value);
    let mean = || ensemble.batch_named(&["mean"]).expect("known");
    for value in [1.0, 2.0] {
        ensemble.batch(&[own(value)]).compute_over(&mut frames, "own").expect("it runs");
        let found = frames.get("own").expect("it is there");
        assert_eq!(found, ensemble.batch(&[own(value)]).compute().expect("it runs"));
        assert_ne!(found, mean().compute().expect("it runs"));
    }
    for other in [ensemble.batch(&[own(2.0)]), mean()] {
        let error = other.compute_as(&mut frames, "own").expect_err("a statistic of the program").to_string();
        assert!(error.contains("may be different") && error.contains("given by the program"), "{error}");
    }
    mean().compute_as(&mut frames, "mean").expect("it runs");
    ensemble.batch(&[own(1.0)]).compute_as(&mut frames, "mean").expect_err("it is another");
    assert_eq!(mean().compute_as(&mut frames, "mean").expect("it is there"), Kept::Reused);
}

#[test]
fn labels_are_names_of_files_and_mean_one_frame() {
    let place = Place::new(20, Layout::Sorted);
    let (ensemble, mut frames) = (place.ensemble(), Frames::new());
    let batch = stetson(&ensemble);
    for (label, words) in [
        ("source", "own table"),
        ("Object", "own table"),
        ("", "empty"),
        ("../x", "begins"),
        (".x", "begins"),
        ("a/b", "other characters"),
        ("größe", "other characters"),
        (&"x".repeat(101), "longer"),
    ] {
        let error = batch.compute_as(&mut frames, label).expect_err("it is no label").to_string();
        assert!(error.contains(words) && error.contains(label), "{error}");
    }
    assert_eq!((frames.list().len(), ensemble.survey().bytes_read()), (0, 0));
    let error = frames.get("any").expect_err("there is none").to_string();
    assert!(error.contains("cannot get frame 'any'") && error.contains("there are no frames"), "{error}");

    batch.compute_as(&mut frames, "stetson").expect("it runs");
    let table = frames.get("stetson").expect("it is there");
    frames.insert("own", table.clone()).expect("it is free");
    for label in ["stetson", "Stetson", "own"] {
        frames.insert(label, table.clone()).expect_err("it is taken");
    }
    let error = frames.get("stetsn").expect_err("there is none").to_string();
    assert!(error.contains("did you mean 'stetson'?") && error.contains("stetson, own"), "{error}");
    frames.drop_frame("stetson").expect("it is there");
    let dropped = |error: tape::Error| error.to_string().contains("'stetson': it was dropped");
    assert!(dropped(frames.get("stetson").expect_err("it was dropped")));
    assert!(dropped(frames.drop_frame("stetson").expect_err("it was dropped")));
    assert!(dropped(frames.join("own", "stetson", "both").expect_err("it was dropped")));
    assert_eq!(frames.list().map(|(label, _)| label).collect::<Vec<_>>(), ["own"]);
    batch.compute_as(&mut frames, "stetson").expect("it is free again");
    frames.get("stetson").expect("it is there again");
}
