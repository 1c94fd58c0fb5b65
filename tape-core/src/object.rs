//! The light curves of one object in all bands, as statistics of objects receive them.

use crate::chunk::Chunk;
use crate::light_curve::LightCurve;
use crate::spectrum::Spectral;
use crate::statistic::{Info, StatisticError, Value};

/// The light curves of one object, one for each selected band in which it was observed, in the order of results.
///
/// ```
/// use tape_core::{LightCurve, Object};
/// let light_curves = [LightCurve::new(&[20.1, 20.3]).with_band("g"), LightCurve::new(&[19.5]).with_band("r")];
/// let object = Object::new(&light_curves);
/// assert_eq!(object.band("r").map(LightCurve::len), Some(1));
/// assert!(object.band("i").is_none());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    light_curves: &'a [LightCurve<'a>],
}

impl<'a> Object<'a> {
    /// Creates an object from light curves in different bands.
    #[must_use]
    pub const fn new(light_curves: &'a [LightCurve<'a>]) -> Self {
        Self { light_curves }
    }

    /// Returns all light curves.
    #[must_use]
    pub const fn light_curves(&self) -> &'a [LightCurve<'a>] {
        self.light_curves
    }

    /// Returns true if work on this object should stop, like [`LightCurve::cancelled`].
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.light_curves.first().is_some_and(LightCurve::cancelled)
    }

    /// Returns the light curve in the band `label`. It may be empty if all its epochs were skipped.
    #[must_use]
    pub fn band(&self, label: &str) -> Option<&'a LightCurve<'a>> {
        self.light_curves.iter().find(|light_curve| light_curve.band() == label)
    }
}

/// A statistic that compares the bands of an object, and needs all its epochs at once. It has one result per object, in
/// a row without a band.
pub trait WholeObject: Send + Sync {
    /// Returns the description of the statistic. All of [`Info::bands`] must have at least [`Info::min_epochs`] epochs
    /// for a result.
    fn info(&self) -> &Info;

    /// Computes the outputs of an object that has the required bands. `out` has one element for each of
    /// [`Info::outputs`].
    fn evaluate(&self, object: &Object<'_>, out: &mut [Value]);

    /// Like [`WholeObject::evaluate`], for a statistic that can fail; see
    /// [`WholeLightCurve::try_evaluate`](crate::WholeLightCurve::try_evaluate).
    ///
    /// # Errors
    /// Any error of the statistic. The default implementation never fails.
    fn try_evaluate(&self, object: &Object<'_>, out: &mut [Value]) -> Result<(), StatisticError> {
        self.evaluate(object, out);
        Ok(())
    }

    /// Computes the outputs of all objects of a chunk, object by object; see
    /// [`WholeLightCurve::evaluate_chunk`](crate::WholeLightCurve::evaluate_chunk).
    fn evaluate_chunk(&self, _chunk: &Chunk, _out: &mut [Value]) -> bool {
        false
    }

    /// Returns the part that a device can compute, for a statistic that searches frequencies. Such a statistic must not
    /// look up bands by label.
    fn spectral(&self) -> Option<&dyn Spectral> {
        None
    }
}
