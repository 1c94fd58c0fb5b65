//! Why a statistic or a step cannot be had.

/// Why a statistic or a step cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A statistic of that name does not exist.
    #[error("no statistic is called '{name}'{}; there are: {}", hint(.nearest.as_ref()), .known.join(", "))]
    UnknownStatistic {
        /// The requested name.
        name: String,
        /// The name most like it.
        nearest: Option<String>,
        /// All names.
        known: Vec<String>,
    },
    /// A step of that name does not exist.
    #[error("no step is called '{name}'{}; there are: {}", hint(.nearest.as_ref()), .known.join(", "))]
    UnknownStep {
        /// The requested name.
        name: String,
        /// The name most like it.
        nearest: Option<String>,
        /// All names.
        known: Vec<String>,
    },
    /// A statistic or a step has no parameter of that name.
    #[error(
        "'{statistic}' has no parameter '{parameter}'{}; {}", hint(.nearest.as_ref()), listed(.known)
    )]
    UnknownParameter {
        /// The statistic.
        statistic: String,
        /// The given parameter.
        parameter: String,
        /// The name most like it.
        nearest: Option<String>,
        /// The names of its parameters.
        known: Vec<String>,
    },
    /// A part of what was asked for is no parameter.
    #[error("'{part}' is no parameter of '{statistic}': write {statistic}:NAME=VALUE; {}", listed(.known))]
    NotAParameter {
        /// The statistic.
        statistic: String,
        /// The given text.
        part: String,
        /// The names of its parameters.
        known: Vec<String>,
    },
    /// A parameter is given twice.
    #[error("the parameter '{parameter}' of '{statistic}' is given twice: give it once")]
    GivenTwice {
        /// The statistic.
        statistic: String,
        /// The parameter.
        parameter: String,
    },
    /// A parameter without a default is not given.
    #[error("'{statistic}' needs {statistic}:{parameter}=…, which must be {allowed}")]
    NotGiven {
        /// The statistic.
        statistic: String,
        /// The parameter.
        parameter: String,
        /// The allowed values.
        allowed: String,
    },
    /// A parameter may not have this value.
    #[error("the parameter '{parameter}' of '{statistic}' is '{value}', but must be {allowed}")]
    BadValue {
        /// The statistic.
        statistic: String,
        /// The parameter.
        parameter: String,
        /// The given value.
        value: String,
        /// The allowed values.
        allowed: String,
    },
}

fn hint(nearest: Option<&String>) -> String {
    nearest.map(|name| format!(" (did you mean '{name}'?)")).unwrap_or_default()
}

fn listed(known: &[String]) -> String {
    if known.is_empty() { "it has none".to_owned() } else { format!("it has: {}", known.join(", ")) }
}
