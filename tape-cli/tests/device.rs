//! The command on a device: its output, calibration and refusals.

#[path = "../../tape-gpu/tests/parity/validation.rs"]
mod validation;

use std::path::Path;
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use tape::simulate::Simulation;

type Test = fn(&Path) -> Result<(), Failed>;

const ALL: &[(&str, Test)] = &[
    ("the_command_says_what_the_device_did", the_command),
    ("what_was_measured_is_kept_and_explained", calibration),
    ("an_unknown_device_is_an_error_that_lists_what_there_is", an_unknown_device),
];

fn main() -> std::process::ExitCode {
    validation::run(&Arguments::from_args(), all)
}

fn all() -> Vec<Trial> {
    let required = std::env::var_os("TAPE_REQUIRE_GPU").is_some_and(|value| value == "1");
    let ignored = tape::gpu::adapters().is_empty() && !required;
    let trial = |&(name, test): &(&'static str, Test)| {
        let name = if ignored { format!("{name}: no Vulkan, Metal or DX12 adapter") } else { name.to_owned() };
        Trial::test(name, move || in_a_folder(test)).with_ignored_flag(ignored)
    };
    ALL.iter().map(trial).collect()
}

/// Runs a test in a folder that has a survey.
fn in_a_folder(test: Test) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    Simulation { objects: 60, files: 2, ..Default::default() }.write(&folder.path().join("survey"))?;
    test(folder.path())
}

fn tape(folder: &Path, words: &[&str]) -> Result<(bool, String), Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_tape")).current_dir(folder).args(words).output()?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

fn the_command(folder: &Path) -> Result<(), Failed> {
    let words = ["batch", "survey", "--stat", "stetson_j", "--device", "gpu", "-o", "out.parquet"];
    let (done, said) = tape(folder, &words)?;
    let (listed, devices) = tape(folder, &["devices"])?;
    let name = tape::gpu::adapters().swap_remove(0).name;
    let words = ["batch", "survey", "--stat", "mean", "--device", "gpu", "--json"];
    let (_, as_json) = tape(folder, &words)?;
    let reported = as_json.contains(&format!(r#""name":"{name}""#)) && !as_json.contains(r#""values_by_device":0"#);
    if done && listed && devices.contains(&name) && said.contains(&format!("by {name}, ")) && reported {
        return Ok(());
    }
    Err(format!("{devices}\n{said}\n{as_json}").into())
}

/// Software adapters are measured like any device, but never chosen.
fn calibration(folder: &Path) -> Result<(), Failed> {
    let cache = folder.join("cache");
    let run = |words: &[&str]| -> Result<String, Failed> {
        let command = &mut Command::new(env!("CARGO_BIN_EXE_tape"));
        let output = command.current_dir(folder).env("TAPE_CACHE_DIR", &cache).args(words).output()?;
        Ok(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let explain = ["explain", "survey", "--stat", "stetson_j,lomb_scargle"];
    let before = run(&explain)?;
    let measured = run(&["devices", "--calibrate"])?;
    let after = run(&explain)?;
    let alone = run(&["explain", "survey", "--stat", "eta"])?;
    std::fs::write(cache.join("calibration.json"), "[{}]")?;
    let damaged = run(&["batch", "survey", "--json", "--stat", "mean"])?;
    let software = tape::gpu::adapters().iter().all(|adapter| adapter.software);
    let right = before.contains("the CPU: no device is calibrated")
        && ["stetson_j", "moments", "lomb_scargle", "squared_changes"].iter().all(|name| measured.contains(name))
        && after.contains(" MB up, ")
        && after.contains(" s of the CPU")
        && (!software || after.contains("the CPU: ") && after.contains("which is software"))
        && alone.contains("none of these statistics has a kernel")
        && damaged.contains(r#""device":null"#);
    if right { Ok(()) } else { Err(format!("{before}\n{measured}\n{after}\n{alone}\n{damaged}").into()) }
}

fn an_unknown_device(folder: &Path) -> Result<(), Failed> {
    let (done, said) = tape(folder, &["explain", "survey", "--device", "no such thing"])?;
    let name = tape::gpu::adapters().swap_remove(0).name;
    if !done && said.contains("no device matches 'no such thing'; available devices: ") && said.contains(&name) {
        return Ok(());
    }
    Err(said.into())
}
