//! Saved ensembles can be opened again, and other folders are never replaced.

use std::fs;
use std::path::PathBuf;

use tape::arrow::array::AsArray;
use tape::arrow::datatypes::Int64Type;
use tape::frames::{Changed, Frames, Freshness, Kept, Saved};
use tape::simulate::SurveyLayout as Layout;
use tape::{Ensemble, Error};

use crate::{Place, compute, text};

/// An ensemble of some rows and objects, and two frames of it, saved.
fn saved(place: &Place) -> (Ensemble, Frames) {
    place
        .ensemble()
        .batch_named(&["mean"])
        .expect("known")
        .wide()
        .write(place.path("o.parquet"), tape::WriteOptions::new().overwrite(true))
        .expect("runs");
    let ensemble = place.ensemble().filter("band <> 'u'").expect("a condition");
    let ensemble = ensemble.with_objects(&[text(&place.path("o.parquet"))], None).expect("a table");
    let ensemble = ensemble.filter_objects("mean_g IS NOT NULL").expect("a condition");
    let mut frames = Frames::new();
    let named = |names: &[&str]| ensemble.batch_named(names).expect("known");
    named(&["stetson_j"]).compute_as(&mut frames, "stetson").expect("it runs");
    named(&["mean"]).wide().join(["mean_r"]).compute_as(&mut frames, "means").expect_err("two columns mean_r");
    named(&["mean"]).join(["mean_r"]).compute_as(&mut frames, "means").expect("it runs");
    frames.insert("dropped", frames.get("means").expect("it is there")).expect("it is free");
    frames.drop_frame("dropped").expect("it is there");
    ensemble.save(place.path("saved"), &frames).expect("it is written");
    (ensemble, frames)
}

/// Returns all files of a folder with their content.
fn content(folder: PathBuf) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = vec![];
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { all.push((path.clone(), fs::read(path).expect("a file"))) }
        }
    }
    all.sort();
    all
}

#[test]
fn an_ensemble_comes_back_with_its_frames() {
    let place = Place::new(40, Layout::SortedSplit);
    let (ensemble, frames) = saved(&place);
    let (again, mut kept) = Ensemble::open_saved(place.path("saved")).expect("it was saved");
    assert_eq!(compute(&again, &["eta", "mean"]), compute(&ensemble, &["eta", "mean"]));
    assert_eq!(again.survey().filter(), Some("band <> 'u'"));
    assert_eq!(kept.list().map(|(label, _)| label).collect::<Vec<_>>(), ["stetson", "means"]);
    for label in ["stetson", "means"] {
        assert_eq!(kept.get(label).expect("it is there"), frames.get(label).expect("it is there"));
        assert_eq!(kept.frame(label).expect("it is there").freshness(), Freshness::UpToDate);
    }
    let error = kept.get("dropped").expect_err("it was dropped").to_string();
    assert!(error.contains("it was dropped"), "{error}");
    let stetson = again.batch_named(&["stetson_j"]).expect("known");
    assert_eq!(stetson.compute_as(&mut kept, "stetson").expect("it is there"), Kept::Reused);
    kept.join("stetson", "means", "both").expect("they have the same ids");
    kept.drop_frame("stetson").expect("it is there");
    again.save(place.path("saved"), &kept).expect("it is replaced");
    let (_, last) = Ensemble::open_saved(place.path("saved")).expect("it was saved");
    assert_eq!(last.list().map(|(label, _)| label).collect::<Vec<_>>(), ["means", "both"]);
    assert_eq!(last.get("both").expect("it is there"), kept.get("both").expect("it is there"));
    assert_eq!(last.get("means").expect("it is there"), frames.get("means").expect("it is there"));
    let names: Vec<_> = fs::read_dir(place.path("saved/frames")).expect("a folder").flatten().collect();
    assert_eq!(names.len(), 2, "the file of what was dropped is gone: {names:?}");
    let beside: Vec<_> = fs::read_dir(place.path("")).expect("a folder").flatten().collect();
    assert_eq!(beside.len(), 3, "nothing is left beside: {beside:?}");
}

