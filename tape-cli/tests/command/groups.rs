//! Grouping by other columns: the results are those of a survey in which each group is one object.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use parquet::file::properties::WriterProperties;

use crate::support::Place;

const ROWS: usize = 3000;
const CLASSES: [&str; 3] = ["RRab", "EW", "δ Sct"];

/// Returns a pseudorandom number below `below`.
fn mixed(i: usize, salt: u64, below: usize) -> usize {
    let mixed = (i as u64 ^ salt << 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from((mixed >> 33) % below as u64).expect("it is below")
}

/// Returns the class of an object and a second property.
fn class(id: usize) -> &'static str {
    CLASSES[mixed(id, 7, 3)]
}

fn field(id: usize) -> i64 {
    i64::try_from(mixed(id, 8, 4)).expect("it is small")
}

/// A survey, the table of its objects, and the same rows with other ids and bands.
fn surveys() -> Place {
    let place = Place::new();
    let ids: Vec<usize> = (0..ROWS).map(|i| mixed(i, 1, 60)).collect();
    let floats = |salt, of: fn(usize) -> f64| -> ArrayRef {
        Arc::new((0..ROWS).map(|i| of(mixed(i, salt, 100_000))).collect::<Float64Array>())
    };
    let time = floats(2, |x| 60_000.0 + x as f64 / 128.0);
    let (flux, error) = (floats(3, |x| 20.0 + x as f64 / 1e5), floats(4, |x| 0.01 + x as f64 / 1e6));
    let band: Vec<&str> = (0..ROWS).map(|i| ["g", "r", "i"][mixed(i, 5, 3)]).collect();
    let write = |name: &str, id: ArrayRef, band: Option<ArrayRef>| {
        let mut columns = vec![("id", id), ("time", Arc::clone(&time)), ("flux", Arc::clone(&flux))];
        columns.push(("error", Arc::clone(&error)));
        columns.extend(band.map(|band| ("band", band)));
        let groups = WriterProperties::builder().set_max_row_group_row_count(Some(700)).build();
        place.parquet_with(name, columns, groups);
    };
    let bands = || Some(Arc::new(StringArray::from(band.clone())) as ArrayRef);
    let numbers = |of: fn(usize) -> i64| -> ArrayRef { Arc::new(ids.iter().map(|&id| of(id)).collect::<Int64Array>()) };
    let texts =
        |of: fn(usize) -> String| -> ArrayRef { Arc::new(ids.iter().map(|&id| Some(of(id))).collect::<StringArray>()) };
    let own = |id: usize| i64::try_from(id).expect("it is small");
    write("survey.parquet", numbers(own), bands());
    write("no_band.parquet", numbers(own), None);
    write("one.parquet", numbers(|_| 0), bands());
    write("one_no_band.parquet", numbers(|_| 0), None);
    write("of_class.parquet", texts(|id| class(id).to_owned()), bands());
    write("of_both.parquet", texts(|id| format!("{} {}", field(id), class(id))), None);
    let all: Vec<usize> = (0..60).rev().collect();
    let known = |of: fn(usize) -> i64| -> ArrayRef { Arc::new(all.iter().map(|&id| of(id)).collect::<Int64Array>()) };
    let classes: ArrayRef = Arc::new(all.iter().map(|&id| Some(class(id))).collect::<StringArray>());
    place.parquet("objects.parquet", vec![("id", known(own)), ("class", classes), ("field", known(field))]);
    place
}

/// The lines of a table, with the first `keys` columns as one.
fn lines(place: &Place, name: &str, keys: usize) -> Vec<Vec<String>> {
    let joined = |line: Vec<String>| [vec![line[..keys].join(" ")], line[keys..].to_vec()].concat();
    place.csv(name).into_iter().map(joined).collect()
}

