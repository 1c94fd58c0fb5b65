//! Options of a simulation that have names: layouts and codecs.

use std::fmt;
use std::str::FromStr;

use parquet::basic::{Compression, ZstdLevel};

use super::SimulateError;

/// The order of the rows of a simulated survey. Every layout holds exactly the same rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SurveyLayout {
    /// Sorted by id, then time. Neither files nor row groups split light curves, and the order is declared.
    #[default]
    Sorted,
    /// Sorted by id, then time, but files and row groups of equal row counts split light curves, and no order is
    /// declared, as after a naive repartition.
    SortedSplit,
    /// A file per range of nights, as in a survey that grows night by night. Ranges have equal numbers of nights.
    /// Each file is sorted by id, then time, and declares it. A file can hold rows of any object, or no rows.
    Nightly,
    /// Random order over all files.
    Shuffled,
}

impl SurveyLayout {
    /// All layouts.
    pub const ALL: [Self; 4] = [Self::Sorted, Self::SortedSplit, Self::Nightly, Self::Shuffled];

    /// Returns the name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sorted => "sorted",
            Self::SortedSplit => "sorted-split",
            Self::Nightly => "nightly",
            Self::Shuffled => "shuffled",
        }
    }
}

/// Compression of the pages of a simulated survey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// Zstandard, at its fastest ordinary level.
    #[default]
    Zstd,
    /// Snappy.
    Snappy,
    /// No compression.
    None,
}

impl Codec {
    /// All codecs.
    pub const ALL: [Self; 3] = [Self::Zstd, Self::Snappy, Self::None];

    /// Returns the name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Snappy => "snappy",
            Self::None => "none",
        }
    }

    pub(super) fn compression(self) -> Compression {
        match self {
            Self::Zstd => Compression::ZSTD(ZstdLevel::default()),
            Self::Snappy => Compression::SNAPPY,
            Self::None => Compression::UNCOMPRESSED,
        }
    }
}

impl fmt::Display for SurveyLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SurveyLayout {
    type Err = SimulateError;

    fn from_str(given: &str) -> Result<Self, SimulateError> {
        find("layout", given, &Self::ALL.map(|layout| (layout.name(), layout)))
    }
}

impl FromStr for Codec {
    type Err = SimulateError;

    fn from_str(given: &str) -> Result<Self, SimulateError> {
        find("compression", given, &Self::ALL.map(|codec| (codec.name(), codec)))
    }
}

fn find<T: Copy>(what: &'static str, given: &str, known: &[(&str, T)]) -> Result<T, SimulateError> {
    known.iter().find(|(name, _)| *name == given).map(|&(_, value)| value).ok_or_else(|| {
        let known = known.iter().map(|&(name, _)| name).collect::<Vec<_>>().join(", ");
        SimulateError::UnknownName { what, given: given.to_owned(), known }
    })
}
