//! Roles of columns, and the names that their columns commonly have.

use std::fmt;

/// The part that a column plays in a light curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The object's id.
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
    /// All roles, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Id, Self::Time, Self::Flux, Self::Error, Self::Band];

    /// The column among these that is called as one of this role commonly is, if there is one.
    #[must_use]
    pub fn commonly_called(self, columns: &[String]) -> Option<&str> {
        let named = |name: &&str| columns.iter().find(|column| column.eq_ignore_ascii_case(name));
        self.common_names().iter().find_map(named).map(String::as_str)
    }

    /// Names that a column of this role commonly has, the likeliest first, compared without case.
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