#[test]
fn an_input_that_changed_is_told_or_accepted_and_then_nothing_is_reused() {
    let place = Place::new(30, Layout::Sorted);
    saved(&place);
    place.touch();
    let error = Ensemble::open_saved(place.path("saved")).expect_err("it changed").to_string();
    assert!(error.contains(&text(&place.file())) && error.contains("changed since"), "{error}");
    let (ensemble, mut frames) = Ensemble::open_saved_with(place.path("saved"), Changed::Accept).expect("accepted");
    assert!(matches!(frames.frame("stetson").expect("it is there").freshness(), Freshness::OutOfDate(_)));
    let stetson = ensemble.batch_named(&["stetson_j"]).expect("known");
    stetson.compute_as(&mut frames, "stetson").expect_err("it is of other inputs");
    assert!(matches!(stetson.compute_over(&mut frames, "stetson"), Ok(Kept::Computed(_))));
    ensemble.save(place.path("saved"), &frames).expect("it is replaced");
    Ensemble::open_saved(place.path("saved")).expect("it is as saved");
    fs::remove_file(place.file()).expect("it is there");
    let error = Ensemble::open_saved(place.path("saved")).expect_err("it is gone").to_string();
    assert!(error.contains("no such file"), "{error}");
}

#[test]
fn what_is_no_saved_ensemble_is_left_alone() {
    let place = Place::new(20, Layout::Sorted);
    let (ensemble, frames) = saved(&place);
    fs::write(place.path("file"), "mine").expect("writes");
    fs::create_dir_all(place.path("folder")).expect("a folder");
    fs::write(place.path("folder/notes.txt"), "mine").expect("writes");
    for name in ["more", "within", "damaged"] {
        ensemble.save(place.path(name), &frames).expect("nothing is there");
    }
    fs::write(place.path("more/notes.txt"), "mine").expect("writes");
    fs::write(place.path("within/frames/notes.parquet"), "mine").expect("writes");
    fs::write(place.path("damaged/ensemble.json"), "{}").expect("writes");
    for (name, words) in [
        ("file", "is a file"),
        ("folder", "contains 'notes.txt'"),
        ("more", "contains 'notes.txt'"),
        ("within", "contains 'frames/notes.parquet'"),
        ("survey", "so it is not a saved ensemble"),
        ("damaged", "is damaged"),
        ("no/folder", "no"),
    ] {
        let before = content(place.path(""));
        let error = ensemble.save(place.path(name), &frames).expect_err("it is not ours").to_string();
        assert!(error.contains(words), "{error}");
        assert!(content(place.path("")) == before, "{name} is as it was");
    }
    fs::create_dir(place.path("empty")).expect("a folder");
    ensemble.save(place.path("empty"), &frames).expect("nothing is in it");
    Ensemble::open_saved(place.path("empty")).expect("it was saved");
}

#[test]
fn every_changed_byte_of_a_description_is_one_message() {
    let place = Place::new(20, Layout::Sorted);
    saved(&place);
    let path = place.path("saved/ensemble.json");
    let whole = fs::read(&path).expect("it is there");
    for at in 0..whole.len() {
        let mut bad = whole.clone();
        bad[at] ^= 1 << (at % 8);
        fs::write(&path, &bad).expect("writes");
        match Saved::open(place.path("saved")) {
            Err(Error::Frame(error)) => assert!(error.to_string().contains("ensemble.json: is damaged"), "{error}"),
            other => panic!("byte {at}: {other:?}"),
        }
    }
    for at in (0..whole.len()).step_by(11) {
        fs::write(&path, &whole[..at]).expect("writes");
        Saved::open(place.path("saved")).expect_err("it is cut short");
    }
    fs::write(&path, &whole).expect("writes");
    Saved::open(place.path("saved")).expect("it is whole again");
    // And of a frame.
    let frame = place.path("saved/frames/means.parquet");
    let mut bad = fs::read(&frame).expect("it is there");
    bad[100] ^= 1;
    fs::write(&frame, bad).expect("writes");
    let error = Saved::open(place.path("saved")).expect("it is whole").frames().get("means").expect_err("changed");
    assert!(error.to_string().contains("means.parquet: is damaged"), "{error}");
    let error = Saved::open(place.path("file")).expect_err("there is none").to_string();
    assert!(error.contains("no saved ensemble found"), "{error}");
}

