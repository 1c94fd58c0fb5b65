//! The `tape` command, run as a process.

mod accidents;
mod bad_input;
mod batch;
mod support;
mod verbs;
