//! Which objects are meant beside a table of them, as frames and saved ensembles keep it.

use serde::{Deserialize, Serialize};
use tape_core::{IdType, ObjectId};
use tape_io::{Chosen, Survey};

/// A choice of objects, as text: ids and parts come back to the last digit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// These.
    Ids(Vec<String>),
    /// A part of all, from 0 to 1, with what decides which.
    Sample(String, u64),
    /// Those with at least so many epochs.
    Epochs(u64),
}

impl Choice {
    /// The choices of a survey, in order.
    pub(crate) fn of(survey: &Survey) -> Vec<Self> {
        let choice = |chosen: Chosen| match chosen {
            Chosen::Ids(ids) => Self::Ids(ids.iter().map(as_text).collect()),
            Chosen::Sample { fraction, seed } => Self::Sample(fraction.to_string(), seed),
            Chosen::Epochs(least) => Self::Epochs(least),
        };
        survey.chosen().map(choice).collect()
    }

    /// Whether it can be one: an id is one of this type, and a part one of all.
    pub(crate) fn can_be(&self, id_type: Option<IdType>) -> bool {
        match self {
            Self::Ids(ids) => ids.iter().all(|id| id_type.is_none_or(|id_type| ObjectId::parse(id, id_type).is_some())),
            Self::Sample(fraction, _) => fraction.parse().is_ok_and(|part: f64| (0.0..=1.0).contains(&part)),
            Self::Epochs(_) => true,
        }
    }

    /// The same survey, of the objects of this choice alone.
    pub(crate) fn of_survey(&self, survey: Survey) -> Survey {
        let id_type = tape_core::Source::id_type(&survey);
        match self {
            Self::Ids(ids) => {
                survey.of_ids(&ids.iter().filter_map(|id| ObjectId::parse(id, id_type)).collect::<Vec<_>>())
            }
            Self::Sample(fraction, seed) => survey.sampled(fraction.parse().unwrap_or_default(), *seed),
            Self::Epochs(least) => survey.with_epochs(*least),
        }
    }
}

fn as_text(id: &ObjectId) -> String {
    match id {
        ObjectId::Text(text) => text.to_string(),
        id => id.to_string(),
    }
}
