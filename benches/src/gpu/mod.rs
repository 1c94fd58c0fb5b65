//! Compares a device with the CPU of the same machine: transfer rates, kernels, and whole plans.
//!
//! Light curves are generated in memory, so that the program alone can be copied to another machine. Results of the
//! device are compared with the CPU's before any time is printed.

mod plans;
mod rates;
mod table;

use clap::Args;
use tape::Device;
use tape::gpu::AdapterInfo;

use crate::Error;

pub use plans::Plan;
pub use rates::Rates;

/// Options of the benchmark.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Part of the device's name [default: the fastest]
    #[arg(long)]
    pub device: Option<String>,
    /// Number of light curves of 256 epochs each for measuring kernels. Plans use as many, or fewer if they are
    /// expensive [default: 200,000; on a software adapter 400]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub light_curves: Option<u32>,
    /// Number of timed runs of each plan, after one warm-up run
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,
    /// Print all figures as JSON
    #[arg(long)]
    pub json: bool,
}

/// Epochs of each light curve.
pub const EPOCHS: usize = 256;

/// All measurements.
#[derive(Clone, Debug)]
pub struct Report {
    /// The device.
    pub adapter: AdapterInfo,
    /// Number of threads of the CPU's plans.
    pub cores: usize,
    /// Transfer rates, and rates of kernels.
    pub rates: Rates,
    /// Times of whole plans.
    pub plans: Vec<Plan>,
}

/// Measures everything.
///
/// # Errors
/// If there is no device, the device fails, or its results differ from the CPU's.
pub fn measure(options: &Options) -> Result<Report, Error> {
    let device = Device::open(options.device.as_deref())?;
    let adapter = device.gpu().adapter().clone();
    let otherwise = if adapter.software { 400 } else { 200_000 };
    let light_curves = usize::try_from(options.light_curves.unwrap_or(otherwise))?;
    let rates = rates::measure(device.gpu(), light_curves)?;
    let plans = plans::measure(&device, light_curves, options.runs)?;
    Ok(Report { adapter, cores: std::thread::available_parallelism()?.get(), rates, plans })
}
