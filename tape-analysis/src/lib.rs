#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod device;
#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "vector instructions are chosen at run time; no other module needs unsafe code")
)]
mod dispatch;
mod error;
mod gamma;
mod kind;
mod models;
mod normal;
mod pairs;
mod parameter;
pub mod periodogram;
mod quantile;
mod registry;
mod state;
pub mod statistics;
pub mod steps;
pub mod structure_function;
#[cfg(test)]
mod testing;

pub use dispatch::Level;
pub use error::Error;
pub use kind::Kind;
pub use parameter::{Allowed, Argument, Parameter};
pub use registry::{GROUPS, find, group, kind, kinds, make, names, object_registry, registry};
