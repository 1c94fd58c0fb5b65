//! Discovery of a survey's files, HATS catalogues, and regions of the sky.

pub(crate) mod discover;
mod found;
pub(crate) mod hats;
mod pattern;
pub(crate) mod sky;
mod table_formats;
