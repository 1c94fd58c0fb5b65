//! A device beside the CPU of the same machine: what it moves, what its kernels do, and whole plans.
//!
//! Light curves are made in memory, so that one program is all that has to be brought to another machine. Answers of plans on
//! the device are compared with those of the CPU before any time is shown.

mod plans;
mod rates;
mod table;

use clap::Args;
use tape::Device;
use tape::gpu::AdapterInfo;

use crate::Error;

pub use plans::Plan;
pub use rates::Rates;

/// What the bench is asked for.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Part of the device's name [default: the fastest]
    #[arg(long)]
    pub device: Option<String>,
    /// Light curves, of 256 epochs each, for the rates of kernels; plans have as many, or fewer where they cost more
    /// [default: 200,000; on a software adapter 400]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub light_curves: Option<u32>,
    /// How often each plan is run, after one run that is not counted
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,
    /// Prints all figures as JSON
    #[arg(long)]
    pub json: bool,
}

/// Epochs of each light curve.
pub const EPOCHS: usize = 256;

/// All that was measured.
#[derive(Clone, Debug)]
pub struct Report {
    /// The device.
    pub adapter: AdapterInfo,
    /// Threads of the CPU's plans.
    pub cores: usize,
    /// What the device moves, and its kernels.
    pub rates: Rates,
    /// Whole plans.
    pub plans: Vec<Plan>,
}

/// Measures everything.
///
/// # Errors
/// If there is no device, it fails, or an answer of it is not the CPU's.
pub fn measure(options: &Options) -> Result<Report, Error> {
    let device = Device::open(options.device.as_deref())?;
    let adapter = device.gpu().adapter().clone();
    let otherwise = if adapter.software { 400 } else { 200_000 };
    let light_curves = usize::try_from(options.light_curves.unwrap_or(otherwise))?;
    let rates = rates::measure(device.gpu(), light_curves)?;
    let plans = plans::measure(&device, light_curves, options.runs)?;
    Ok(Report { adapter, cores: std::thread::available_parallelism()?.get(), rates, plans })
}
