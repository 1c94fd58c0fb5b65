//! Steps that change light curves before statistics are computed.

pub mod clip;

use std::sync::Arc;

use tape_core::{LightCurveStep, nearest};

use crate::error::Error;
use crate::kind::Arguments;
use crate::parameter::Parameter;

/// A step with parameters: its description and its constructor.
#[derive(Debug)]
pub struct StepKind {
    /// Name, written before the parameters.
    pub name: &'static str,
    /// Summary in one line.
    pub summary: &'static str,
    /// Parameters of the step.
    pub parameters: &'static [Parameter],
    build: fn(&Arguments) -> Result<Arc<dyn LightCurveStep>, Error>,
}

static KINDS: [&StepKind; 1] = [&clip::KIND];

/// Returns all steps, ordered by name.
#[must_use]
pub fn kinds() -> &'static [&'static StepKind] {
    &KINDS
}

/// Creates a step from `text`: its name, followed by its parameters as `:NAME=VALUE`. Parameters that are not given
/// have their defaults.
///
/// ```
/// assert_eq!(tape_analysis::steps::make("clip:sigma=2.5")?.name(), "clip:sigma=2.5:iterations=5");
/// let error = tape_analysis::steps::make("clipp").unwrap_err();
/// assert_eq!(error.to_string(), "no step is called 'clipp' (did you mean 'clip'?); available: clip");
/// # Ok::<(), tape_analysis::Error>(())
/// ```
///
/// # Errors
/// If the step does not exist, or a parameter is unknown, repeated or out of range.
pub fn make(text: &str) -> Result<Arc<dyn LightCurveStep>, Error> {
    let (name, parameters) = text.split_once(':').unwrap_or((text, ""));
    match kinds().iter().find(|kind| kind.name == name) {
        Some(kind) => (kind.build)(&Arguments::read(kind.name, kind.parameters, parameters)?),
        None => {
            let known: Vec<String> = kinds().iter().map(|kind| kind.name.to_owned()).collect();
            let nearest = nearest(name, &known).map(str::to_owned);
            Err(Error::UnknownStep { name: name.to_owned(), nearest, known })
        }
    }
}