#[test]
fn the_answer_is_that_of_a_survey_in_which_a_group_is_an_object() {
    let place = surveys();
    // How it is grouped, the columns of that beside the band, and the survey in which a group is one object.
    for (by, keys, same) in [
        ("id", 1, "no_band"),
        ("id,band", 1, "survey"),
        ("band", 0, "one"),
        ("class,band", 1, "of_class"),
        ("field,class", 2, "of_both"),
    ] {
        for (plan, stat) in [
            ("auto", "median,eta,stetson_j"),
            ("shuffle", "stetson_j,mean"),
            ("auto", "mean,standard_deviation"),
            ("fold", "mean,reduced_chi2"),
        ] {
            place.ok(&format!(
                "batch {same}.parquet --stat {stat} --plan {plan} --partitions 4 -o same.csv --overwrite"
            ));
            let wanted: Vec<_> =
                lines(&place, "same.csv", 1).into_iter().map(|line| line[usize::from(keys == 0)..].to_vec()).collect();
            for (workers, partitions) in [(1, 4), (2, 4), (5, 4), (2, 1)] {
                let words = format!("--by {by} --objects objects.parquet --stat {stat} --plan {plan}");
                place.ok(&format!(
                    "batch survey.parquet {words} --partitions {partitions} --workers {workers} -o groups.csv --overwrite"
                ));
                let ours = if keys == 0 { place.csv("groups.csv") } else { lines(&place, "groups.csv", keys) };
                assert!(!ours.is_empty() && ours.len() == wanted.len(), "{words}: {} {}", ours.len(), wanted.len());
                // Partial states of other partitions may differ in the last digit.
                if partitions == 4 || !stat.contains("mean") {
                    assert_eq!(ours, wanted, "{words}");
                }
            }
        }
    }
}

#[test]
fn groups_have_their_columns_and_no_others() {
    let place = surveys();
    let header = |words: &str| {
        place.ok(&format!("batch survey.parquet --objects objects.parquet --stat mean {words} -o out.csv --overwrite"));
        let text = String::from_utf8(place.read("out.csv")).expect("text");
        text.lines().next().map(str::to_owned).expect("a header")
    };
    assert_eq!(header("--by field,class"), "field,class,n_obs,mean");
    assert_eq!(header("--by class,band"), "class,band,n_obs,mean");
    assert_eq!(header("--by band"), "band,n_obs,mean");
    assert_eq!(header("--by id --join class"), "id,n_obs,mean,class");
    assert_eq!(header("--by class,band --wide"), "class,n_obs_g,n_obs_i,n_obs_r,mean_g,mean_i,mean_r");
    // Groups of only the selected objects.
    let few = place.command("batch survey.parquet --objects objects.parquet --by class --stat mean -o few.csv");
    let few = { few }.args(["--where-object", "class <> 'EW'"]).output().expect("it starts");
    assert!(few.status.success());
    let classes: Vec<String> = place.csv("few.csv").into_iter().map(|line| line[0].clone()).collect();
    assert_eq!(classes, ["RRab", "δ Sct"]);
    let shown = place.ok("explain survey.parquet --objects objects.parquet --by class,band");
    assert!(shown.contains("by class, band\n"), "{shown}");
}

#[test]
fn what_cannot_be_a_group_is_one_message() {
    let place = surveys();
    for (words, message) in [
        ("--by clas --objects objects.parquet", "by 'clas' (did you mean 'class'?)"),
        ("--by class", "needs an object table; available: id, band (name the table with --objects)"),
        ("--by band,band", "'band' twice"),
        ("--by id,class --objects objects.parquet", "join 'class' to the results with --join"),
        ("--by class --objects objects.parquet --join field", "cannot be appended to results of groups"),
        ("--by id --band-to-calc g", "light curves by id have epochs of all bands"),
        ("--by id --wide", "group by the band too"),
        ("--by id --stat stetson_l", "compares bands"),
    ] {
        let error = place.fails(&format!("batch survey.parquet {words} -o out.csv"));
        assert!(error.contains(message), "{words}: {error}");
    }
}

#[test]
fn a_job_of_groups_gives_what_a_run_gives() {
    let place = surveys();
    for (i, by) in ["id", "band", "class", "class,field,band"].into_iter().enumerate() {
        let words = format!("survey.parquet --objects objects.parquet --stat mean,median --by {by}");
        place.ok(&format!("batch {words} -o whole{i}.parquet"));
        let planned = place.json(&format!("plan {words} -o job{i} --json"));
        for task in 0..planned["tasks"].as_u64().expect("a number") {
            place.ok(&format!("run-task job{i} {task}"));
        }
        place.ok(&format!("gather job{i} -o gathered{i}.parquet"));
        assert!(place.read(&format!("whole{i}.parquet")) == place.read(&format!("gathered{i}.parquet")), "by {by}");
        let other =
            place.fails(&format!("batch {words},extra --resume job{i} -o no.parquet").replace(",extra", ",field"));
        assert!(other.contains("field"), "{other}");
    }
}
