//! Kernels for devices that several folds share.
//!
//! On a device a state is plain sums, which is safe there alone: what is about the mean was subtracted from the fluxes
//! before. Where it was not near enough to the mean (that of weights may lie elsewhere), the difference of the sums loses
//! digits, and the CPU takes the segment.

use tape_core::{DeviceKernel, LightCurve, Method, OnDevice, Precision, count};

/// Sums of up to 256 neighbours and then by halves, each number rounded before.
fn of_sums(precision: Precision, n: usize) -> f64 {
    precision.epsilon() * (64.0 + count(n.min(256)))
}

/// The state of [`Moments`](tape_core::Moments). Tolerance: of the mean in standard deviations, of the squared deviations
/// relative.
pub(crate) static MOMENTS: DeviceKernel = DeviceKernel {
    name: "moments",
    wgsl: include_str!("device/moments.wgsl"),
    method: Method::Fold,
    len: 2,
    error: false,
    double: true,
    tolerance: of_sums,
    scale: |_, want, out| out.copy_from_slice(&[0.0, (want[2] / want[0]).sqrt(), want[2]]),
    restore: |numbers, of, out| moments(&numbers[..2], of, out),
};

/// The state of [`HigherMoments`](tape_core::HigherMoments). Tolerance: of the mean in standard deviations, of the squared
/// and of the fourth powers of deviations relative, of the third in parts of the sum of their sizes. In double precision, the
/// CPU's own rounding of the mean would decide.
pub(crate) static HIGHER_MOMENTS: DeviceKernel = DeviceKernel {
    name: "higher_moments",
    wgsl: include_str!("device/higher_moments.wgsl"),
    len: 4,
    double: false,
    scale: |light_curve: &LightCurve<'_>, want, out| {
        let thirds: f64 = light_curve.flux().iter().map(|x| (x - want[1]).abs().powi(3)).sum();
        out.copy_from_slice(&[0.0, (want[2] / want[0]).sqrt(), want[2], thirds, want[4]]);
    },
    restore: higher_moments,
    ..MOMENTS
};

/// The state of moments and of the sum of squared errors, whose tolerance is relative.
pub(crate) static MOMENTS_AND_ERRORS: DeviceKernel = DeviceKernel {
    name: "moments_and_errors",
    wgsl: include_str!("device/moments_and_errors.wgsl"),
    len: 3,
    error: true,
    scale: |_, want, out| out.copy_from_slice(&[0.0, (want[2] / want[0]).sqrt(), want[2], want[3]]),
    restore: |numbers, of, out| {
        let (state, squared_errors) = out.split_at_mut(3);
        squared_errors[0] = numbers[2];
        moments(&numbers[..2], of, state)
    },
    ..MOMENTS
};

/// The state of [`WeightedMoments`](tape_core::WeightedMoments). Tolerance: of the mean in weighted standard deviations, of
/// the others relative.
pub(crate) static WEIGHTED_MOMENTS: DeviceKernel = DeviceKernel {
    name: "weighted_moments",
    wgsl: include_str!("device/weighted_moments.wgsl"),
    len: 3,
    error: true,
    scale: |_, want, out| weighted_scale(want, out),
    restore: weighted_moments,
    ..MOMENTS
};

/// Weighted moments after the number of epochs.
pub(crate) static COUNT_AND_WEIGHTED_MOMENTS: DeviceKernel = DeviceKernel {
    name: "count_and_weighted_moments",
    scale: |_, want, out| {
        out[0] = 0.0;
        weighted_scale(&want[1..], &mut out[1..]);
    },
    restore: |numbers, of, out| {
        out[0] = count(of.n);
        weighted_moments(numbers, of, &mut out[1..])
    },
    ..WEIGHTED_MOMENTS
};

/// The state of [`Extremes`](tape_core::Extremes). Tolerance: in parts of the range of the fluxes.
pub(crate) static EXTREMES: DeviceKernel = DeviceKernel {
    name: "extremes",
    wgsl: include_str!("device/extremes.wgsl"),
    tolerance: |precision, _| precision.epsilon(),
    scale: |light_curve: &LightCurve<'_>, _, out| {
        let extremes = light_curve.extremes();
        out.copy_from_slice(&[0.0, extremes.max - extremes.min, extremes.max - extremes.min]);
    },
    restore: |numbers, of, out| {
        out.copy_from_slice(&[1.0, of.reference + numbers[0], of.reference + numbers[1]]);
        true
    },
    ..MOMENTS
};

fn moments(sums: &[f64], of: OnDevice, out: &mut [f64]) -> bool {
    let (n, [total, squares]) = (count(of.n), [sums[0], sums[1]]);
    out.copy_from_slice(&[n, of.reference + total / n, (squares - total * (total / n)).max(0.0)]);
    keeps_digits(out[2], squares)
}

fn higher_moments(sums: &[f64], of: OnDevice, out: &mut [f64]) -> bool {
    let (lower, higher) = out.split_at_mut(3);
    let lower_keep_digits = moments(&sums[..2], of, lower);
    let [total, squares, thirds, fourths] = [sums[0], sums[1], sums[2], sums[3]];
    let n = count(of.n);
    let shift = total / n;
    let cube = n * shift.powi(3);
    higher[0] = thirds - 3.0 * shift * squares + 2.0 * cube;
    higher[1] = fourths - 4.0 * shift * thirds + 6.0 * shift * shift * squares - 3.0 * cube * shift;
    // Fourth powers of what is small vanish in single precision.
    lower_keep_digits && keeps_digits(higher[1], fourths) && (squares == 0.0 || squares > 1e-14 * n)
}

fn weighted_moments(sums: &[f64], of: OnDevice, out: &mut [f64]) -> bool {
    let [weight, total, squares] = [sums[0], sums[1], sums[2]];
    out.copy_from_slice(&[weight, of.reference + total / weight, (squares - total * (total / weight)).max(0.0)]);
    keeps_digits(out[2], squares)
}

/// Returns true if a difference from `total` has hardly fewer significant digits.
fn keeps_digits(difference: f64, total: f64) -> bool {
    difference >= 0.5 * total
}

fn weighted_scale(want: &[f64], out: &mut [f64]) {
    out.copy_from_slice(&[want[0], (want[2] / want[0]).sqrt(), want[2]]);
}
