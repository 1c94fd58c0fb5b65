//! All messages of the workspace in one table, which is reviewed as text.
//!
//! Where a message changes, these tests fail. Read the new text, then accept it with
//! `INSTA_UPDATE=always cargo test --workspace --test messages`.

mod analysis;
mod commands;
mod core;
mod errors;
mod exec;
mod expressions;
#[cfg(feature = "gpu")]
mod gpu;
mod io;
mod jobs_and_frames;
mod simulate;
mod sources;
#[path = "../command/support.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the other tests of the command")]
mod support;
mod table;
mod warnings;

use std::collections::BTreeSet;

use table::{Row, names, render};

/// Errors that cannot be made from outside their crate, and where their message is checked.
const ELSEWHERE: [(&str, &str); 3] = [
    ("tape_io::WrongValue", "passed on by tape_io::Error::WrongValue"),
    ("tape_io::BadRuns", "passed on by tape_io::Error::Corrupt"),
    ("tape_pool::StartError", "passed on by tape_exec::Error::Workers"),
];

fn errors() -> Vec<Row> {
    let parts = [
        io::rows(),
        expressions::rows(),
        exec::rows(),
        core::rows(),
        analysis::rows(),
        errors::rows(),
        simulate::rows(),
    ];
    parts.into_iter().flatten().chain(jobs_and_frames::rows()).collect()
}

/// Returns a line for each declared error that `rows` lacks.
fn missing_errors(rows: &[Row]) -> Vec<String> {
    let declared: BTreeSet<String> = sources::all().iter().flat_map(sources::errors).collect();
    assert!(declared.len() > 100, "the sources are read");
    let names = names(rows);
    let listed = |name: &str| names.contains(name) || ELSEWHERE.iter().any(|(elsewhere, _)| *elsewhere == name);
    declared.into_iter().filter(|name| !listed(name)).collect()
}

/// Returns a line for each place of a warning that is neither in `rows` nor known to pass warnings on.
fn missing_warnings(rows: &[Row]) -> Vec<String> {
    let places: BTreeSet<String> = sources::all().iter().flat_map(sources::warning_places).collect();
    assert!(places.len() > 8, "the sources are read");
    let names = names(rows);
    let listed =
        |place: &str| names.contains(format!("warning: {place}").as_str()) || warnings::PASS_ON.contains(&place);
    places.into_iter().filter(|place| !listed(place)).collect()
}

#[test]
fn messages_read_as_reviewed() {
    let rows: Vec<Row> = errors().into_iter().chain(warnings::rows()).chain(commands::rows()).collect();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("messages", render(rows));
    });
}

#[cfg(feature = "gpu")]
#[test]
fn messages_of_devices_read_as_reviewed() {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("messages_of_devices", render(gpu::rows()));
    });
}

#[test]
fn no_error_and_no_warning_is_missing() {
    let missing = missing_errors(&all_errors());
    assert!(missing.is_empty(), "add to the table of messages: {missing:#?}");
    let missing = missing_warnings(&warnings::rows());
    assert!(missing.is_empty(), "add to the table of messages, or to the places that pass warnings on: {missing:#?}");
}

#[test]
fn an_incomplete_table_is_noticed() {
    let without = |name: &str, rows: Vec<Row>| rows.into_iter().filter(|row| row.name != name).collect::<Vec<_>>();
    assert_eq!(missing_errors(&without("tape_io::Error::KeyTwice", all_errors())), ["tape_io::Error::KeyTwice"]);
    assert_eq!(missing_errors(&without("tape_core::NotSorted", all_errors())), ["tape_core::NotSorted"]);
    let place = "tape-exec/src/strategy/run.rs: run";
    assert_eq!(missing_warnings(&without(&format!("warning: {place}"), warnings::rows())), [place]);
}

fn all_errors() -> Vec<Row> {
    #[cfg(feature = "gpu")]
    return errors().into_iter().chain(gpu::rows()).collect();
    #[cfg(not(feature = "gpu"))]
    errors()
}

#[test]
fn each_message_of_the_command_is_provoked() {
    let text = render(commands::rows());
    let texts = sources::all().into_iter().filter(|file| file.path.starts_with("tape-cli/"));
    let texts: Vec<String> = texts.flat_map(|file| sources::own_messages(&file)).collect();
    assert!(texts.len() > 8, "{texts:?}");
    let missing: Vec<_> =
        texts.iter().filter(|part| !text.contains(*part) && !commands::ELSEWHERE.contains(&part.as_str())).collect();
    assert!(missing.is_empty(), "provoke them in commands.rs: {missing:#?}");
}
