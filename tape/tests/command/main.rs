//! The `tape` command, run as a process.

mod accidents;
mod bad_input;
mod batch;
mod events;
mod memory;
mod support;
mod verbs;
