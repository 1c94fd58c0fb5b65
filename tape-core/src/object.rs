//! What a statistic of whole objects receives: the light curves of one object, in all bands at once.

use crate::chunk::Chunk;
use crate::light_curve::LightCurve;
use crate::spectrum::Spectral;
use crate::statistic::{Info, StatisticError, Value};

/// The light curves of one object: one for each band that counts and in which it was observed, in the order of results.
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
    /// An object with these light curves, of which each has a band of its own.
    #[must_use]
    pub const fn new(light_curves: &'a [LightCurve<'a>]) -> Self {
        Self { light_curves }
    }

    /// All its light curves.
    #[must_use]
    pub const fn light_curves(&self) -> &'a [LightCurve<'a>] {
        self.light_curves
    }

    /// Returns whether work on it should stop, as [`LightCurve::cancelled`].
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.light_curves.first().is_some_and(LightCurve::cancelled)
    }

    /// Its light curve in the band of that label. It may be empty, if all epochs were left out.
    #[must_use]
    pub fn band(&self, label: &str) -> Option<&'a LightCurve<'a>> {
        self.light_curves.iter().find(|light_curve| light_curve.band() == label)
    }
}

/// A statistic that compares the bands of an object, and needs all epochs of it at once. It has one result for the object,
/// in a row without a band.
pub trait WholeObject: Send + Sync {
    /// What it is. [`Info::bands`] are those without which there is no result, nor with fewer than [`Info::min_epochs`]
    /// epochs in each.
    fn info(&self) -> &Info;

    /// The outputs of an object that has these bands; `out` has one place for each of [`Info::outputs`].
    fn evaluate(&self, object: &Object<'_>, out: &mut [Value]);

    /// Writes the same as [`WholeObject::evaluate`], for a statistic that can fail, as
    /// [`WholeLightCurve::try_evaluate`](crate::WholeLightCurve::try_evaluate).
    ///
    /// # Errors
    /// Any error of the statistic's own. There is none by default.
    fn try_evaluate(&self, object: &Object<'_>, out: &mut [Value]) -> Result<(), StatisticError> {
        self.evaluate(object, out);
        Ok(())
    }

    /// The outputs of all objects of a chunk, those of each side by side, as
    /// [`WholeLightCurve::evaluate_chunk`](crate::WholeLightCurve::evaluate_chunk).
    fn evaluate_chunk(&self, _chunk: &Chunk, _out: &mut [Value]) -> bool {
        false
    }

    /// What of it a device computes at many frequencies, if it searches them. It then asks for no band by its label.
    fn spectral(&self) -> Option<&dyn Spectral> {
        None
    }
}
