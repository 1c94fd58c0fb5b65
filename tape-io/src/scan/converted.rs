//! Converts between magnitudes and fluxes as rows are read.

use tape_core::{RowReader, Rows, SourceError};

use crate::survey::conversion::Conversion;

/// A reader that converts the values of another reader.
pub(crate) struct Converted<'a> {
    pub(crate) rows: Box<dyn RowReader + 'a>,
    pub(crate) conversion: Conversion,
}

impl RowReader for Converted<'_> {
    fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<usize, SourceError> {
        let from = rows.len();
        let read = self.rows.read(rows, max_rows)?;
        self.conversion.convert(rows, from);
        Ok(read)
    }
}
