//! A statistic with many rows for each light curve.

use crate::light_curve::LightCurve;
use crate::statistic::{Info, Value};

/// A statistic with any number of rows for each light curve, none included. It is alone in its run: the rows of others
/// would not be beside its own.
pub trait ManyRows: Send + Sync {
    /// What it is.
    fn info(&self) -> &Info;

    /// Appends the rows of a light curve that has at least [`Info::min_epochs`] epochs: for each of them a value for each
    /// of [`Info::outputs`].
    fn rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>);
}
