//! Known surveys, identified by their column names, and the meaning of their values.

use std::fmt;

use crate::role::Role;

/// The physical quantity that a survey measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Magnitudes: brighter is smaller.
    Magnitude,
    /// Fluxes: brighter is larger.
    Flux,
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Magnitude => "magnitudes",
            Self::Flux => "fluxes",
        })
    }
}

/// The columns of a known survey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The name by which users select the preset.
    pub name: &'static str,
    /// The table that the preset describes.
    pub describes: &'static str,
    /// Column names of id, time, flux, error and band; empty if there is no such column.
    pub columns: [&'static str; 5],
    /// More columns that must exist for the preset to match. They distinguish it from others with the same column
    /// names.
    pub also: &'static [&'static str],
    /// The preset matches only files that carry the mark of `tape simulate`, because its column names say nothing.
    pub needs_mark: bool,
    /// The measured quantity.
    pub quantity: Quantity,
    /// The unit of the values and their errors.
    pub unit: &'static str,
    /// The time scale. All times are in days.
    pub time_scale: &'static str,
    /// Names of bands that are stored as numbers, as (stored label, name).
    pub bands: &'static [(&'static str, &'static str)],
    /// Divisor of the error column, if it is stored as an integer.
    pub error_divisor: u32,
    /// The customary quality cut, as a condition with column names in braces.
    pub quality: Option<&'static str>,
    /// Reference for the columns, units and quality cut.
    pub source: &'static str,
}

/// The key, in the metadata of Parquet files, that marks simulated surveys.
pub const SIMULATED: &str = "tape.simulated";

/// Returns the preset called `name`.
#[must_use]
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

impl Preset {
    /// Returns the column of a role, if it has one.
    #[must_use]
    pub fn column(&self, role: Role) -> Option<&'static str> {
        Some(self.columns[role as usize]).filter(|name| !name.is_empty())
    }

    /// Returns the zero point of AB magnitudes in the preset's unit of flux (Oke & Gunn 1983, doi:10.1086/160817).
    #[must_use]
    pub fn zero_point(&self) -> Option<f64> {
        match self.unit {
            "nJy" => Some(31.4),
            "Jy" => Some(8.90),
            "mJy" => Some(16.40),
            "uJy" => Some(23.90),
            _ => None,
        }
    }
}

use Quantity::{Flux, Magnitude};

const ZTF: [(&str, &str); 3] = [("1", "g"), ("2", "r"), ("3", "i")];
const PS1: [(&str, &str); 5] = [("1", "g"), ("2", "r"), ("3", "i"), ("4", "z"), ("5", "y")];

/// Defaults for a preset, which leave all values as they are.
const PLAIN: Preset = Preset {
    name: "",
    describes: "",
    columns: [""; 5],
    also: &[],
    needs_mark: false,
    quantity: Flux,
    unit: "",
    time_scale: "",
    bands: &[],
    error_divisor: 1,
    quality: None,
    source: "",
};

