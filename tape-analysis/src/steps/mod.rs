//! Steps that light curves go through before statistics see them, by name.

pub mod clip;

use std::sync::Arc;

use tape_core::{LightCurveStep, nearest};

use crate::error::Error;
use crate::kind::Arguments;
use crate::parameter::Parameter;

/// A step with parameters: what it has, and how it is made.
#[derive(Debug)]
pub struct StepKind {
    /// Name, which precedes the parameters.
    pub name: &'static str,
    /// One-line summary.
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

/// Returns the step that `text` asks for: its name, and parameters, `NAME=VALUE`, after colons; those not given have their
/// defaults.
///
/// ```
/// assert_eq!(tape_analysis::steps::make("clip:sigma=2.5")?.name(), "clip:sigma=2.5:iterations=5");
/// let error = tape_analysis::steps::make("clipp").unwrap_err();
/// assert_eq!(error.to_string(), "no step is called 'clipp' (did you mean 'clip'?); there are: clip");
/// # Ok::<(), tape_analysis::Error>(())
/// ```
///
/// # Errors
/// If there is no such step, or it cannot have these parameters.
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
