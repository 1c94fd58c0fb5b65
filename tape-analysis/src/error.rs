//! Errors of creating a statistic or a step.

/// The error of creating a statistic or a step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No statistic has this name.
    #[error("no statistic is called '{name}'{}; available: {}", hint(.nearest.as_ref()), .known.join(", "))]
    UnknownStatistic {
        /// The requested name.
        name: String,
        /// The most similar name.
        nearest: Option<String>,
        /// All names.
        known: Vec<String>,
    },
    /// No step has this name.
    #[error("no step is called '{name}'{}; available: {}", hint(.nearest.as_ref()), .known.join(", "))]
    UnknownStep {
        /// The requested name.
        name: String,
        /// The most similar name.
        nearest: Option<String>,
        /// All names.
        known: Vec<String>,
    },
    /// The statistic or step has no parameter with this name.
    #[error(
        "'{statistic}' has no parameter '{parameter}'{}; {}", hint(.nearest.as_ref()), listed(.known)
    )]
    UnknownParameter {
        /// The statistic.
        statistic: String,
        /// The given parameter.
        parameter: String,
        /// The most similar name.
        nearest: Option<String>,
        /// The names of its parameters.
        known: Vec<String>,
    },
    /// A part of the text is not a parameter.
    #[error("'{part}' is not a parameter of '{statistic}': write {statistic}:NAME=VALUE; {}", listed(.known))]
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
    /// A required parameter is missing.
    #[error("'{statistic}' needs the parameter '{parameter}', {allowed}: write {statistic}:{parameter}=VALUE")]
    NotGiven {
        /// The statistic.
        statistic: String,
        /// The parameter.
        parameter: String,
        /// The allowed values.
        allowed: String,
    },
    /// The value of a parameter is not allowed.
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
    if known.is_empty() {
        "it has no parameters".to_owned()
    } else {
        format!("its parameters are: {}", known.join(", "))
    }
}