/// All presets. If several match a survey, the first one wins.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "tape",
        describes: "simulated surveys",
        columns: ["id", "mjd", "flux", "error", "band"],
        needs_mark: true,
        unit: "nJy",
        time_scale: "TAI",
        source: "docs/columns.md",
        ..PLAIN
    },
    Preset {
        name: "ztf_dr23",
        describes: "ZTF DR23 light curves",
        columns: ["objectid", "hmjd", "mag", "magerr", "filterid"],
        quantity: Magnitude,
        unit: "mag",
        time_scale: "heliocentric UTC",
        bands: &ZTF,
        quality: Some("{catflags} = 0"),
        source: "https://irsa.ipac.caltech.edu/data/ZTF/docs/releases/dr23/ztf_release_notes_dr23.pdf",
        ..PLAIN
    },
    Preset {
        name: "ztf_dr22",
        describes: "ZTF DR22 light curves, with the columns of DR23",
        columns: ["objectid", "hmjd", "mag", "magerr", "filterid"],
        quantity: Magnitude,
        unit: "mag",
        time_scale: "heliocentric UTC",
        bands: &ZTF,
        quality: Some("{catflags} = 0"),
        source: "https://irsa.ipac.caltech.edu/data/ZTF/docs/releases/dr22/ztf_release_notes_dr22.pdf",
        ..PLAIN
    },
    Preset {
        name: "rubin_dp1",
        describes: "Rubin Data Preview 1: DiaSource, and forced sources on DiaObjects",
        columns: ["diaObjectId", "midpointMjdTai", "psfFlux", "psfFluxErr", "band"],
        unit: "nJy",
        time_scale: "TAI",
        quality: Some("NOT {psfFlux_flag}"),
        source: "https://sdm-schemas.lsst.io/dp1.html",
        ..PLAIN
    },
    Preset {
        name: "rubin_dp2",
        describes: "Rubin Data Preview 2, with the columns of DP1",
        columns: ["diaObjectId", "midpointMjdTai", "psfFlux", "psfFluxErr", "band"],
        unit: "nJy",
        time_scale: "TAI",
        quality: Some("NOT {psfFlux_flag}"),
        source: "https://sdm-schemas.lsst.io/dp2.html",
        ..PLAIN
    },
    Preset {
        name: "ps1",
        describes: "Pan-STARRS 1 DR2 Detection",
        columns: ["objID", "obsTime", "psfFlux", "psfFluxErr", "filterID"],
        unit: "Jy",
        time_scale: "TAI",
        bands: &PS1,
        quality: Some("{psfQfPerfect} > 0.9"),
        source: "Flewelling et al. 2020, doi:10.3847/1538-4365/abb82d",
        ..PLAIN
    },
    Preset {
        name: "zubercal",
        describes: "Zubercal, recalibrated ZTF photometry",
        columns: ["objectid", "mjd", "mag", "magerr", "band"],
        also: &["fieldid", "rcid"],
        quantity: Magnitude,
        unit: "mag",
        time_scale: "TDB",
        error_divisor: 10_000,
        source: "https://irsa.ipac.caltech.edu/data/ZTF/zubercal/Fields/ReadMe.txt",
        ..PLAIN
    },
    Preset {
        name: "atlas",
        describes: "ATLAS forced photometry; the server's tables have no id of an object: name it",
        columns: ["", "MJD", "m", "dm", "F"],
        also: &["uJy", "duJy"],
        quantity: Magnitude,
        unit: "mag",
        time_scale: "UTC",
        quality: Some("{err} = 0"),
        source: "https://fallingstar-data.com/forcedphot/resultdesc/",
        ..PLAIN
    },
    Preset {
        name: "asas_sn",
        describes: "ASAS-SN Sky Patrol",
        columns: ["asas_sn_id", "jd", "flux", "flux_err", "phot_filter"],
        unit: "mJy",
        time_scale: "heliocentric UTC",
        quality: Some("{quality} = 'G'"),
        source: "https://asas-sn.osu.edu/skypatrol",
        ..PLAIN
    },
    Preset {
        name: "neowise",
        describes: "NEOWISE-R single exposures of AllWISE sources, W1; times are MJD",
        columns: ["allwise_cntr", "mjd", "w1mpro", "w1sigmpro", ""],
        quantity: Magnitude,
        unit: "mag",
        time_scale: "UTC",
        source: "https://wise2.ipac.caltech.edu/docs/release/neowise/expsup/sec2_1a.html",
        ..PLAIN
    },
    Preset {
        name: "gaia_dr3",
        describes: "Gaia DR3 epoch photometry in G; times are days since 2010.0",
        columns: ["source_id", "g_transit_time", "g_transit_flux", "g_transit_flux_error", ""],
        unit: "e-/s",
        time_scale: "barycentric TCB",
        quality: Some("NOT {variability_flag_g_reject}"),
        source: "https://gea.esac.esa.int/archive/documentation/GDR3/Gaia_archive/chap_datamodel/",
        ..PLAIN
    },
    Preset {
        name: "tape_ztf",
        describes: "TAPE's ColumnMapper 'ZTF'",
        columns: ["ps1_objid", "midPointTai", "psFlux", "psFluxErr", "filterName"],
        quantity: Magnitude,
        unit: "mag",
        time_scale: "TAI",
        source: "https://github.com/lincc-frameworks/tape",
        ..PLAIN
    },
    Preset {
        name: "tape_ps1",
        describes: "TAPE's ColumnMapper 'PS1'",
        columns: ["objID", "obsTime", "psfFlux", "psfFluxErr", "filterID"],
        unit: "Jy",
        time_scale: "TAI",
        bands: &PS1,
        source: "https://github.com/lincc-frameworks/tape",
        ..PLAIN
    },
    Preset {
        name: "s82",
        describes: "SDSS Stripe 82 RR Lyrae (Sesar et al. 2010)",
        columns: ["#id", "mjd", "flux", "error", "band"],
        quantity: Magnitude,
        unit: "mag",
        time_scale: "UTC",
        quality: Some("{flux} > 0 AND {error} > 0"),
        source: "Sesar et al. 2010, doi:10.1088/0004-637X/708/1/717",
        ..PLAIN
    },
];
