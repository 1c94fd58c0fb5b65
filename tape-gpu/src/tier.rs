//! The capabilities of a device to use, chosen when it is opened.

use tape_core::Precision;

use crate::adapter::AdapterInfo;
use crate::error::{Error, Result};

/// The group of lanes that works on a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Team {
    /// A subgroup, whose lanes exchange values directly.
    Subgroup,
    /// A small workgroup, for short segments without subgroups.
    Small,
    /// A large workgroup, for long segments.
    Large,
    /// A workgroup for a light curve and a tile of frequencies.
    Tile,
}

impl Team {
    /// Returns the number of lanes of a workgroup.
    pub(crate) const fn workgroup(self) -> u32 {
        match self {
            Self::Subgroup | Self::Tile => 128,
            Self::Small => 32,
            Self::Large => 256,
        }
    }
}

/// The capabilities of a device to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// True to use subgroups for short segments, and false to use small workgroups.
    pub subgroups: bool,
    /// The precision of kernels.
    pub precision: Precision,
    /// True to measure kernels with GPU timestamps.
    pub timestamps: bool,
}

impl Tier {
    /// Returns the best tier for most devices: subgroups if available, in single precision.
    #[must_use]
    pub const fn of(adapter: &AdapterInfo) -> Self {
        Self { subgroups: adapter.subgroups, precision: Precision::Single, timestamps: adapter.timestamps }
    }

    /// Returns all tiers that the adapter supports.
    #[must_use]
    pub fn all(adapter: &AdapterInfo) -> Vec<Self> {
        let every = [
            (true, Precision::Single),
            (false, Precision::Single),
            (true, Precision::Double),
            (false, Precision::Double),
        ];
        let timestamps = adapter.timestamps;
        let tiers = every.into_iter().map(|(subgroups, precision)| Self { subgroups, precision, timestamps });
        tiers.filter(|tier| tier.check(adapter).is_ok()).collect()
    }

    pub(crate) fn check(self, adapter: &AdapterInfo) -> Result<()> {
        let lacks = |what| Err(Error::Lacks { adapter: adapter.name.clone(), what });
        match self {
            Self { subgroups: true, .. } if !adapter.subgroups => lacks("subgroups"),
            Self { precision: Precision::Double, .. } if !adapter.f64 => lacks("f64"),
            Self { timestamps: true, .. } if !adapter.timestamps => lacks("timestamps"),
            _ => Ok(()),
        }
    }

    pub(crate) const fn short(self) -> Team {
        if self.subgroups { Team::Subgroup } else { Team::Small }
    }
}
