//! `tape head`, `tape tail` and `tape light-curve` show the content of the files.

use crate::support::Place;

fn place() -> Place {
    let place = Place::new();
    for layout in ["sorted", "shuffled"] {
        place.ok(&format!(
            "simulate {layout} --objects 90 --epochs 30 --bands gr --files 3 --layout {layout} --row-group-rows 400"
        ));
    }
    place
}

#[test]
fn head_and_tail_are_the_ends_of_all_epochs() {
    let place = place();
    for survey in ["sorted", "shuffled"] {
        for more in ["", " --where flux>5000", " --sample 0.3", " --to-mag AB"] {
            place.ok(&format!("head {survey} -n 1000000 -o all.csv --overwrite{more}"));
            let all = place.csv("all.csv");
            assert!(all.len() > 200, "{survey}{more}: {}", all.len());
            for n in [0, 1, 7, 450, 1_000_000] {
                place.ok(&format!("head {survey} -n {n} -o first.csv --overwrite{more}"));
                place.ok(&format!("tail {survey} -n {n} -o last.csv --overwrite{more}"));
                let n = n.min(all.len());
                assert!(place.csv("first.csv") == all[..n], "{survey} -n {n}{more}");
                assert!(place.csv("last.csv") == all[all.len() - n..], "{survey} -n {n}{more}");
            }
        }
    }
    let shown = place.ok("head sorted -n 3");
    assert!(shown.contains("| id") && shown.contains("| mjd") && shown.lines().count() == 7, "{shown}");
}

#[test]
fn a_light_curve_is_the_epochs_of_its_object() {
    let place = place();
    place.ok("head sorted -n 1000000 -o all.csv");
    let all = place.csv("all.csv");
    let id = all[all.len() / 2][0].clone();
    let mut wanted: Vec<Vec<String>> = all.iter().filter(|line| line[0] == id).map(|line| line[1..].to_vec()).collect();
    wanted.sort();
    for survey in ["sorted", "shuffled"] {
        place.ok(&format!("light-curve {survey} --id-of {id} -o one.csv --overwrite"));
        let mut one = place.csv("one.csv");
        one.sort();
        assert_eq!(one, wanted, "{survey}");
    }
    let shown = place.ok(&format!("light-curve sorted --id-of {id}"));
    assert!(shown.contains(&format!("{id}: {} epochs, 0 skipped", wanted.len())), "{shown}");
    let drawn = |seed: u32| place.ok(&format!("light-curve sorted --seed {seed}"));
    assert_eq!(drawn(1), drawn(1));
    assert!((2..9).any(|seed| drawn(seed) != drawn(1)), "every seed draws the same");
    let error = place.fails("light-curve sorted --id-of 12345");
    assert!(error.contains("no object has the id 12345 in column id"), "{error}");
    let error = place.tape("light-curve sorted --id-of x").err;
    assert!(error.contains("the ids in id are integers"), "{error}");
}
