//! Steps on light curves by flag.

use crate::jobs::surveys;

#[test]
fn what_a_step_leaves_out_is_told() {
    let place = surveys(60);
    let plain = place.json("batch sorted --stat mean -o plain.csv --json");
    let clipped = place.json("batch sorted --stat mean --step clip:sigma=2 -o clipped.csv --json");
    let sum = |name: &str| {
        let n_obs = place.csv(name).into_iter().map(|line| line[2].parse::<u64>().expect("a number"));
        n_obs.sum::<u64>()
    };
    assert_eq!(plain["rows"], clipped["rows"]);
    let by_step = sum("plain.csv") - sum("clipped.csv");
    assert!(by_step > 50, "{by_step}");
    let told = place.ok("batch sorted --stat mean --step clip:sigma=2 -o clipped.csv --overwrite");
    assert!(told.contains(&format!("{by_step} because the epoch is left out by a step on its light curve")), "{told}");
    let shown = place.ok("explain sorted --stat mean --step clip:sigma=2,clip:iterations=1");
    assert!(shown.contains("clip:sigma=2:iterations=5, clip:sigma=3:iterations=1"), "{shown}");
}

#[test]
fn a_step_that_cannot_be_is_one_message() {
    let place = surveys(10);
    for (step, message) in [
        ("clipp", "no step is called 'clipp' (did you mean 'clip'?)"),
        ("clip:sigma=-1", "the parameter 'sigma' of 'clip' is '-1', but must be a number above 0"),
        ("clip:iterations=0", "must be an integer from 1 to 1000"),
        ("clip:3", "'3' is not a parameter of 'clip': write clip:NAME=VALUE; its parameters are: sigma, iterations"),
    ] {
        let said = place.tape(&format!("batch sorted --stat mean --step {step} -o no.csv"));
        assert!(said.code == Some(2) && said.err.contains(message), "{step}: {said:?}");
    }
    let error = place.fails("batch sorted --stat mean --step clip --plan fold -o no.csv");
    assert!(error.contains("'clip:sigma=3:iterations=5' needs whole light curves"), "{error}");
}
