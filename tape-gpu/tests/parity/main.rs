//! Compares every kernel, on every path of every device, with the CPU.

mod accidents;
mod broken;
mod compare;
mod pairs;
mod segments;
mod spectra;
mod validation;

use libtest_mimic::{Arguments, Failed, Trial};
use tape_core::{Precision, Statistic};
use tape_gpu::{AdapterInfo, Choice, Gpu, Tier, adapters};

fn main() -> std::process::ExitCode {
    validation::run(&Arguments::from_args(), all)
}

fn all() -> Vec<Trial> {
    let mut trials = vec![];
    match adapters().into_iter().next() {
        None => trials.push(without_adapter()),
        Some(adapter) => {
            for tier in Tier::all(&adapter) {
                trials.extend(of_tier(&adapter, tier));
            }
            trials.extend(accidents::trials());
            trials.extend(spectra::trials());
            trials.extend(pairs::trials());
        }
    }
    trials
}

/// Fails if a GPU is required, and is otherwise ignored with the reason in its name.
fn without_adapter() -> Trial {
    let required = std::env::var_os("TAPE_REQUIRE_GPU").is_some_and(|value| value == "1");
    let name = "all kernels: no Vulkan, Metal or DX12 adapter; mesa-vulkan-drivers has a software one";
    Trial::test(name, || Err(Failed::from("TAPE_REQUIRE_GPU is set, but there is no adapter")))
        .with_ignored_flag(!required)
}

fn of_tier(adapter: &AdapterInfo, tier: Tier) -> Vec<Trial> {
    let path = format!("{}, {:?}", if tier.subgroups { "subgroups" } else { "workgroups" }, tier.precision);
    let mut trials = vec![];
    let single = tier.precision == Precision::Single;
    let has_kernel = |of: &&Statistic| of.kernel().is_some_and(|kernel| single || kernel.double);
    for statistic in tape_analysis::registry().iter().filter(has_kernel) {
        let name = format!("{} by {path} on {}", statistic.info().name, adapter.name);
        let choice = Choice::Named(adapter.name.clone());
        trials.push(Trial::test(name, move || parity(&choice, tier, statistic)));
    }
    trials
}

fn parity(choice: &Choice, tier: Tier, statistic: &Statistic) -> Result<(), Failed> {
    let gpu = Gpu::open_with(choice, |_| tier)?;
    compare::compare(&gpu, statistic, &segments::awkward(gpu.kernel_of(statistic)))?;
    Ok(())
}
