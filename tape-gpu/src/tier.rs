//! What of a device is used: decided once, when it is opened.

use tape_core::Precision;

use crate::adapter::AdapterInfo;
use crate::error::{Error, Result};

/// Who works on a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Team {
    /// A subgroup: lanes that exchange values without memory.
    Subgroup,
    /// A small workgroup, for short segments where there are no subgroups.
    Small,
    /// A large workgroup, for long segments.
    Large,
    /// A workgroup for a light curve and some frequencies.
    Tile,
}

impl Team {
    /// Lanes of a workgroup.
    pub(crate) const fn workgroup(self) -> u32 {
        match self {
            Self::Subgroup | Self::Tile => 128,
            Self::Small => 32,
            Self::Large => 256,
        }
    }
}

/// What of a device is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Whether short segments go to subgroups; if not, to small workgroups.
    pub subgroups: bool,
    /// The numbers that kernels calculate with.
    pub precision: Precision,
    /// Whether the device's own clock tells what kernels take.
    pub timestamps: bool,
}

impl Tier {
    /// The best for most devices: subgroups where there are any, in single precision.
    #[must_use]
    pub const fn of(adapter: &AdapterInfo) -> Self {
        Self { subgroups: adapter.subgroups, precision: Precision::Single, timestamps: adapter.timestamps }
    }

    /// Every tier that the adapter has.
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
            Self { timestamps: true, .. } if !adapter.timestamps => lacks("a clock"),
            _ => Ok(()),
        }
    }

    pub(crate) const fn short(self) -> Team {
        if self.subgroups { Team::Subgroup } else { Team::Small }
    }
}
