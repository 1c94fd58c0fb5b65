//! The `tape` command, run as a process.

mod accidents;
mod bad_input;
mod batch;
mod chaos;
mod condition;
mod convert;
mod derived;
mod events;
mod exposures;
mod formats;
mod groups;
mod guesses;
#[cfg(target_os = "linux")]
mod hostile;
mod inputs;
mod jobs;
mod keep;
mod look;
mod memory;
mod objects;
mod selections;
mod shapes;
mod sky;
mod steps;
mod support;
mod unlike_files;
mod values;
mod verbs;
