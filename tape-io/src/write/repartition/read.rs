//! Reads all columns of a row group.

use std::path::Path;

use arrow::array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;

use super::carried::Carried;
use crate::decode::footer::byte_ranges;
use crate::decode::guard::guarded;
use crate::decode::input::PositionedFile;
use crate::error::{Error, words};
use crate::file::opened::open;
use crate::survey::Survey;

/// The largest number of rows to decode at a time.
const ROWS: usize = 1 << 16;
/// The largest size of a batch in bytes, so that rows with long lists do not fill the memory.
const BYTES: u64 = 64 << 20;

/// Decodes one row group, and passes its rows to `take` in batches, in order.
pub(crate) fn each_batch(
    survey: &Survey,
    carried: &Carried,
    row_group: usize,
    mut take: impl FnMut(RecordBatch) -> Result<(), Error>,
) -> Result<(), Error> {
    let group = RowGroupColumns { survey, carried, row_group };
    let file = survey.row_groups()[row_group].file;
    let mut reader = group.open(&ProjectionMask::all())?;
    loop {
        let batch = guarded(|| reader.next().transpose().map_err(ParquetError::from));
        let Some(batch) = batch.map_err(|error| group.corrupt(words(&error)))? else { return Ok(()) };
        take(carried.adapt(file, &batch).map_err(|error| group.corrupt(error.to_string()))?)?;
    }
}

struct RowGroupColumns<'a> {
    survey: &'a Survey,
    carried: &'a Carried,
    row_group: usize,
}

impl RowGroupColumns<'_> {
    fn path(&self) -> &Path {
        &self.survey.footer(self.row_group).0.path
    }

    fn open(&self, columns: &ProjectionMask) -> Result<ParquetRecordBatchReader, Error> {
        let (footer, index) = self.survey.footer(self.row_group);
        let (file, stamp) = open(&footer.path)?;
        if stamp != footer.stamp {
            return Err(Error::Changed { path: footer.path.clone() });
        }
        let input = PositionedFile::new(file, stamp.bytes, self.survey.counter());
        let all = 0..footer.metadata.row_group(index).num_columns();
        input.prefetch(byte_ranges(footer, index, all))?;
        let metadata = self.carried.metadata(self.survey.row_groups()[self.row_group].file).clone();
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(input, metadata)
            .with_row_groups(vec![index])
            .with_batch_size(self.carried.rows_in(BYTES, ROWS))
            .with_projection(columns.clone());
        guarded(|| builder.build()).map_err(|error| self.corrupt_column(None, words(&error)))
    }

    /// Returns the error for a row group that cannot be decoded. The decoder does not say which column failed, so each
    /// column is decoded again on its own.
    fn corrupt(&self, reason: String) -> Error {
        let metadata = self.carried.metadata(self.survey.row_groups()[self.row_group].file);
        for column in 0..metadata.parquet_schema().root_schema().get_fields().len() {
            let mask = ProjectionMask::roots(metadata.parquet_schema(), [column]);
            let mut reader = match self.open(&mask) {
                Ok(reader) => reader,
                Err(Error::Corrupt { reason, .. }) => return self.corrupt_column(Some(column), reason),
                Err(other) => return other,
            };
            let mut decoded = || reader.try_for_each(|batch| batch.map(drop)).map_err(ParquetError::from);
            if let Err(error) = guarded(&mut decoded) {
                return self.corrupt_column(Some(column), words(&error));
            }
        }
        self.corrupt_column(None, reason)
    }

    fn corrupt_column(&self, column: Option<usize>, reason: String) -> Error {
        let metadata = self.carried.metadata(self.survey.row_groups()[self.row_group].file);
        let column = match column {
            Some(column) => metadata.schema().field(column).name().clone(),
            None => "(one of several)".to_owned(),
        };
        Error::Corrupt { path: self.path().to_owned(), row_group: self.survey.footer(self.row_group).1, column, reason }
    }
}
