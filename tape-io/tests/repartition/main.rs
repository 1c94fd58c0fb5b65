//! A survey written again: every row is still there, and the footers of the output keep what they promise.

mod refusals;
mod rows;
mod support;
