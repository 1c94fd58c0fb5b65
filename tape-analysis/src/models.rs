//! Shared code of model fits: least-squares fits, and the likelihood of a damped random walk.
//!
//! The models themselves are statistics, for example [`bazin_fit`](crate::statistics::bazin_fit).

pub(crate) mod least_squares;
pub(crate) mod random_walk;
pub(crate) mod transient;
