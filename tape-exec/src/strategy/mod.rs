//! How each plan is carried out.

mod calibration;
pub(crate) mod fold;
pub(crate) mod map;
mod merge;
mod oversized;
pub(crate) mod run;
pub(crate) mod scatter;
mod shuffle;
