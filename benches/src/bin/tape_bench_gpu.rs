//! Compares a device with the CPU and prints a table; see [`tape_benches::gpu`]. It needs no files and no network, so
//! it can be copied to another machine.
#![expect(clippy::print_stdout, reason = "the program prints a table")]

use clap::Parser;
use tape_benches::Error;
use tape_benches::gpu::{Options, measure};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Compare the speed of a device with the CPU, on generated light curves
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    options: Options,
}

fn main() -> Result<(), Error> {
    let options = Args::parse().options;
    let report = measure(&options)?;
    if options.json {
        println!("{}", report.as_json());
    } else {
        print!("{report}");
    }
    Ok(())
}
