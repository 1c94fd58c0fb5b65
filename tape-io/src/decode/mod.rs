//! Decodes Parquet column chunks. Independent of surveys: the input is a file, a column and a number of rows.

pub(crate) mod arrow_column;
pub(crate) mod checked_pages;
pub(crate) mod column_reader;
pub(crate) mod column_type;
pub(crate) mod constant_columns;
pub(crate) mod fixed_width;
pub(crate) mod footer;
pub(crate) mod from_arrow;
pub(crate) mod guard;
pub(crate) mod input;
pub(crate) mod keys;
pub(crate) mod leaf;
pub(crate) mod limits;
pub(crate) mod list_levels;
pub(crate) mod list_pages;
pub(crate) mod page;
pub(crate) mod rle;
pub(crate) mod schema_paths;
pub(crate) mod statistics;
pub(crate) mod text;
pub(crate) mod texts;
pub(crate) mod thrift_fields;
