//! What Vulkan's validation layers say while tests run: nothing, or the tests fail. wgpu passes it on as lines of a log, and
//! asks for the layers where debug assertions are on; what its own validation finds is an error of the call.

use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};

use libtest_mimic::{Arguments, Conclusion, Trial};
use log::{Level, LevelFilter, Log, Metadata, Record};

/// Where these lines come from.
const SOURCE: &str = "wgpu_hal::vulkan";
/// What wgpu says where there are no layers.
const NO_LAYER: &str = "unable to find layer";

static SAID: Mutex<Vec<String>> = Mutex::new(vec![]);

struct Listener;

impl Log for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Warn && metadata.target().starts_with(SOURCE)
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            said().push(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

fn said() -> MutexGuard<'static, Vec<String>> {
    SAID.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs trials that `make` makes, and fails as well if the layers said anything.
pub(crate) fn run(arguments: &Arguments, make: impl FnOnce() -> Vec<Trial>) -> ExitCode {
    log::set_max_level(LevelFilter::Warn);
    let listens = log::set_logger(&Listener).is_ok() && hears();
    let trials = make();
    let conclusion: Conclusion = libtest_mimic::run(arguments, trials);
    let said = std::mem::take(&mut *said());
    let absent = said.iter().any(|line| line.contains(NO_LAYER));
    let complaints: Vec<&String> = said.iter().filter(|line| !line.contains(NO_LAYER)).collect();
    if !listens || !complaints.is_empty() {
        println!("test Vulkan's validation layers ... FAILED\n\n{complaints:#?}");
        return ExitCode::FAILURE;
    }
    let outcome = if absent { "ignored, vulkan-validationlayers is not installed" } else { "ok" };
    println!("test Vulkan's validation layers ... {outcome}");
    if conclusion.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The broken case: a line as layers have it is heard, and one of another kind or source is not.
fn hears() -> bool {
    log::log!(target: "wgpu_hal::vulkan::instance", Level::Error, "VALIDATION [VUID-broken]");
    log::log!(target: "wgpu_hal::vulkan::instance", Level::Info, "all is well");
    log::log!(target: "wgpu_core", Level::Error, "of another");
    std::mem::take(&mut *said()) == ["VALIDATION [VUID-broken]"]
}
