//! The `tape` command, run as a process.

mod accidents;
mod bad_input;
mod batch;
mod chaos;
mod condition;
mod events;
#[cfg(target_os = "linux")]
mod hostile;
mod jobs;
mod keep;
mod memory;
mod objects;
mod shapes;
mod support;
mod verbs;
