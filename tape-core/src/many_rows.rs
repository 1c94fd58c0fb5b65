//! Statistics with several rows for each light curve.

use crate::chunk::Chunk;
use crate::light_curve::LightCurve;
use crate::pairs::Pairwise;
use crate::statistic::{Info, StatisticError, Value};

/// A statistic with any number of rows (including zero) for each light curve. It must be the only statistic of its run,
/// because its rows do not line up with those of others.
pub trait ManyRows: Send + Sync {
    /// Returns the description of the statistic.
    fn info(&self) -> &Info;

    /// Appends the rows of a light curve with at least [`Info::min_epochs`] epochs. Each row has one value for each of
    /// [`Info::outputs`].
    fn rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>);

    /// Like [`ManyRows::rows`], for a statistic that can fail; see
    /// [`WholeLightCurve::try_evaluate`](crate::WholeLightCurve::try_evaluate).
    ///
    /// # Errors
    /// Any error of the statistic. The default implementation never fails.
    fn try_rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>) -> Result<(), StatisticError> {
        self.rows(light_curve, out);
        Ok(())
    }

    /// Returns the rows of all light curves of a chunk, segment by segment, or `None` if the statistic has no faster
    /// way to compute many light curves at once. Light curves with fewer epochs than [`Info::min_epochs`] have no rows.
    fn rows_of_chunk(&self, _chunk: &Chunk) -> Option<Vec<Vec<Value>>> {
        None
    }

    /// Returns the part that a device can compute, for a statistic of pairs of epochs.
    fn pairwise(&self) -> Option<&dyn Pairwise> {
        None
    }
}
