//! Evaluates expressions for light curves in lists: once per epoch, with the values of each object repeated for its
//! epochs.

use arrow::array::{ArrayRef, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{concat, take};
use arrow::error::ArrowError;
use parquet::errors::ParquetError;
use tape_core::{Bands, Columns, Rows};

use crate::decode::column_reader::ColumnReader;
use crate::decode::footer::Footer;
use crate::decode::guard::guarded;
use crate::decode::input::PositionedFile;
use crate::decode::leaf::Leaf;
use crate::decode::list_levels::{ListStarts, Records};
use crate::decode::list_pages::LevelQueue;
use crate::scan::error::ScanError;
use crate::scan::lists::Lists;
use crate::survey::Survey;
use crate::survey::file_expressions::FileExpressions;

/// The open columns that expressions need, all at the same list element (slot).
pub(super) struct ListFilter<'a> {
    expressions: &'a FileExpressions,
    /// The columns that the run needs.
    wanted: Columns,
    /// The columns of the leaves that are needed.
    columns: Vec<Option<Column>>,
    survey: &'a Survey,
    other: ListStarts,
}

enum Column {
    /// A column with a value for each slot.
    OfEpochs { values: ColumnReader, records: Records },
    /// A column with a value for each record. `begun` is the value of the record that began before the next slot.
    ChosenObjects { values: ColumnReader, begun: Option<ArrayRef> },
}

impl<'a> ListFilter<'a> {
    /// Opens the columns at slot `skip`. `lists` knows the number of records that begin before it.
    pub(super) fn open(
        (expressions, wanted, survey): (&'a FileExpressions, Columns, &'a Survey),
        footer: &Footer,
        index: usize,
        file: &PositionedFile,
        skip: usize,
        lists: &Lists,
    ) -> Result<Self, ScanError> {
        let of_leaf = |leaf: &Leaf| -> Result<Column, ParquetError> {
            let levels = LevelQueue::default();
            let mut values = ColumnReader::open(footer, index, file, leaf, &levels)?;
            if leaf.depth.repetition > 0 {
                let mut records = Records::new(leaf.depth, levels);
                values.skip(skip)?;
                records.skip(skip)?;
                return Ok(Column::OfEpochs { values, records });
            }
            values.skip(lists.objects_to_skip())?;
            let begun = lists.has_begun().then(|| values.read(1)).transpose()?;
            Ok(Column::ChosenObjects { values, begun })
        };
        let open = |leaf| guarded(|| of_leaf(leaf)).map_err(|error| ScanError::Leaf(leaf.name.clone(), error));
        let leaves = expressions.leaves.iter().zip(expressions.needed(wanted));
        let columns = leaves.map(|(leaf, needed)| needed.then(|| open(leaf)).transpose());
        let columns = columns.collect::<Result<_, _>>()?;
        Ok(Self { expressions, wanted, columns, survey, other: ListStarts::default() })
    }

    /// Appends the derived columns of the `n` slots that `lists` has just read. Returns, for each slot, whether the
    /// condition is true.
    pub(super) fn append(
        &mut self,
        n: usize,
        lists: &Lists,
        rows: &mut Rows,
        bands: &Bands,
    ) -> Result<BooleanBuffer, ScanError> {
        let Self { expressions, wanted, columns, survey, other } = self;
        let mut arrays = Vec::with_capacity(columns.len());
        for (leaf, column) in expressions.leaves.iter().zip(columns) {
            let Some(column) = column else {
                arrays.push(None);
                continue;
            };
            let failed = |error| ScanError::Leaf(leaf.name.clone(), error);
            arrays.push(Some(match column {
                Column::OfEpochs { values, records } => {
                    let array = guarded(|| values.read(n)).map_err(failed)?;
                    records.next(n, other).map_err(failed)?;
                    lists.check_alike(other, &leaf.name)?;
                    array
                }
                Column::ChosenObjects { values, begun } => {
                    let read = guarded(|| values.read(lists.begun_in_batch())).map_err(failed)?;
                    repeated(read, begun, &lists.objects_of_slots(n))
                        .map_err(|error| failed(ParquetError::General(error.to_string())))?
                }
            }));
        }
        expressions.join(&mut arrays, *wanted, survey).map_err(|error| ScanError::Table(Box::new(error)))?;
        let keep = expressions.keep(&arrays, n).map_err(ScanError::Condition)?;
        expressions.append(*wanted, &arrays, &keep, rows, bands)?;
        Ok(keep)
    }
}

/// Repeats the values of records for their slots. `places` are positions in `begun`, if present, followed by `read`.
/// The last value is kept in `begun`, because its record may continue in the next batch.
fn repeated(read: ArrayRef, begun: &mut Option<ArrayRef>, places: &UInt32Array) -> Result<ArrayRef, ArrowError> {
    let all = match begun {
        Some(before) => concat(&[before, &read])?,
        None => read,
    };
    *begun = all.len().checked_sub(1).map(|last| all.slice(last, 1));
    take(&all, places, None)
}
