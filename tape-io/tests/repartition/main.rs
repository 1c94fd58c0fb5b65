//! Tests that repartitioning keeps every row, and that the footers of the output are correct.

mod refusals;
mod rows;
mod support;
