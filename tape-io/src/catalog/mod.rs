//! Discovery of a survey's files, HATS catalogues, and regions of the sky.

pub(crate) mod discover;
mod found;
pub(crate) mod hats;
pub(crate) mod path_columns;
mod pattern;
pub(crate) mod sky;
mod table_formats;
