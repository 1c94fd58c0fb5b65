//! Phases, and light curves sorted by phase.

/// Returns the phases of epochs, from 0 to below 1: the fractional part of (t − `reference`)/`period`. Times, period
/// and reference epoch are in days.
///
/// NaN if the period is zero, infinite or NaN, or the time is not finite.
///
/// ```
/// assert_eq!(tape_analysis::periodogram::phases(&[10.0, 10.5, 13.0], 2.0, 10.0), [0.0, 0.25, 0.5]);
/// ```
#[must_use]
pub fn phases(time: &[f64], period: f64, reference: f64) -> Vec<f64> {
    let phase = |time: &f64| {
        let cycles = if period.is_infinite() { f64::NAN } else { (time - reference) / period };
        let phase = cycles - cycles.floor();
        // A tiny negative number of cycles is rounded to a phase of 1.
        if phase >= 1.0 { 0.0 } else { phase }
    };
    time.iter().map(phase).collect()
}

/// Returns phases in ascending order and their fluxes. Equal phases are ordered by flux. See [`phases`] for the
/// parameters.
///
/// ```
/// let (phases, flux) = tape_analysis::periodogram::phase_fold(&[0.0, 0.75, 1.25], &[5.0, 7.0, 6.0], 1.0, 0.0);
/// assert_eq!((phases, flux), (vec![0.0, 0.25, 0.75], vec![5.0, 6.0, 7.0]));
/// ```
///
/// # Panics
/// If the numbers of times and fluxes are different.
#[must_use]
pub fn phase_fold(time: &[f64], flux: &[f64], period: f64, reference: f64) -> (Vec<f64>, Vec<f64>) {
    assert_eq!(time.len(), flux.len(), "one flux for each time");
    let mut epochs: Vec<(f64, f64)> = phases(time, period, reference).into_iter().zip(flux.iter().copied()).collect();
    epochs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    epochs.into_iter().unzip()
}
