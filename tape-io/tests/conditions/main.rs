//! Conditions on rows, held against an evaluator that looks at one row at a time and knows nothing of Arrow.

mod files;
mod generate;
mod naive;
mod random;
mod table;
mod types;
