//! Times a device beside the CPU and prints a table: see [`tape_benches::gpu`]. It needs no files and no network, so it can be
//! copied to another machine.
#![expect(clippy::print_stdout, reason = "the table is what it prints")]

use clap::Parser;
use tape_benches::Error;
use tape_benches::gpu::{Options, measure};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Times a device beside the CPU, on light curves that it makes itself
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
