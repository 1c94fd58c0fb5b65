//! The `tape` command.
#![forbid(unsafe_code)]

mod cli;

/// Batches are freed and taken again all the time; this allocator keeps the pages, where the system's gives them back and
/// has them cleared anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main()
}
