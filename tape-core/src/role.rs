//! Roles of columns in a light curve, and common names of columns for each role.

use std::fmt;

/// The role of a column in a light curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The id of the object.
    Id,
    /// The time of the epoch.
    Time,
    /// The flux or magnitude.
    Flux,
    /// The error of the flux.
    Error,
    /// The band.
    Band,
}

impl Role {
    /// All roles, in display order.
    pub const ALL: [Self; 5] = [Self::Id, Self::Time, Self::Flux, Self::Error, Self::Band];

    /// Returns the first of `columns` with a common name of this role.
    #[must_use]
    pub fn commonly_called(self, columns: &[String]) -> Option<&str> {
        let named = |name: &&str| columns.iter().find(|column| column.eq_ignore_ascii_case(name));
        self.common_names().iter().find_map(named).map(String::as_str)
    }

    /// Common column names of this role, most likely first. Compared without case.
    pub(crate) const fn common_names(self) -> &'static [&'static str] {
        match self {
            Self::Id => {
                &["id", "#id", "objectid", "object_id", "objid", "diaobjectid", "source_id", "oid", "ps1_objid"]
            }
            Self::Time => &["mjd", "hmjd", "time", "t", "midpointmjdtai", "midpointtai", "bjd", "hjd", "jd", "obstime"],
            Self::Flux => &["flux", "mag", "magnitude", "psfflux", "psflux", "psfmag", "m"],
            Self::Error => &[
                "error",
                "err",
                "fluxerr",
                "flux_err",
                "flux_error",
                "magerr",
                "mag_err",
                "psffluxerr",
                "psfluxerr",
                "sigma",
            ],
            Self::Band => &["band", "filter", "filtername", "filterid", "filtercode", "fid", "passband"],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(["id", "time", "flux", "error", "band"][*self as usize])
    }
}
