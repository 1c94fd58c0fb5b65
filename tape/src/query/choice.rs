//! Selections of objects, other than by an object table.

use std::fmt;

use serde::{Deserialize, Serialize};
use tape_core::{IdType, ObjectId};
use tape_io::{Chosen, Survey};

/// A selection of objects. Ids and fractions are stored as text, so that they are exact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Choice {
    /// The objects with these ids.
    Ids(Vec<String>),
    /// A random fraction of the objects, from 0 to 1, and its seed.
    Sample(String, u64),
    /// The objects with at least this number of epochs.
    Epochs(u64),
}

impl From<Chosen> for Choice {
    fn from(chosen: Chosen) -> Self {
        match chosen {
            Chosen::Ids(ids) => Self::Ids(ids.iter().map(as_text).collect()),
            Chosen::Sample { fraction, seed } => Self::Sample(fraction.to_string(), seed),
            Chosen::Epochs(least) => Self::Epochs(least),
        }
    }
}

impl Choice {
    /// Returns true if the selection is valid: ids have this type, and a fraction is from 0 to 1.
    pub(crate) fn can_be(&self, id_type: Option<IdType>) -> bool {
        match self {
            Self::Ids(ids) => ids.iter().all(|id| id_type.is_none_or(|id_type| ObjectId::parse(id, id_type).is_some())),
            Self::Sample(fraction, _) => fraction.parse().is_ok_and(|part: f64| (0.0..=1.0).contains(&part)),
            Self::Epochs(_) => true,
        }
    }

    /// Converts the selection to the survey's type of ids.
    pub(crate) fn chosen(&self, id_type: IdType) -> Chosen {
        match self {
            Self::Ids(ids) => Chosen::Ids(ids.iter().filter_map(|id| ObjectId::parse(id, id_type)).collect()),
            Self::Sample(fraction, seed) => {
                Chosen::Sample { fraction: fraction.parse().unwrap_or_default(), seed: *seed }
            }
            Self::Epochs(least) => Chosen::Epochs(*least),
        }
    }

    /// Selects these objects of a survey.
    pub(crate) fn choose(&self, survey: Survey) -> Survey {
        match self.chosen(survey.id_type()) {
            Chosen::Ids(ids) => survey.of_ids(&ids),
            Chosen::Sample { fraction, seed } => survey.sampled(fraction, seed),
            Chosen::Epochs(least) => survey.with_epochs(least),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ids(ids) => write!(f, "{} selected by id", ids.len()),
            Self::Sample(fraction, seed) => write!(f, "a random fraction of {fraction} (seed {seed})"),
            Self::Epochs(least) => write!(f, "objects with at least {least} epochs"),
        }
    }
}

fn as_text(id: &ObjectId) -> String {
    match id {
        ObjectId::Text(text) => text.to_string(),
        id => id.to_string(),
    }
}
