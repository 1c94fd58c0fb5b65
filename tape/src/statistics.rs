//! Statistics and steps by name.

use std::sync::Arc;

use tape_core::{LightCurveStep, Statistic};

use crate::error::Error;

/// Returns the statistic called `name`. Parameters follow the name, each after a colon.
///
/// ```
/// assert_eq!(tape::statistic("beyond_n_std:n=2.5")?.info().name, "beyond_2.5_std");
/// # Ok::<(), tape::Error>(())
/// ```
///
/// # Errors
/// [`Error::Statistic`], with the closest name or the valid values of a parameter.
pub fn statistic(name: &str) -> Result<Statistic, Error> {
    Ok(tape_analysis::make(name)?)
}

/// Returns all statistics of the registry: statistics of light curves, then statistics that compare the bands of an
/// object.
#[must_use]
pub fn statistics() -> Vec<Statistic> {
    [tape_analysis::registry(), tape_analysis::object_registry()].concat()
}

/// Returns the statistics called `names`, in that order and without duplicates. A name can be a group: `variability`,
/// `all` or `multiband`.
///
/// # Errors
/// As [`statistic`].
///
/// ```
/// let named = tape::statistics_named(&["eta", "variability"])?;
/// assert_eq!(named[0].info().name, "eta");
/// assert_eq!(named.len(), tape::statistics_named(&["variability"])?.len());
/// # Ok::<(), tape::Error>(())
/// ```
pub fn statistics_named<S: AsRef<str>>(names: &[S]) -> Result<Vec<Statistic>, Error> {
    Ok(asked_for(names)?.into_iter().map(|(_, statistic)| statistic).collect())
}

/// Like [`statistics_named`], but returns each statistic with the name and parameters by which it was requested. Its
/// own name does not always include them.
pub(crate) fn asked_for<S: AsRef<str>>(names: &[S]) -> Result<Vec<(String, Statistic)>, Error> {
    let mut named: Vec<(String, Statistic)> = Vec::new();
    for name in names {
        let members = tape_analysis::group(name.as_ref()).unwrap_or_else(|| vec![name.as_ref()]);
        for member in members {
            let found = statistic(member)?;
            if named.iter().all(|(_, other)| other.info().name != found.info().name) {
                named.push((member.to_owned(), found));
            }
        }
    }
    Ok(named)
}

/// Returns the steps called `names`, in that order.
pub(crate) fn steps_named<S: AsRef<str>>(names: &[S]) -> Result<Vec<Arc<dyn LightCurveStep>>, Error> {
    Ok(names.iter().map(|name| tape_analysis::steps::make(name.as_ref())).collect::<Result<_, _>>()?)
}
