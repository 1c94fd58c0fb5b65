//! Which files belong to a survey, and which part of the sky they cover.

pub(crate) mod discover;
pub(crate) mod hats;
pub(crate) mod sky;
