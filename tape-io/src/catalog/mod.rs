//! Discovery of a survey's files, HATS catalogues, and regions of the sky.

pub(crate) mod discover;
pub(crate) mod hats;
pub(crate) mod sky;
