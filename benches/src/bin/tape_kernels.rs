//! Times kernels and plain loops, and prints their rates as JSON; see [`tape_benches::kernels`].
#![expect(clippy::print_stdout, reason = "the program prints the rates")]

use clap::Parser;
use serde_json::json;
use tape_benches::Error;
use tape_benches::kernels::{EPOCHS, KERNELS};

/// Time kernels and plain loops, and print their rates as JSON
#[derive(Parser)]
struct Args {
    /// Number of measurements of each
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
}

fn main() -> Result<(), Error> {
    let runs = Args::parse().runs.try_into()?;
    let mut report = vec![];
    for kernel in KERNELS {
        for epochs in EPOCHS {
            let rates = kernel.time(epochs, runs)?;
            report.push(json!({
                "statistic": kernel.statistic,
                "epochs": epochs,
                "kernel_epochs_per_s": rates.kernel,
                "scalar_epochs_per_s": rates.scalar,
            }));
        }
    }
    println!("{}", json!(report));
    Ok(())
}
