//! Columns as a device takes them: in its precision, after what was subtracted.

use std::ops::Range;

use tape_core::{Precision, count};

use crate::bins::Part;

/// Fluxes and errors of neighbouring rows, packed.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    pub(crate) flux: Vec<u8>,
    pub(crate) error: Vec<u8>,
}

/// About the mean of some fluxes: what is left when it is subtracted has as many digits as their spread needs. Fluxes that
/// are all equal have exactly zero left.
pub(crate) fn reference(flux: &[f64]) -> f64 {
    let first = flux.first().copied().unwrap_or_default();
    first + flux.iter().map(|x| x - first).sum::<f64>() / count(flux.len().max(1))
}

/// Whether squares of these numbers neither overflow nor vanish on a device. If they may, a segment stays on the CPU.
pub(crate) fn fits(flux: &[f64], error: &[f64], reference: f64, precision: Precision) -> bool {
    let most = match precision {
        Precision::Single => 1e15,
        Precision::Double => 1e70,
    };
    let least = 1.0 / most;
    let spread = flux.iter().fold(0.0, |most: f64, x| most.max((x - reference).abs()));
    (spread == 0.0 || (least..most).contains(&spread)) && error.iter().all(|sigma| (least..most).contains(sigma))
}

impl Packed {
    /// Appends the rows of a part.
    pub(crate) fn push(
        &mut self,
        rows: Range<usize>,
        flux: &[f64],
        error: &[f64],
        reference: f64,
        precision: Precision,
    ) {
        extend(&mut self.flux, flux[rows.clone()].iter().map(|x| x - reference), precision);
        if !error.is_empty() {
            extend(&mut self.error, error[rows].iter().copied(), precision);
        }
    }
}

/// Numbers as bytes in a precision.
pub(crate) fn extend(bytes: &mut Vec<u8>, numbers: impl Iterator<Item = f64>, precision: Precision) {
    match precision {
        #[expect(clippy::cast_possible_truncation, reason = "single precision is what was asked for")]
        Precision::Single => numbers.for_each(|x| bytes.extend((x as f32).to_ne_bytes())),
        Precision::Double => numbers.for_each(|x| bytes.extend(x.to_ne_bytes())),
    }
}

/// Numbers out of bytes of a precision.
pub(crate) fn read(bytes: &[u8], precision: Precision) -> Vec<f64> {
    match precision {
        Precision::Single => bytemuck::pod_collect_to_vec::<u8, f32>(bytes).into_iter().map(f64::from).collect(),
        Precision::Double => bytemuck::pod_collect_to_vec(bytes),
    }
}

/// Bytes of a number.
pub(crate) const fn size(precision: Precision) -> usize {
    match precision {
        Precision::Single => 4,
        Precision::Double => 8,
    }
}

/// The parts that go up together: at most so many rows.
pub(crate) fn batches(parts: &[Part], most: usize) -> Vec<&[Part]> {
    let (mut batches, mut first, mut rows) = (vec![], 0, 0);
    for (i, part) in parts.iter().enumerate() {
        if rows + part.rows.len() > most && i > first {
            batches.push(&parts[first..i]);
            (first, rows) = (i, 0);
        }
        rows += part.rows.len();
    }
    if first < parts.len() {
        batches.push(&parts[first..]);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_of_equal_fluxes_is_that_flux() {
        assert_eq!(reference(&[0.1; 7]), 0.1);
        assert_eq!(reference(&[1e9 + 1.0, 1e9 + 3.0]), 1e9 + 2.0);
    }

    #[test]
    fn what_overflows_or_vanishes_stays_on_the_cpu() {
        let fits = |flux: &[f64], error: &[f64]| fits(flux, error, 0.0, Precision::Single);
        assert!(fits(&[1.0, -3e4], &[0.1, 1e-9]));
        assert!(fits(&[0.0, 0.0], &[]));
        assert!(!fits(&[1e20, 1.0], &[]));
        assert!(!fits(&[1e-25, -1e-25], &[]));
        assert!(!fits(&[1.0], &[1e-20]));
    }

    #[test]
    fn batches_hold_all_parts_in_order_and_no_more_than_fits() {
        let parts: Vec<Part> = [3, 3, 2, 9, 1].iter().map(|&n| Part { segment: n, rows: 0..n }).collect();
        let sizes: Vec<Vec<usize>> =
            batches(&parts, 6).into_iter().map(|batch| batch.iter().map(|part| part.segment).collect()).collect();
        assert_eq!(sizes, [vec![3, 3], vec![2], vec![9], vec![1]]);
        assert!(batches(&[], 6).is_empty());
    }
}
