//! Steps that transform light curves after grouping and before statistics.

use std::fmt;

use crate::chunk::Chunk;
use crate::statistic::Inputs;

/// A step that transforms one light curve at a time, for example by clipping outliers. It may remove epochs and change
/// their values.
///
/// A light curve has the epochs of an object in a band, or of a group, in the same order in which statistics receive
/// them.
pub trait LightCurveStep: fmt::Debug + Send + Sync {
    /// Returns the name by which users request the step, including its parameters.
    fn name(&self) -> &str;

    /// Returns the inputs that must be read and valid in each epoch.
    fn inputs(&self) -> Inputs;

    /// Transforms the epochs of one light curve, which may be empty.
    fn apply(&self, epochs: &mut Epochs<'_>);
}

/// The epochs of one light curve, passed to a step. All non-empty slices have the same length.
#[derive(Debug)]
pub struct Epochs<'a> {
    /// Times, days; empty if not read.
    pub time: &'a mut [f64],
    /// Fluxes or magnitudes.
    pub flux: &'a mut [f64],
    /// Errors; empty if not read.
    pub error: &'a mut [f64],
    /// True for each epoch to keep. Initially all are true.
    pub keep: &'a mut [bool],
}

impl Chunk {
    /// Applies a step to each light curve. Returns the number of epochs removed. `at` holds the index of the current
    /// segment, for the message if the step panics.
    pub fn apply(&mut self, step: &dyn LightCurveStep, at: &mut usize) -> u64 {
        let mut keep = vec![];
        // Segments are consecutive, so kept rows only move forward.
        let mut to = 0;
        for (number, segment) in self.segments.iter_mut().enumerate() {
            *at = number;
            let rows = segment.rows.clone();
            keep.clear();
            keep.resize(rows.len(), true);
            step.apply(&mut Epochs {
                time: if self.time.is_empty() { &mut [] } else { &mut self.time[rows.clone()] },
                flux: &mut self.flux[rows.clone()],
                error: if self.error.is_empty() { &mut [] } else { &mut self.error[rows.clone()] },
                keep: &mut keep,
            });
            let start = to;
            for row in rows.clone().filter(|row| keep[row - rows.start]) {
                for column in [&mut self.time, &mut self.flux, &mut self.error] {
                    if !column.is_empty() {
                        column[to] = column[row];
                    }
                }
                to += 1;
            }
            segment.rows = start..to;
        }
        let left_out = self.flux.len() - to;
        for column in [&mut self.time, &mut self.flux, &mut self.error] {
            column.truncate(to);
        }
        self.kept = crate::kept::Kept::default();
        left_out as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Segment;
    use crate::id::{IdRef, IdType};

    /// Removes negative fluxes and adds one to the others.
    #[derive(Debug)]
    struct Positive;

    impl LightCurveStep for Positive {
        fn name(&self) -> &str {
            "positive"
        }

        fn inputs(&self) -> Inputs {
            Inputs::FLUX
        }

        fn apply(&self, epochs: &mut Epochs<'_>) {
            for (flux, keep) in epochs.flux.iter_mut().zip(&mut *epochs.keep) {
                *keep = *flux >= 0.0;
                *flux += 1.0;
            }
        }
    }

    #[test]
    fn epochs_removed_by_a_step_leave_all_columns_and_are_counted() {
        let mut chunk = Chunk::new(IdType::Int64);
        chunk.ids.push(IdRef::Int(4)).expect("an integer");
        chunk.flux = vec![1.0, -1.0, -2.0, 5.0, -3.0, 7.0];
        chunk.time = vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let segment = |band, rows| Segment { object: 0, band, rows };
        chunk.segments = vec![segment(0, 0..2), segment(1, 2..3), segment(2, 3..3), segment(3, 3..6)];
        assert_eq!(chunk.apply(&Positive, &mut 0), 3);
        assert_eq!((chunk.flux, chunk.time), (vec![2.0, 6.0, 8.0], vec![0.0, 3.0, 5.0]));
        assert!(chunk.error.is_empty());
        let rows: Vec<_> = chunk.segments.into_iter().map(|segment| segment.rows).collect();
        assert_eq!(rows, [0..1, 1..1, 1..1, 1..3]);
    }
}
