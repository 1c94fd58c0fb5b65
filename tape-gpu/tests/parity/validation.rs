//! Fails the tests if Vulkan's validation layers report anything. wgpu's own validation errors are errors of the call.
//!
//! The trials run in a separate process, because layers read their settings from its environment. They log to a file
//! that they create when they are loaded. Shaders do not declare their source language, because older layers stop
//! checking at languages that they do not know.
#![expect(clippy::print_stdout, reason = "test harnesses print")]

use std::path::Path;
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Trial};

/// Set in the process of the trials.
const INSIDE: &str = "TAPE_GPU_TRIALS";
/// Folders in which Vulkan's loader looks for layers.
const LAYERS: [&str; 2] = ["/usr/share/vulkan/explicit_layer.d", "/etc/vulkan/explicit_layer.d"];

/// Runs the trials that `make` returns. Fails also if the layers report anything.
pub(crate) fn run(arguments: &Arguments, make: impl FnOnce() -> Vec<Trial>) -> ExitCode {
    if std::env::var_os(INSIDE).is_some() || arguments.list {
        return libtest_mimic::run(arguments, make()).exit_code();
    }
    match watched() {
        Ok(code) => code,
        Err(error) => {
            println!("test Vulkan's validation layers ... FAILED\n\n{error}");
            ExitCode::FAILURE
        }
    }
}

fn watched() -> Result<ExitCode, Box<dyn std::error::Error>> {
    if complaints("\nERROR: it is wrong\n") != ["ERROR: it is wrong"] || !complaints("\n  \n").is_empty() {
        return Err("messages of layers are not detected".into());
    }
    let folder = tempfile::tempdir()?;
    let (settings, said) = (folder.path().join("vk_layer_settings.txt"), folder.path().join("said"));
    let text = format!(
        "khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG\n\
         khronos_validation.report_flags = error,warn\n\
         khronos_validation.log_filename = {}\n",
        said.display()
    );
    std::fs::write(&settings, text)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(std::env::args_os().skip(1)).env(INSIDE, "1");
    command.env("VK_LAYER_SETTINGS_PATH", folder.path()).env("WGPU_VALIDATION", "1").env("WGPU_DEBUG", "0");
    let status = command.status()?;
    let installed = LAYERS.iter().any(|folder| Path::new(folder).join("VkLayer_khronos_validation.json").is_file());
    let outcome = match std::fs::read_to_string(&said) {
        Ok(text) if complaints(&text).is_empty() => "ok",
        Ok(text) => return Err(text.into()),
        Err(error) if installed => return Err(format!("they are installed but were not loaded: {error}").into()),
        Err(_) => "ignored, vulkan-validationlayers is not installed",
    };
    println!("test Vulkan's validation layers ... {outcome}");
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the lines that are not blank.
fn complaints(said: &str) -> Vec<&str> {
    said.lines().filter(|line| !line.trim().is_empty()).collect()
}
