#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "vector instructions are chosen at run time; nothing else here needs it")
)]
mod dispatch;
mod registry;
mod state;
pub mod statistics;

pub use dispatch::Level;
pub use registry::{find, names, registry};
