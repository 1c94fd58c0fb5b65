//! A statistic with many rows for each light curve.

use crate::chunk::Chunk;
use crate::light_curve::LightCurve;
use crate::pairs::Pairwise;
use crate::statistic::{Info, StatisticError, Value};

/// A statistic with any number of rows for each light curve, none included. It is alone in its run: the rows of others
/// would not be beside its own.
pub trait ManyRows: Send + Sync {
    /// What it is.
    fn info(&self) -> &Info;

    /// Appends the rows of a light curve that has at least [`Info::min_epochs`] epochs: for each of them a value for each
    /// of [`Info::outputs`].
    fn rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>);

    /// Appends the same as [`ManyRows::rows`], for a statistic that can fail, as
    /// [`WholeLightCurve::try_evaluate`](crate::WholeLightCurve::try_evaluate).
    ///
    /// # Errors
    /// Any error of the statistic's own. There is none by default.
    fn try_rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>) -> Result<(), StatisticError> {
        self.rows(light_curve, out);
        Ok(())
    }

    /// The rows of all light curves of a chunk, segment by segment, for a statistic that is faster on many at once; none if it
    /// is not one. Those of light curves with fewer epochs than [`Info::min_epochs`] are empty.
    fn rows_of_chunk(&self, _chunk: &Chunk) -> Option<Vec<Vec<Value>>> {
        None
    }

    /// What of it a device computes of all pairs of epochs, if it is made of them.
    fn pairwise(&self) -> Option<&dyn Pairwise> {
        None
    }
}