#[test]
fn what_was_to_be_replaced_when_the_process_was_killed_comes_back() {
    let place = Place::new(20, Layout::Sorted);
    let (ensemble, frames) = saved(&place);
    let aside = place.path(".saved.replaced.tmp");
    fs::rename(place.path("saved"), &aside).expect("the first of two steps");
    assert_eq!(Saved::open(place.path("saved")).expect("it comes back").frames().list().len(), 2);
    fs::rename(place.path("saved"), &aside).expect("the first of two steps");
    ensemble.save(place.path("saved"), &frames).expect("it comes back, and is replaced");
    assert!(!aside.exists());
}

#[test]
fn choices_of_objects_and_derived_columns_come_back_and_are_told_apart() {
    let place = Place::new(40, Layout::SortedSplit);
    let open = || place.ensemble();
    let ids: Vec<_> = {
        let table = open().batch_named(&["mean"]).expect("known").wide().compute().expect("it runs");
        table.column(0).as_primitive::<Int64Type>().values().iter().step_by(3).copied().collect()
    };
    let chosen = |ids: &[i64], least| {
        let ensemble = open().assign("snr", "flux / error").and_then(|e| e.filter("snr > 3")).expect("columns");
        ensemble.of_ids(ids.iter().copied()).and_then(|e| e.sample(0.9, 4)).expect("a part").prune(least)
    };
    let (ensemble, mut frames) = (chosen(&ids, 50), Frames::new());
    let of = |ensemble: &Ensemble, frames: &mut Frames| {
        ensemble.batch_named(&["eta"]).expect("known").compute_as(frames, "eta").map_err(|error| error.to_string())
    };
    assert!(matches!(of(&ensemble, &mut frames), Ok(Kept::Computed(_))));
    ensemble.save(place.path("chosen"), &frames).expect("it is written");
    let (again, mut kept) = Ensemble::open_saved(place.path("chosen")).expect("it was saved");
    let table = compute(&again, &["mean"]);
    assert!(table.num_rows() > 5 && table == compute(&ensemble, &["mean"]));
    assert_eq!(of(&again, &mut kept), Ok(Kept::Reused));
    let other = of(&chosen(&ids[1..], 50), &mut kept).expect_err("another choice");
    assert!(other.contains("the choice of objects"), "{other}");
    let as_many = [&ids[1..], &[ids[0] + 1]].concat();
    let other = of(&chosen(&as_many, 50), &mut kept).expect_err("as many others");
    assert!(other.contains("other ids of objects"), "{other}");
    assert!(of(&chosen(&ids, 60), &mut kept).is_err(), "fewer epochs");
}

#[test]
fn what_a_function_computes_cannot_be_kept() {
    let place = Place::new(10, Layout::SortedSplit);
    let ensemble = place.ensemble().assign_with("twice", ["flux"], |[flux]| 2.0 * flux).expect("numbers");
    let error = ensemble.save(place.path("never"), &Frames::new()).expect_err("no text says it").to_string();
    assert!(error.contains("the column 'twice' cannot be saved"), "{error}");
    assert!(!place.path("never").exists());
    let mut frames = Frames::new();
    let batch = ensemble.batch_named(&["mean"]).expect("known");
    let kept = batch.compute_as(&mut frames, "mean").expect("in memory it is fine");
    assert!(matches!(kept, Kept::Computed(_)));
    let error = batch.compute_as(&mut frames, "mean").expect_err("another function may be called so").to_string();
    assert!(error.contains("its column 'twice' is computed by a function"), "{error}");
}
