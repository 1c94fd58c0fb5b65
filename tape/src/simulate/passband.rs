//! The effects of a survey's bands: colours of stars, depths, and frequencies of use.

/// Wavelength of magnitudes and amplitudes in nm, even if the survey has no band there.
const REFERENCE_NM: f64 = 620.0;
/// The magnitude of 1 nJy.
pub(super) const ZERO_POINT: f64 = 31.4;

/// A band of the simulated survey.
#[derive(Clone, Debug)]
pub(super) struct Passband {
    /// The reference wavelength over this band's: above 1 in blue bands, below 1 in red ones.
    pub(super) blueness: f64,
    /// The noise of the sky in one visit, in nJy.
    pub(super) sky: f64,
    /// Fraction of visits in this band and those before it.
    pub(super) cumulative: f64,
}

/// Returns the wavelength in nm, 5 sigma depth of a visit in magnitudes, and fraction of visits, similar to Rubin's.
/// Only the last letter of a label counts, so `g`, `LSST_g` and `ztf_g` are equal. Unknown labels give a shallow `r`.
fn properties(label: &str) -> (f64, f64, f64) {
    match label.chars().next_back() {
        Some('u' | 'U') => (368.0, 23.7, 0.07),
        Some('g' | 'G') => (480.0, 24.7, 0.10),
        Some('r' | 'R') => (620.0, 24.3, 0.22),
        Some('i' | 'I') => (755.0, 23.9, 0.22),
        Some('z' | 'Z') => (868.0, 23.2, 0.20),
        Some('y' | 'Y') => (975.0, 22.3, 0.19),
        _ => (REFERENCE_NM, 23.5, 0.15),
    }
}

/// Returns the bands, in the given order.
pub(super) fn passbands(labels: &[String]) -> Vec<Passband> {
    let total: f64 = labels.iter().map(|label| properties(label).2).sum();
    let mut cumulative = 0.0;
    labels
        .iter()
        .map(|label| {
            let (wavelength, depth, share) = properties(label);
            cumulative += share / total;
            Passband { blueness: REFERENCE_NM / wavelength, sky: flux(depth) / 5.0, cumulative }
        })
        .collect()
}

/// Converts a magnitude to a flux in nJy.
pub(super) fn flux(magnitude: f64) -> f64 {
    10_f64.powf(0.4 * (ZERO_POINT - magnitude))
}
