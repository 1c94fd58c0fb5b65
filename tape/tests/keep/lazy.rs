//! Nothing runs before it is requested.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tape::core::{Event, Inputs, LightCurve, Observer, Statistic};
use tape::frames::{Frames, Saved};
use tape::simulate::SurveyLayout as Layout;
use tape::{Ensemble, Workers};

use crate::{Place, text};

/// Counts what it is told.
#[derive(Default)]
struct Counted(AtomicU64);

impl Observer for Counted {
    fn event(&self, _: Event) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A statistic that counts the light curves that it is called with, which are those of started tasks.
fn counting() -> (Statistic, Arc<AtomicU64>) {
    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let statistic = Statistic::from_fn("asked", Inputs::FLUX, move |_: &LightCurve<'_>| {
        count.fetch_add(1, Ordering::Relaxed);
        1.0
    });
    (statistic, asked)
}

#[test]
fn opening_filtering_planning_and_listing_read_no_row_and_start_no_task() {
    let place = Place::new(60, Layout::SortedSplit);
    place
        .ensemble()
        .batch_named(&["mean"])
        .expect("known")
        .wide()
        .write(place.path("o.parquet"), tape::WriteOptions::new())
        .expect("runs");
    let ensemble = place.ensemble().filter("flux > 0").expect("a condition");
    let ensemble = ensemble.with_objects(&[text(&place.path("o.parquet"))], None).expect("a table");
    let ensemble = ensemble.filter_objects("mean_g > 0").expect("a condition");
    let ((statistic, asked), told) = (counting(), Counted::default());
    let workers = Workers::local(2, 1).expect("threads");
    let batch = ensemble.batch(&[statistic]).bands(["g"]).join(["mean_g"]).on(&workers);
    batch.plan_with(&told).expect("a plan");
    batch.explain().expect("a plan");
    let all = || [ensemble.survey().bytes_read(), asked.load(Ordering::Relaxed), told.0.load(Ordering::Relaxed)];
    assert_eq!(all(), [0, 0, 0]);
    // An invalid label is an error before anything runs.
    batch.compute_as(&mut Frames::new(), "source").expect_err("it is reserved");
    assert_eq!(all(), [0, 0, 0]);
    batch.run(&batch.explain().expect("a plan"), &told).expect("it runs");
    assert!(all().into_iter().all(|n| n > 0), "what counts does count: {:?}", all());
}

#[test]
fn opening_and_listing_what_was_saved_reads_neither_the_survey_nor_a_frame() {
    let place = Place::new(30, Layout::Sorted);
    let (ensemble, mut frames) = (place.ensemble(), Frames::new());
    ensemble.batch_named(&["mean"]).expect("known").compute_as(&mut frames, "means").expect("it runs");
    ensemble.save(place.path("saved"), &frames).expect("it is written");
    // What is not there cannot have been read.
    std::fs::remove_file(place.path("saved/frames/means.parquet")).expect("it is there");
    let (ensemble, mut frames) = Ensemble::open_saved(place.path("saved")).expect("it is there");
    let listed: Vec<_> = frames.list().map(|(label, frame)| (label.to_owned(), frame.columns().len())).collect();
    assert_eq!(listed, [("means".to_owned(), 4)]);
    let batch = ensemble.batch_named(&["mean"]).expect("known");
    batch.compute_as(&mut frames, "means").expect("it is there, as far as was asked");
    assert_eq!(ensemble.survey().bytes_read(), 0);
    let error = frames.get("means").expect_err("its file is gone").to_string();
    assert!(error.contains("means.parquet"), "{error}");
    std::fs::remove_dir_all(place.path("survey")).expect("it is there");
    assert_eq!(Saved::open(place.path("saved")).expect("it is there").frames().list().len(), 1);
}
