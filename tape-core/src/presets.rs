//! Surveys whose columns are known by name.

/// What the values of a survey are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Magnitudes: brighter is smaller.
    Magnitude,
    /// Fluxes: brighter is larger.
    Flux,
}

/// The columns of a known survey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The name by which a user asks for it.
    pub name: &'static str,
    /// The table that it describes.
    pub describes: &'static str,
    /// Columns of id, time, flux, error and band.
    pub columns: [&'static str; 5],
    /// What the values are.
    pub quantity: Quantity,
    /// The unit of the values and their errors.
    pub unit: &'static str,
    /// The time scale; all times are days.
    pub time_scale: &'static str,
}

/// The preset of that name.
#[must_use]
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

use Quantity::{Flux, Magnitude};

/// All presets. Of several that fit a survey, the first is taken.
#[rustfmt::skip]
pub const PRESETS: &[Preset] = &[
    Preset { name: "tape", describes: "surveys made by `tape simulate`", columns: ["id", "mjd", "flux", "error", "band"], quantity: Flux, unit: "nJy", time_scale: "TAI" },
    Preset { name: "tape_ztf", describes: "TAPE's ColumnMapper 'ZTF'", columns: ["ps1_objid", "midPointTai", "psFlux", "psFluxErr", "filterName"], quantity: Magnitude, unit: "mag", time_scale: "TAI" },
    Preset { name: "tape_ps1", describes: "TAPE's ColumnMapper 'PS1'", columns: ["objID", "obsTime", "psfFlux", "psfFluxErr", "filterID"], quantity: Flux, unit: "Jy", time_scale: "TAI" },
    Preset { name: "ps1", describes: "Pan-STARRS 1 DR2 Detection", columns: ["objID", "obsTime", "psfFlux", "psfFluxErr", "filterID"], quantity: Flux, unit: "Jy", time_scale: "TAI" },
    Preset { name: "rubin_dp1", describes: "Rubin Data Preview 1, DiaSource", columns: ["diaObjectId", "midpointMjdTai", "psfFlux", "psfFluxErr", "band"], quantity: Flux, unit: "nJy", time_scale: "TAI" },
    Preset { name: "ztf_dr23", describes: "ZTF DR23 light curves, one epoch a row", columns: ["objectid", "hmjd", "mag", "magerr", "filterid"], quantity: Magnitude, unit: "mag", time_scale: "UTC" },
    Preset { name: "s82", describes: "SDSS Stripe 82 RR Lyrae (Sesar et al. 2010)", columns: ["#id", "mjd", "flux", "error", "band"], quantity: Magnitude, unit: "mag", time_scale: "UTC" },
];
