//! Messages as the command shows them, with the flags that it adds, each provoked.

use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};

use crate::support::Place;
use crate::table::Row;

/// Texts of messages that are not provoked here, and why.
pub(crate) const ELSEWHERE: [&str; 4] = [
    // Two that only builds without the feature `gpu` have: see command/bad_input.rs.
    ": this build of tape has no GPU code; build it with --features gpu, or use --device cpu",
    "--calibrate: this build of tape has no GPU code; build it with --features gpu",
    // A survey without rows.
    "the survey has no epochs",
    // The parser of arguments asks for it first.
    "--keep needs a --label",
];

/// Commands that fail, on the files of [`place`].
const COMMANDS: [&str; 51] = [
    "batch missing.parquet",
    "batch nothing",
    "batch survey/*.csv",
    "batch text.parquet",
    "batch empty.parquet",
    "batch cut.parquet",
    "batch table.csv",
    "batch mixed",
    "batch odd.parquet",
    "batch no_error.parquet",
    "batch no_error.parquet --stat mean --wide",
    "batch no_error.parquet --stat eta --time mjd",
    "batch survey --flux fluxx",
    "batch survey --flux band",
    "batch survey --id flux",
    "batch survey --where fluxx>0",
    "batch survey --where flux",
    "batch survey --where flux>",
    "batch survey --where band>1",
    "batch survey --where abs(band)>1",
    "batch survey --where logg(flux)>1",
    "batch survey --assign flux=error",
    "batch survey --assign x",
    "batch survey --stat stetsonj",
    "batch survey --stat beyond_n_std:n=0",
    "batch survey --stat structure_function,mean",
    "batch survey --stat colour_median_g_r --band-to-calc g",
    "batch survey --step clipp",
    "batch survey --plan map --partitions 7",
    "batch survey --columns ztf_dr32",
    "batch survey --memory 3MiB --plan shuffle",
    "batch survey --spill-dir nowhere",
    "batch survey --by field",
    "batch survey --ids x",
    "batch survey --ids @missing.txt",
    "batch survey --sample 1.5",
    "batch survey --to-flux AB",
    "batch no_error.parquet --to-mag AB",
    "batch survey --cone 10,20,1deg",
    "batch survey --keep saved",
    "batch survey -o there.csv",
    "batch survey -o out.fits",
    "batch survey -o out.csv --json-events out.csv",
    "batch survey --json-events there.csv",
    "batch survey --json-events no/such/folder.jsonl",
    "batch survey --objects twice.parquet --where ra>1",
    "repartition survey survey",
    "run-task nothing 0",
    "run-task job 99",
    "gather job",
    "plan survey -o job",
];

/// Commands that fail, for light curves, frames and simulations.
const OTHER_COMMANDS: [&str; 12] = [
    "light-curve survey --id-of x",
    "light-curve survey --id-of 1",
    "frames nothing",
    "simulate x --objects 0",
    "simulate x --epochs 0",
    "simulate x --bands gg",
    "simulate x --files 0",
    "simulate x --objects 2 --files 9",
    "simulate x --row-group-rows 0",
    "simulate survey",
    "simulate nothing --overwrite",
    "simulate no/such/folder",
];

fn place() -> Place {
    let place = Place::new();
    place.ok("simulate survey --objects 40 --epochs 30 --bands gr --layout sorted-split --compression none");
    fs::write(place.path("text.parquet"), "this is no Parquet file at all").expect("written");
    fs::write(place.path("empty.parquet"), "").expect("written");
    fs::write(place.path("table.csv"), "id,flux\n1,2\n").expect("written");
    fs::write(place.path("there.csv"), "precious").expect("written");
    fs::create_dir(place.path("nothing")).expect("a folder");
    fs::write(place.path("nothing/notes.txt"), "precious").expect("written");
    let whole = place.read("survey/part-000.parquet");
    fs::write(place.path("cut.parquet"), &whole[..whole.len() / 2]).expect("written");
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 1]));
    let values: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let columns =
        |id: &ArrayRef| vec![("id", Arc::clone(id)), ("flux", Arc::clone(&values)), ("error", Arc::clone(&values))];
    place.parquet("mixed/a.parquet", columns(&ids));
    place.parquet("mixed/b.parquet", columns(&texts));
    place.parquet("no_error.parquet", vec![("id", Arc::clone(&ids)), ("flux", Arc::clone(&values))]);
    place.parquet("odd.parquet", vec![("name", Arc::clone(&ids)), ("value", Arc::clone(&values))]);
    place.parquet("twice.parquet", vec![("object_id", ids), ("ra", values)]);
    place.ok("plan survey -o job");
    place
}

pub(crate) fn rows() -> Vec<Row> {
    let place = place();
    COMMANDS.iter().chain(&OTHER_COMMANDS).map(|words| provoked(&place, words)).collect()
}

fn provoked(place: &Place, words: &str) -> Row {
    let said = place.tape(words);
    assert!(matches!(said.code, Some(1 | 2)), "tape {words} should fail: {said:?}");
    let folder = place.path("");
    let text = said.err.replace(folder.to_string_lossy().as_ref(), "[folder]/");
    // What the parser of arguments says of its usage is not ours.
    let message = text.split("\n\nUsage:").next().unwrap_or_default().split("\n\nFor more").next().unwrap_or_default();
    Row::new(format!("command: tape {words}"), without_sizes(message))
}

/// Replaces sizes in memory, which change with the layout of data structures.
fn without_sizes(text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    for i in 1..words.len() {
        if words[i].starts_with("MiB") && words[i - 1].parse::<u64>().is_ok() {
            words[i - 1] = "[size]";
        }
    }
    words.join(" ")
}
