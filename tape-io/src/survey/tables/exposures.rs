//! The table of exposures of a survey.

use std::path::Path;

use tape_core::{TableKind, nearest};

use super::keyed::KeyedTable;
use crate::decode::column_type::ColumnType;
use crate::decode::footer::Footer;
use crate::decode::schema_paths::{leaf_named, leaves};
use crate::error::Error;
use crate::expr::{Fault, Type};
use crate::survey::Survey;

/// A table with one row for each exposure, and the column of the survey's rows that holds its keys.
#[derive(Clone, Debug)]
pub struct Exposures {
    table: KeyedTable,
    on: String,
}

impl Exposures {
    /// Returns the table.
    #[must_use]
    pub const fn table(&self) -> &KeyedTable {
        &self.table
    }

    /// Returns the column of the survey's rows that names the exposure.
    #[must_use]
    pub fn on(&self) -> &str {
        &self.on
    }

    pub(crate) const fn table_mut(&mut self) -> &mut KeyedTable {
        &mut self.table
    }

    /// Returns the index of the key column in a file.
    pub(crate) fn key_in(&self, footer: &Footer) -> Option<usize> {
        leaf_named(&leaves(footer.metadata.file_metadata().schema_descr()), &self.on)
    }
}

impl Survey {
    /// Adds a table of exposures: files with one row for each exposure, such as Rubin's table of visits. The column
    /// `on` of the survey's rows holds the key of the exposure, and `key` is the column of keys in the table (`on` by
    /// default).
    ///
    /// Expressions over rows name the table's columns as `exposures.NAME`. The values are null for rows whose exposure
    /// is not in the table. Only footers are read now.
    ///
    /// # Errors
    /// [`Error::Condition`] if a file of the survey has no column `on`, or one that cannot be a key; otherwise as
    /// [`KeyedTable::open_exposures`].
    pub fn with_exposures<P: AsRef<Path>>(mut self, inputs: &[P], on: &str, key: Option<&str>) -> Result<Self, Error> {
        let key_type = self.exposure_key(on)?.id_type();
        let table = KeyedTable::open_exposures(inputs, key.unwrap_or(on), key_type)?.counted_by(self.counter());
        self.exposures = Some(Exposures { table, on: on.to_owned() });
        self.with_waiting()
    }

    /// Returns the table of exposures, if there is one.
    #[must_use]
    pub const fn exposures(&self) -> Option<&Exposures> {
        self.exposures.as_ref()
    }

    /// Returns the table of a kind, if there is one.
    pub(crate) fn table(&self, kind: TableKind) -> Option<&KeyedTable> {
        match kind {
            TableKind::Objects => self.objects.as_ref(),
            TableKind::Exposures => self.exposures.as_ref().map(Exposures::table),
        }
    }

    /// Checks the column of exposures in every file, and returns its type in the first.
    fn exposure_key(&self, on: &str) -> Result<ColumnType, Error> {
        let mut first = None;
        for footer in self.files.iter() {
            let available = self.columns_in(footer);
            let failed = |fault: Fault| Error::Condition { path: Some(footer.path.clone()), source: fault.of(on) };
            let column = available.iter().find(|column| column.name == on).ok_or_else(|| {
                let names: Vec<String> = available.iter().map(|column| column.name.clone()).collect();
                let nearest = nearest(on, &names).map(str::to_owned);
                failed(Fault::NoColumn { name: on.to_owned(), nearest, available: names })
            })?;
            let is_key = matches!(column.kind, Ok(Type::Integer | Type::Decimal(0) | Type::Float | Type::Text));
            if let (false, kind) = (is_key, &column.kind) {
                let actual = kind.as_ref().map_or_else(Clone::clone, ToString::to_string);
                return Err(failed(Fault::ColumnType { name: on.to_owned(), actual }));
            }
            let schema = footer.metadata.file_metadata().schema_descr();
            let leaf = leaf_named(&leaves(schema), on).map(|index| ColumnType::of(&schema.column(index)));
            first = first.or(leaf.and_then(Result::ok));
        }
        Ok(first.unwrap_or(ColumnType::Null))
    }
}
