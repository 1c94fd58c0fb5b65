//! Names that surveys commonly give to the columns of roles, and which errors belong to which values.

use super::Role;

/// Names of ids of objects, most certain first. `id` and `source_id` can also be the key of a row or a detection, so any name
/// that means an object goes before them.
const IDS: &[&str] = &[
    "objectid",
    "object_id",
    "objid",
    "obj_id",
    "diaobjectid",
    "dia_object_id",
    "ps1_objid",
    "allwise_cntr",
    "asas_sn_id",
    "starid",
    "star_id",
    "ticid",
    "tic_id",
    "lc_id",
    "lightcurve_id",
    "oid",
    "object",
    "#id",
    "id",
    "source_id",
    "sourceid",
];
/// Names of times. `t` can also be the exposure time, so it comes last.
const TIMES: &[&str] = &[
    "mjd",
    "hmjd",
    "bmjd",
    "midpointmjdtai",
    "midpointtai",
    "expmidptmjd",
    "obsmjd",
    "mjd_obs",
    "mjdobs",
    "bjd",
    "hjd",
    "jd",
    "btjd",
    "time",
    "obstime",
    "obs_time",
    "t",
];
const FLUXES: &[&str] = &["flux", "mag", "magnitude", "psfflux", "psflux", "psfmag", "magpsf", "m"];
const BANDS: &[&str] = &[
    "band",
    "filter",
    "filtername",
    "filter_name",
    "filterid",
    "filter_id",
    "filtercode",
    "filter_code",
    "fid",
    "passband",
    "bandpass",
    "phot_filter",
    "lsst_band",
    "band_name",
    "photometric_band",
    "filt",
    "flt",
    "fltr",
    "f",
];
/// Errors that go with any value.
const ERRORS: &[&str] = &["error", "err", "sigma", "uncertainty", "unc", "e"];

/// Errors of values whose names do not follow a pattern, as (values, error).
const PAIRS: &[(&str, &str)] = &[
    ("magpsf", "sigmapsf"),
    ("m", "dm"),
    ("ujy", "dujy"),
    ("w1mpro", "w1sigmpro"),
    ("w2mpro", "w2sigmpro"),
    ("w1flux", "w1sigflux"),
    ("w2flux", "w2sigflux"),
    ("pdcsap_flux", "pdcsap_flux_err"),
    ("sap_flux", "sap_flux_err"),
    ("magnitude", "magerr"),
    ("magnitude", "mag_err"),
];

/// Patterns of the name of an error, where `*` stands for the name of its values.
const ERROR_PATTERNS: &[&str] = &[
    "*err",
    "*_err",
    "*error",
    "*_error",
    "e_*",
    "err_*",
    "error_*",
    "d*",
    "sigma_*",
    "sigma*",
    "*_sigma",
    "*sigma",
    "*_unc",
    "*_uncertainty",
    "*rms",
    "sig*",
];

impl Role {
    /// Common column names of this role, most likely first. Compared without case.
    pub(crate) const fn common_names(self) -> &'static [&'static str] {
        match self {
            Self::Id => IDS,
            Self::Time => TIMES,
            Self::Flux => FLUXES,
            Self::Error => ERRORS,
            Self::Band => BANDS,
        }
    }
}

/// The quantity that the name of a column tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Magnitude,
    Flux,
    /// Nothing.
    Open,
}

impl Meaning {
    pub(crate) fn of(name: &str) -> Self {
        let name = name.to_lowercase();
        let is_magnitude = name.contains("mag") || name.ends_with("mpro") || matches!(name.as_str(), "m" | "dm");
        if is_magnitude {
            Self::Magnitude
        } else if name.contains("flux") || name.ends_with("jy") {
            Self::Flux
        } else {
            Self::Open
        }
    }

    /// Checks whether an error of this meaning can be that of such values.
    pub(crate) fn can_go_with(self, values: Self) -> bool {
        self == Self::Open || values == Self::Open || self == values
    }
}

/// Returns the names that the error of these values may have, most likely first, in lower case. Errors that go with any values
/// come last.
pub(crate) fn errors_of(values: &str) -> Vec<String> {
    let values = values.to_lowercase();
    let pairs = PAIRS.iter().filter(|(known, _)| *known == values).map(|(_, error)| (*error).to_owned());
    let patterns = ERROR_PATTERNS.iter().map(|pattern| pattern.replace('*', &values));
    pairs.chain(patterns).chain(ERRORS.iter().map(|&name| name.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_their_values() {
        for (values, error) in [("psfFlux", "psffluxerr"), ("mag", "magerr"), ("uJy", "dujy"), ("w1mpro", "w1sigmpro")]
        {
            assert!(errors_of(values).contains(&error.to_owned()), "{values}");
        }
        assert!(!errors_of("flux").contains(&"magerr".to_owned()));
        assert!(!Meaning::of("magerr").can_go_with(Meaning::of("psfFlux")));
        assert!(Meaning::of("error").can_go_with(Meaning::of("psfFlux")));
    }
}
