//! Receipts of finished tasks, and notes of failures.

use serde::{Deserialize, Serialize};
use tape_core::{IdRange, LeftOut, ObjectId};
use tape_exec::Skipped;
use tape_exec::task::TaskReport;
use tape_io::internal::Written;

use super::sealed::{Malformed, seal, unseal};

/// The receipt of a finished task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Digest of the manifest.
    pub job: u32,
    /// Number of the task.
    pub task: usize,
    /// Number of rows read; in the second round, of rows or partial states.
    pub rows_in: u64,
    /// Number of rows of results; 0 in the first of two rounds.
    pub rows_out: u64,
    /// Number of light curves without rows, for statistics with many rows per light curve.
    pub without_rows: u64,
    /// Duration in milliseconds.
    pub milliseconds: u64,
    /// Numbers of skipped epochs by reason, in the order of the fields of [`LeftOut`].
    pub left_out: [u64; 10],
    /// The smallest and the largest id, for plans that compute partitions without regrouping.
    pub ids: Option<(Id, Id)>,
    /// The labels that the band codes of the output stand for.
    pub labels: Vec<String>,
    /// All labels in the input.
    pub met: Vec<String>,
    /// Light curves and row groups that were skipped.
    pub skipped: Vec<SkippedNote>,
    /// Length of the output in bytes.
    pub bytes: u64,
    /// Number of blocks in the output.
    pub blocks: u64,
    /// The checksum of the output.
    pub checksum: u32,
}

/// An object's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Id {
    /// An integer of any type except `u64`.
    Int(i64),
    /// A `u64`.
    UInt(u64),
    /// Text.
    Text(String),
}

/// A skipped light curve or row group; see [`Skipped`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum SkippedNote {
    /// A row group that cannot be read.
    RowGroup {
        /// Number in the survey.
        row_group: usize,
        /// File, and number in the file.
        place: String,
        /// The smallest and largest id that its footer claims, and whether it holds them.
        ids: Option<(Id, Id, bool)>,
        /// Number of rows.
        rows: u64,
        /// Reason for skipping it.
        reason: String,
    },
    /// An object that does not fit in memory.
    LightCurve {
        /// The object.
        id: Id,
        /// Number of rows.
        rows: u64,
        /// Number of rows that would fit.
        most: u64,
    },
}

impl From<Skipped> for SkippedNote {
    fn from(skipped: Skipped) -> Self {
        match skipped {
            Skipped::RowGroup { row_group, place, ids, rows, reason } => {
                let ids = ids.map(|IdRange { min, max, exact }| (min.into(), max.into(), exact));
                Self::RowGroup { row_group, place, ids, rows, reason }
            }
            Skipped::LightCurve { id, rows, most } => Self::LightCurve { id: id.into(), rows, most },
        }
    }
}

impl From<SkippedNote> for Skipped {
    fn from(note: SkippedNote) -> Self {
        match note {
            SkippedNote::RowGroup { row_group, place, ids, rows, reason } => {
                let ids = ids.map(|(min, max, exact)| IdRange { min: min.into(), max: max.into(), exact });
                Self::RowGroup { row_group, place, ids, rows, reason }
            }
            SkippedNote::LightCurve { id, rows, most } => Self::LightCurve { id: id.into(), rows, most },
        }
    }
}

impl From<ObjectId> for Id {
    fn from(id: ObjectId) -> Self {
        match id {
            ObjectId::Int(id) => Self::Int(id),
            ObjectId::UInt(id) => Self::UInt(id),
            ObjectId::Text(id) => Self::Text(id.into()),
        }
    }
}

impl From<Id> for ObjectId {
    fn from(id: Id) -> Self {
        match id {
            Id::Int(id) => Self::Int(id),
            Id::UInt(id) => Self::UInt(id),
            Id::Text(id) => Self::Text(id.into()),
        }
    }
}

impl Receipt {
    /// Parses the bytes of a receipt file. Any bytes give an error or a receipt.
    ///
    /// # Errors
    /// [`Malformed`], with the problem.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let receipt: Self = unseal(bytes)?;
        // Band codes are bytes, and one of them means no band.
        if receipt.labels.len() > 255 || receipt.met.len() > 255 {
            return Err(Malformed::new("it has more bands than a survey can have"));
        }
        Ok(receipt)
    }

    /// Returns the bytes of the file, with a checksum.
    ///
    /// # Errors
    /// [`Malformed`], if the receipt cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Malformed> {
        seal(self)
    }

    /// Returns the length, blocks and checksum of the output.
    pub(super) const fn written(&self) -> Written {
        Written { bytes: self.bytes, blocks: self.blocks, checksum: self.checksum }
    }

    /// Returns the report of the task.
    pub(super) fn report(&self) -> TaskReport {
        let [excluded, no_epoch, null_id, null_band, other_band, rest @ ..] = self.left_out;
        let [bad_time, bad_flux, bad_error, nonpositive_error, by_step] = rest;
        let left_out = LeftOut {
            excluded,
            no_epoch,
            null_id,
            null_band,
            other_band,
            bad_time,
            bad_flux,
            bad_error,
            nonpositive_error,
            by_step,
        };
        TaskReport {
            rows: self.rows_in,
            rows_out: self.rows_out,
            without_rows: self.without_rows,
            left_out,
            ids: self.ids.clone().map(|(min, max)| (min.into(), max.into())),
            labels: self.labels.clone(),
            skipped: self.skipped.iter().cloned().map(Into::into).collect(),
        }
    }
}

/// A note of a task that failed. It is removed when the task succeeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureNote {
    /// Digest of the manifest.
    pub job: u32,
    /// Number of the task.
    pub task: usize,
    /// The error message.
    pub message: String,
}

impl FailureNote {
    /// Parses a note; see [`Receipt::parse`].
    ///
    /// # Errors
    /// [`Malformed`], with the problem.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        unseal(bytes)
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, Malformed> {
        seal(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_comes_back_with_any_id() {
        for id in [ObjectId::Int(i64::MIN), ObjectId::UInt(u64::MAX), ObjectId::Text("ä'\"\u{0}".into())] {
            let receipt = Receipt {
                job: u32::MAX,
                task: 3,
                rows_in: 10,
                rows_out: 2,
                without_rows: 1,
                milliseconds: 7,
                left_out: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
                ids: Some((id.clone().into(), id.clone().into())),
                labels: vec!["g".to_owned()],
                met: vec![],
                skipped: [Some((id.clone(), id.clone(), true)), None]
                    .into_iter()
                    .map(|ids| SkippedNote::RowGroup {
                        row_group: 3,
                        place: "here".to_owned(),
                        ids: ids.map(|(min, max, exact)| (min.into(), max.into(), exact)),
                        rows: 4,
                        reason: "torn".to_owned(),
                    })
                    .chain([SkippedNote::LightCurve { id: id.clone().into(), rows: 5, most: 4 }])
                    .collect(),
                bytes: 1,
                blocks: 2,
                checksum: 3,
            };
            let back = Receipt::parse(&receipt.to_bytes().expect("plain")).expect("whole");
            assert_eq!(back, receipt);
            assert_eq!(back.report().skipped.into_iter().map(SkippedNote::from).collect::<Vec<_>>(), receipt.skipped);
            assert_eq!(back.ids.map(|(_, max)| ObjectId::from(max)), Some(id));
            // The order is that of the reasons in output.
            assert_eq!(receipt.report().left_out.reasons().map(|(_, n)| n), receipt.left_out);
        }
    }
}
