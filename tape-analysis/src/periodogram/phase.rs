//! Phases, and light curves in their order.

/// The phases of epochs, 0 to 1: the part of (t − `reference`)/`period` after the point, of times, a period and a reference
/// epoch in days.
///
/// NaN where the period is zero, infinite or NaN, or a time is not finite.
///
/// ```
/// assert_eq!(tape_analysis::periodogram::phases(&[10.0, 10.5, 13.0], 2.0, 10.0), [0.0, 0.25, 0.5]);
/// ```
#[must_use]
pub fn phases(time: &[f64], period: f64, reference: f64) -> Vec<f64> {
    let phase = |time: &f64| {
        let cycles = if period.is_infinite() { f64::NAN } else { (time - reference) / period };
        let phase = cycles - cycles.floor();
        // A small step back from a whole cycle is rounded to the cycle's end.
        if phase >= 1.0 { 0.0 } else { phase }
    };
    time.iter().map(phase).collect()
}

/// Phases in ascending order, and the flux of each; at one phase, fluxes ascend. See [`phases`] for the parameters.
///
/// ```
/// let (phases, flux) = tape_analysis::periodogram::phase_fold(&[0.0, 0.75, 1.25], &[5.0, 7.0, 6.0], 1.0, 0.0);
/// assert_eq!((phases, flux), (vec![0.0, 0.25, 0.75], vec![5.0, 6.0, 7.0]));
/// ```
///
/// # Panics
/// If there are not as many fluxes as times.
#[must_use]
pub fn phase_fold(time: &[f64], flux: &[f64], period: f64, reference: f64) -> (Vec<f64>, Vec<f64>) {
    assert_eq!(time.len(), flux.len(), "one flux for each time");
    let mut epochs: Vec<(f64, f64)> = phases(time, period, reference).into_iter().zip(flux.iter().copied()).collect();
    epochs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    epochs.into_iter().unzip()
}
