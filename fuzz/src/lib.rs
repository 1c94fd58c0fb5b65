//! What all targets share: a limit on memory, and which panics are findings.

mod seeds;

use std::alloc::System;

use cap::Cap;

/// Bytes that reading an input of a few kilobytes may take in all.
const MOST: usize = 512 << 20;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// To be called once, before the first input.
pub fn begin() {
    // A program without the fuzzer cannot be linked to code that counts, so a target writes the seeds.
    if std::env::var_os("TAPE_FUZZ_SEEDS").is_some() {
        seeds::write();
        std::process::exit(0);
    }
    // The fuzzer's own tables are there already.
    MEMORY.set_limit(MEMORY.allocated() + MOST).expect("a limit above what is taken");
    let fatal = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // A panic of a decoder of others becomes an error, as it must; one of ours is a finding wherever it happens.
        let ours = panic.location().is_none_or(|place| place.file().contains("tape-"));
        if ours || !tape_io::is_guarded() {
            fatal(panic);
        }
    }));
}
