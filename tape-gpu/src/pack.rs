//! Packs columns in the precision of a device, with a reference subtracted.

use tape_core::{Extremes, Precision, count, sums};

use crate::bins::Part;

/// Numbers in a device's precision.
#[derive(Debug)]
pub(crate) enum Packed {
    Single(Vec<f32>),
    Double(Vec<f64>),
}

impl Packed {
    /// Creates an empty column with capacity for `numbers`.
    pub(crate) fn with_room(precision: Precision, numbers: usize) -> Self {
        match precision {
            Precision::Single => Self::Single(Vec::with_capacity(numbers)),
            Precision::Double => Self::Double(Vec::with_capacity(numbers)),
        }
    }

    /// Appends numbers, with the reference subtracted in double precision.
    pub(crate) fn extend(&mut self, numbers: &[f64], reference: f64) {
        let left = numbers.iter().map(|x| x - reference);
        match self {
            #[expect(clippy::cast_possible_truncation, reason = "single precision was requested")]
            Self::Single(packed) => packed.extend(left.map(|x| x as f32)),
            Self::Double(packed) => packed.extend(left),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Single(packed) => bytemuck::cast_slice(packed),
            Self::Double(packed) => bytemuck::cast_slice(packed),
        }
    }
}

/// Returns about the mean of the fluxes. The differences to it keep all significant digits of the spread. If all fluxes
/// are equal, the differences are exactly zero.
pub(crate) fn reference(flux: &[f64]) -> f64 {
    let first = flux.first().copied().unwrap_or_default();
    let [total] = sums([flux], |[x]| [x - first]);
    first + total / count(flux.len().max(1))
}

/// Returns true if squares of these numbers neither overflow nor underflow on the device. Otherwise the CPU computes
/// the segment.
pub(crate) fn fits(flux: &[f64], error: &[f64], reference: f64, precision: Precision) -> bool {
    let most = match precision {
        Precision::Single => 1e15,
        Precision::Double => 1e70,
    };
    let least = 1.0 / most;
    let of_flux = Extremes::of([flux], |[x]| (x - reference).abs());
    let of_error = Extremes::of([error], |[sigma]| sigma);
    let spread_fits = flux.is_empty() || of_flux.max == 0.0 || (least..most).contains(&of_flux.max);
    spread_fits && (error.is_empty() || (of_error.min >= least && of_error.max < most))
}

/// Decodes numbers of a precision from bytes.
pub(crate) fn read(bytes: &[u8], precision: Precision) -> Vec<f64> {
    match precision {
        Precision::Single => bytemuck::pod_collect_to_vec::<u8, f32>(bytes).into_iter().map(f64::from).collect(),
        Precision::Double => bytemuck::pod_collect_to_vec(bytes),
    }
}

/// Returns the size of a number, bytes.
pub(crate) const fn size(precision: Precision) -> usize {
    match precision {
        Precision::Single => 4,
        Precision::Double => 8,
    }
}

/// Splits parts into batches of at most `most` rows, to be uploaded together.
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
    fn the_reference_is_subtracted_before_digits_are_lost() {
        let mut packed = Packed::with_room(Precision::Single, 2);
        packed.extend(&[1e9 + 0.25, 1e9 - 0.5], 1e9);
        assert_eq!(packed.bytes(), bytemuck::cast_slice::<f32, u8>(&[0.25, -0.5]));
    }

    #[test]
    fn values_that_overflow_or_underflow_stay_on_the_cpu() {
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
