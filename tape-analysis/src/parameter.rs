//! The parameters of statistics: types, ranges and defaults.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use tape_core::Statistic;

use crate::error::Error;

/// A parameter of a statistic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Name in lower case with underscores.
    pub name: &'static str,
    /// Short description, with the unit.
    pub summary: &'static str,
    /// Allowed values.
    pub allowed: Allowed,
    /// Default value as text. Without a default, the parameter is required.
    pub default: Option<&'static str>,
}

/// The allowed values of a parameter. `Display` describes them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Allowed {
    /// A real number between two bounds.
    Float(Bound<f64>, Bound<f64>),
    /// An integer of at least this value.
    Int(u32),
    /// An integer between two bounds, both included.
    IntBetween(u32, u32),
    /// Two or more ascending real numbers joined by `/`, or `none`.
    Ascending,
    /// A choice of words.
    Choice(&'static [&'static str]),
    /// The label of a band.
    Band,
    /// Statistics of a light curve, joined by `+`. The rest of the text belongs to them, so this is the last parameter.
    Statistics,
}

/// The value of a parameter.
#[derive(Clone, Debug)]
pub enum Argument {
    /// A real number.
    Float(f64),
    /// An integer.
    Int(u32),
    /// Real numbers.
    Floats(Vec<f64>),
    /// A word of [`Allowed::Choice`], or a band label.
    Text(String),
    /// Statistics.
    Statistics(Vec<Statistic>),
}

impl Parameter {
    /// Returns true if a real number is within the bounds.
    pub(crate) fn admits(&self, value: f64) -> bool {
        matches!(self.allowed, Allowed::Float(low, high) if (low, high).contains(&value))
    }

    /// Creates the error for this value, in the statistic or step called `of`.
    pub(crate) fn refused(&self, of: &str, value: &str) -> Error {
        Error::BadValue {
            statistic: of.to_owned(),
            parameter: self.name.to_owned(),
            value: value.to_owned(),
            allowed: self.allowed.to_string(),
        }
    }

    /// Parses a value, or returns `None` if it is not allowed.
    pub(crate) fn read(&self, text: &str) -> Option<Argument> {
        match self.allowed {
            Allowed::Float(..) => text.parse().ok().filter(|&value| self.admits(value)).map(Argument::Float),
            Allowed::Int(least) => text.parse().ok().filter(|value| *value >= least).map(Argument::Int),
            Allowed::IntBetween(least, most) => {
                text.parse().ok().filter(|value| (least..=most).contains(value)).map(Argument::Int)
            }
            Allowed::Ascending if text == "none" => Some(Argument::Floats(vec![])),
            Allowed::Ascending => {
                let numbers: Option<Vec<f64>> = text.split('/').map(|number| number.parse().ok()).collect();
                numbers.filter(|all| all.len() > 1 && all.is_sorted_by(|a, b| a < b)).map(Argument::Floats)
            }
            Allowed::Choice(words) => words.contains(&text).then(|| Argument::Text(text.to_owned())),
            Allowed::Band => (!text.is_empty()).then(|| Argument::Text(text.to_owned())),
            Allowed::Statistics => None,
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float(low, high) => {
                let low = match low {
                    Bound::Included(low) => Some(format!("{low} or more")),
                    Bound::Excluded(low) if low.is_finite() => Some(format!("above {low}")),
                    Bound::Excluded(_) | Bound::Unbounded => None,
                };
                let high = match high {
                    Bound::Included(high) if high.is_finite() => Some(format!("{high} or less")),
                    Bound::Excluded(high) if high.is_finite() => Some(format!("below {high}")),
                    Bound::Excluded(_) => Some("finite".to_owned()),
                    Bound::Included(_) | Bound::Unbounded => None,
                };
                let bounds: Vec<String> = low.into_iter().chain(high).collect();
                match &bounds[..] {
                    [finite] if finite == "finite" => write!(f, "a finite number"),
                    bounds => write!(f, "a number {}", bounds.join(" and ")),
                }
            }
            Self::Int(least) => write!(f, "an integer of {least} or more"),
            Self::IntBetween(least, most) => write!(f, "an integer from {least} to {most}"),
            Self::Ascending => write!(f, "two or more ascending numbers joined by /, or none"),
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
            Self::Band => write!(f, "the label of a band"),
            Self::Statistics => {
                write!(f, "names of statistics joined by +, such as mean+eta, as the last parameter")
            }
        }
    }
}

/// Creates a parameter for the percentage of ordered values to exclude at each end.
pub(crate) const fn percent(name: &'static str, summary: &'static str, default: &'static str) -> Parameter {
    let allowed = Allowed::Float(Bound::Included(0.0), Bound::Excluded(50.0));
    Parameter { name, summary, allowed, default: Some(default) }
}

/// Real numbers above zero.
pub(crate) const POSITIVE: Allowed = Allowed::Float(Bound::Excluded(0.0), Bound::Excluded(f64::INFINITY));
