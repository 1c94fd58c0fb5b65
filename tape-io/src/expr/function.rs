//! The functions that expressions can call.

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    AngularDistance,
    Ceil,
    Coalesce,
    Exp,
    Floor,
    IsFinite,
    IsNan,
    Ln,
    Log10,
    Power,
    Sqrt,
}

use Function::{Abs, AngularDistance, Ceil, Coalesce, Exp, Floor, IsFinite, IsNan, Ln, Log10, Power, Sqrt};

/// All functions, sorted by name.
const ALL: [Function; 12] = [Abs, AngularDistance, Ceil, Coalesce, Exp, Floor, IsFinite, IsNan, Ln, Log10, Power, Sqrt];

impl Function {
    /// Returns the function's name, which is case-insensitive in expressions.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Abs => "abs",
            AngularDistance => "angular_distance",
            Ceil => "ceil",
            Coalesce => "coalesce",
            Exp => "exp",
            Floor => "floor",
            IsFinite => "isfinite",
            IsNan => "isnan",
            Ln => "ln",
            Log10 => "log10",
            Power => "power",
            Sqrt => "sqrt",
        }
    }
}

/// Finds a function by name, ignoring case.
pub(super) fn named(name: &str) -> Option<Function> {
    ALL.into_iter().find(|function| function.name().eq_ignore_ascii_case(name))
}

/// Returns the names of all functions.
pub(super) fn names() -> Vec<String> {
    ALL.into_iter().map(|function| function.name().to_owned()).collect()
}
