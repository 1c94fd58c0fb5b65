//! A condition on light curves in lists: judged for each epoch, with what its object has once repeated for it.

use arrow::array::{ArrayRef, UInt32Array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{concat, take};
use arrow::error::ArrowError;
use parquet::errors::ParquetError;

use super::Failed;
use crate::filter::FileFilter;
use crate::footer::Footer;
use crate::guard::guarded;
use crate::leaf::{Leaf, OpenLeaf};
use crate::lists::Lists;
use crate::pread::PositionedFile;
use crate::records::{Marks, Records};
use crate::slots::LevelQueue;

/// The columns of a condition, open, and at the same slot.
pub(super) struct NestedSieve<'a> {
    filter: &'a FileFilter,
    columns: Vec<Column>,
    other: Marks,
}

enum Column {
    /// With a value for each slot.
    OfEpochs { values: OpenLeaf, records: Records },
    /// With a value for each record; `begun` is that of a record that has begun before.
    OfObjects { values: OpenLeaf, begun: Option<ArrayRef> },
}

impl<'a> NestedSieve<'a> {
    /// Opens the columns at a slot, of which `lists` knows how many records begin before it.
    pub(super) fn open(
        filter: &'a FileFilter,
        footer: &Footer,
        index: usize,
        file: &PositionedFile,
        skip: usize,
        lists: &Lists,
    ) -> Result<Self, Failed> {
        let of_leaf = |leaf: &Leaf| -> Result<Column, ParquetError> {
            let levels = LevelQueue::default();
            let mut values = OpenLeaf::open(footer, index, file, leaf, &levels)?;
            if leaf.depth.repetition > 0 {
                let mut records = Records::new(leaf.depth, levels);
                values.skip(skip)?;
                records.skip(skip)?;
                return Ok(Column::OfEpochs { values, records });
            }
            values.skip(lists.objects_to_skip())?;
            let begun = lists.has_begun().then(|| values.read(1)).transpose()?;
            Ok(Column::OfObjects { values, begun })
        };
        let open = |leaf| guarded(|| of_leaf(leaf)).map_err(|error| Failed::Leaf(leaf.name.clone(), error));
        let columns = filter.leaves.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self { filter, columns, other: Marks::default() })
    }

    /// Of which of the `n` slots that `lists` has just gone by the condition is true.
    pub(super) fn keep(&mut self, n: usize, lists: &Lists) -> Result<BooleanBuffer, Failed> {
        let Self { filter, columns, other } = self;
        let mut arrays = Vec::with_capacity(columns.len());
        for (leaf, column) in filter.leaves.iter().zip(columns) {
            let failed = |error| Failed::Leaf(leaf.name.clone(), error);
            arrays.push(match column {
                Column::OfEpochs { values, records } => {
                    let array = guarded(|| values.read(n)).map_err(failed)?;
                    records.next(n, other).map_err(failed)?;
                    lists.check_alike(other, &leaf.name)?;
                    array
                }
                Column::OfObjects { values, begun } => {
                    let read = guarded(|| values.read(lists.begun_in_batch())).map_err(failed)?;
                    repeated(read, begun, &lists.objects_of_slots(n))
                        .map_err(|error| failed(ParquetError::General(error.to_string())))?
                }
            });
        }
        filter.predicate.keep(&arrays, n).map_err(Failed::Condition)
    }
}

/// The values of slots, by the places of their objects among that which had begun before, if there is one, and those that were
/// read. The last one is kept, because it may go on.
fn repeated(read: ArrayRef, begun: &mut Option<ArrayRef>, places: &UInt32Array) -> Result<ArrayRef, ArrowError> {
    let all = match begun {
        Some(before) => concat(&[before, &read])?,
        None => read,
    };
    *begun = all.len().checked_sub(1).map(|last| all.slice(last, 1));
    take(&all, places, None)
}
