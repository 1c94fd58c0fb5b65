//! Shared by all fuzz targets: a memory limit, and the choice of panics that are findings.

mod seeds;

use std::alloc::System;

use cap::Cap;

/// Maximum memory for an input of a few kilobytes, bytes.
const MOST: usize = 512 << 20;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Sets up the process. Must be called once, before the first input.
pub fn begin() {
    // Instrumented code does not link without the fuzzer, so the seeds are written by a target.
    if std::env::var_os("TAPE_FUZZ_SEEDS").is_some() {
        seeds::write();
        std::process::exit(0);
    }
    // The fuzzer has already allocated its own tables.
    MEMORY.set_limit(MEMORY.allocated() + MOST).expect("a limit above the present use");
    let fatal = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // Panics of other crates' decoders are converted to errors. Our own panics are findings wherever they happen.
        let ours = panic.location().is_none_or(|place| place.file().contains("tape-"));
        if ours || !tape_io::internal::is_guarded() {
            fatal(panic);
        }
    }));
}
