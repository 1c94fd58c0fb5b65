//! Shared parts of models of light curves: a least-squares fit, and the likelihood of a damped random walk.
//!
//! The models themselves are statistics: see [`bazin_fit`](crate::statistics::bazin_fit) and its like.

pub(crate) mod least_squares;
pub(crate) mod random_walk;
pub(crate) mod transient;
