//! Tests conditions against a simple evaluator that works row by row, without Arrow.

mod files;
mod generate;
mod naive;
mod random;
mod table;
mod types;
