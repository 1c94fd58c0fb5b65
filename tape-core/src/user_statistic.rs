//! Statistics from closures.

use std::borrow::Cow;

use crate::light_curve::LightCurve;
use crate::statistic::{Info, Inputs, Statistic, StatisticError, Value, WholeLightCurve};

impl Statistic {
    /// Creates a statistic from a closure that maps a light curve to a number.
    ///
    /// ```
    /// use tape_core::{Inputs, LightCurve, Statistic};
    /// let brightest = Statistic::from_fn("brightest", Inputs::FLUX, |light_curve: &LightCurve<'_>| {
    ///     light_curve.flux().iter().copied().fold(f64::INFINITY, f64::min)
    /// });
    /// assert_eq!(brightest.info().name, "brightest");
    /// ```
    pub fn from_fn<F>(name: impl Into<Cow<'static, str>>, inputs: Inputs, f: F) -> Self
    where
        F: Fn(&LightCurve<'_>) -> f64 + Send + Sync + 'static,
    {
        Self::from_fn_outputs(Info::new(name, inputs), move |light_curve, out| {
            out[0] = Value::Float(f(light_curve));
        })
    }

    /// Creates a statistic with several outputs from a closure. `f` writes to a slice with one element for each of
    /// `info.outputs`.
    pub fn from_fn_outputs<F>(info: Info, f: F) -> Self
    where
        F: Fn(&LightCurve<'_>, &mut [Value]) + Send + Sync + 'static,
    {
        Self::whole(UserFn { info, f })
    }

    /// Creates a statistic from a closure that maps a light curve to a number or an error. An error ends the run, and
    /// is the [`source`](std::error::Error::source) of the error that the run returns.
    ///
    /// ```
    /// use tape_core::{Inputs, LightCurve, Statistic};
    /// let ratio = Statistic::try_from_fn("ratio", Inputs::FLUX, |light_curve: &LightCurve<'_>| {
    ///     let flux = light_curve.flux();
    ///     if flux.len() % 2 == 1 { Err("an odd number of epochs") } else { Ok(flux[0] / flux[1]) }
    /// });
    /// let error = ratio.try_evaluate(&LightCurve::new(&[1.0; 3]), &mut [Default::default()]).unwrap_err();
    /// assert_eq!(error.to_string(), "an odd number of epochs");
    /// ```
    pub fn try_from_fn<F, E>(name: impl Into<Cow<'static, str>>, inputs: Inputs, f: F) -> Self
    where
        F: Fn(&LightCurve<'_>) -> Result<f64, E> + Send + Sync + 'static,
        E: Into<StatisticError>,
    {
        Self::try_from_fn_outputs(Info::new(name, inputs), move |light_curve, out| {
            out[0] = Value::Float(f(light_curve)?);
            Ok::<(), E>(())
        })
    }

    /// Creates a statistic with several outputs from a closure that can fail; see [`Statistic::try_from_fn`].
    pub fn try_from_fn_outputs<F, E>(info: Info, f: F) -> Self
    where
        F: Fn(&LightCurve<'_>, &mut [Value]) -> Result<(), E> + Send + Sync + 'static,
        E: Into<StatisticError>,
    {
        let f = move |light_curve: &LightCurve<'_>, out: &mut [Value]| f(light_curve, out).map_err(Into::into);
        Self::whole(FallibleFn { info, f })
    }
}

struct UserFn<F> {
    info: Info,
    f: F,
}

impl<F> WholeLightCurve for UserFn<F>
where
    F: Fn(&LightCurve<'_>, &mut [Value]) + Send + Sync,
{
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        (self.f)(light_curve, out);
    }
}

struct FallibleFn<F> {
    info: Info,
    f: F,
}

impl<F> WholeLightCurve for FallibleFn<F>
where
    F: Fn(&LightCurve<'_>, &mut [Value]) -> Result<(), StatisticError> + Send + Sync,
{
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        if (self.f)(light_curve, out).is_err() {
            out.fill(Value::Null);
        }
    }

    fn try_evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) -> Result<(), StatisticError> {
        (self.f)(light_curve, out)
    }
}
