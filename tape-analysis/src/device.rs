//! Device kernels that several folds share.
//!
//! On a device, a state holds plain sums. This is safe there only, because a reference close to the mean was subtracted
//! from the fluxes. If the reference is not close enough (the weighted mean may lie elsewhere), the difference of the
//! sums loses digits, and the CPU computes the segment instead.

use tape_core::{DeviceKernel, LightCurve, Method, OnDevice, Precision, count};

/// Returns the tolerance of sums over blocks of up to 256 neighbours and then pairwise over blocks, of rounded numbers.
fn of_sums(precision: Precision, n: usize) -> f64 {
    precision.epsilon() * (64.0 + count(n.min(256)))
}

/// The kernel of [`Moments`](tape_core::Moments). The tolerance of the mean is in standard deviations; that of the
/// squared deviations is relative.
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

/// The kernel of [`HigherMoments`](tape_core::HigherMoments). The tolerance of the mean is in standard deviations,
/// those of the second and fourth powers of deviations are relative, and that of the third powers is relative to the
/// sum of their absolute values. Not available in double precision, where the CPU's own rounding of the mean would
/// dominate.
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

/// The kernel of moments and the sum of squared errors. The tolerance of the sum is relative.
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

/// The kernel of [`WeightedMoments`](tape_core::WeightedMoments). The tolerance of the mean is in weighted standard
/// deviations; the others are relative.
pub(crate) static WEIGHTED_MOMENTS: DeviceKernel = DeviceKernel {
    name: "weighted_moments",
    wgsl: include_str!("device/weighted_moments.wgsl"),
    len: 3,
    error: true,
    scale: |_, want, out| weighted_scale(want, out),
    restore: weighted_moments,
    ..MOMENTS
};

/// The kernel of the number of epochs, followed by weighted moments.
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

/// The kernel of [`Extremes`](tape_core::Extremes). The tolerance is relative to the range of the fluxes.
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
    // Fourth powers of small deviations underflow in single precision.
    lower_keep_digits && keeps_digits(higher[1], fourths) && (squares == 0.0 || squares > 1e-14 * n)
}

fn weighted_moments(sums: &[f64], of: OnDevice, out: &mut [f64]) -> bool {
    let [weight, total, squares] = [sums[0], sums[1], sums[2]];
    out.copy_from_slice(&[weight, of.reference + total / weight, (squares - total * (total / weight)).max(0.0)]);
    keeps_digits(out[2], squares)
}

/// Returns true if a difference from `total` has lost at most one bit.
fn keeps_digits(difference: f64, total: f64) -> bool {
    difference >= 0.5 * total
}

fn weighted_scale(want: &[f64], out: &mut [f64]) {
    out.copy_from_slice(&[want[0], (want[2] / want[0]).sqrt(), want[2]]);
}
