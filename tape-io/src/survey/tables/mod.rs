//! Tables that accompany the rows of a survey, with one row for each object or for each exposure.
//!
//! [`keyed`] is such a table. [`keys`] converts its keys to those of the survey, [`lookup`] gives its columns to
//! expressions over rows, and [`joined`] adds its columns to results. [`exposures`] is the table of exposures of a
//! survey.

mod exposures;
pub(crate) mod joined;
mod keyed;
mod keys;
mod lookup;

pub use exposures::Exposures;
pub use joined::Joined;
pub use keyed::KeyedTable;
