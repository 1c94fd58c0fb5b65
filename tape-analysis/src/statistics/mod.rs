//! One file for each statistic: its documentation, what it says of itself, its kernel and its analytic cases.

pub mod eta;
pub mod mean;
pub mod reduced_chi2;
pub mod standard_deviation;
pub mod stetson_j;
pub mod weighted_mean;
