//! Statistics by name.

use tape_core::{Statistic, nearest};

use crate::error::Error;

/// The statistic called `name`.
///
/// # Errors
/// [`Error::UnknownStatistic`], with the name most like it.
pub fn statistic(name: &str) -> Result<Statistic, Error> {
    let all = statistics();
    if let Some(found) = all.iter().find(|s| s.info().name == name) {
        return Ok(found.clone());
    }
    let known: Vec<String> = all.iter().map(|s| s.info().name.to_string()).collect();
    let nearest = nearest(name, &known).map(str::to_owned);
    Err(Error::UnknownStatistic { name: name.to_owned(), nearest, known })
}

/// All statistics of the registry.
#[must_use]
pub fn statistics() -> Vec<Statistic> {
    tape_analysis::registry().to_vec()
}

/// The statistics called `names`, in that order and each once; a name may be that of a group, `variability` or `all`.
///
/// # Errors
/// [`Error::UnknownStatistic`], with the name most like it.
///
/// ```
/// let named = tape::statistics_named(&["eta", "variability"])?;
/// assert_eq!(named[0].info().name, "eta");
/// assert_eq!(named.len(), tape::statistics_named(&["variability"])?.len());
/// # Ok::<(), tape::Error>(())
/// ```
pub fn statistics_named<S: AsRef<str>>(names: &[S]) -> Result<Vec<Statistic>, Error> {
    let mut named: Vec<Statistic> = Vec::new();
    for name in names {
        let members = tape_analysis::group(name.as_ref()).unwrap_or_else(|| vec![name.as_ref()]);
        for member in members {
            let found = statistic(member)?;
            if named.iter().all(|other| other.info().name != found.info().name) {
                named.push(found);
            }
        }
    }
    Ok(named)
}
