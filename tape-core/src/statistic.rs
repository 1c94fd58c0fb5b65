//! The kinds of statistic, and how statistics describe themselves.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field};

use crate::chunk::Chunk;
use crate::device::DeviceKernel;
use crate::light_curve::LightCurve;
use crate::many_rows::ManyRows;
use crate::object::{Object, WholeObject};
use crate::presets::Quantity;
use crate::rows::Columns;
use crate::spectrum::Spectral;

/// An error of a statistic. Any error converts to it, and [`downcast`](Box::downcast) recovers the original.
pub type StatisticError = Box<dyn Error + Send + Sync>;

/// The inputs that a statistic depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The fluxes. They are always read, because a row without a valid flux is not an epoch.
    pub flux: bool,
    /// The times.
    pub time: bool,
    /// The errors.
    pub error: bool,
    /// The time order of the epochs. A statistic that declares it receives epochs sorted by (time, flux, error), so
    /// that results do not depend on the input order, even where times repeat.
    pub order: bool,
}

impl Inputs {
    /// Only the number of epochs.
    pub const NONE: Self = Self { flux: false, time: false, error: false, order: false };
    /// Only the flux.
    pub const FLUX: Self = Self { flux: true, ..Self::NONE };
    /// Only the times, in any order.
    pub const TIME: Self = Self { time: true, ..Self::NONE };
    /// Flux and error.
    pub const FLUX_ERROR: Self = Self { error: true, ..Self::FLUX };
    /// Times and fluxes, in time order.
    pub const TIME_FLUX: Self = Self { time: true, order: true, ..Self::FLUX };
    /// All inputs, in time order.
    pub const ALL: Self = Self { flux: true, time: true, error: true, order: true };

    /// Returns the union of both inputs.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            flux: self.flux || other.flux,
            time: self.time || other.time,
            error: self.error || other.error,
            order: self.order || other.order,
        }
    }

    /// Returns the columns to read. Time is read only if a statistic uses it or depends on the order.
    #[must_use]
    pub const fn columns(self) -> Columns {
        Columns { time: self.time || self.order, flux: true, error: self.error, band: true }
    }
}

/// A result. It is [`Value::Null`] if a light curve has too few epochs. A float that is undefined for another reason,
/// such as a ratio of two zeros, is NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Value {
    /// A missing result.
    #[default]
    Null,
    /// A real number.
    Float(f64),
    /// An integer.
    Int(i64),
    /// A truth value.
    Bool(bool),
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

/// The type of one output column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputType {
    /// [`Value::Float`].
    Float,
    /// [`Value::Int`].
    Int,
    /// [`Value::Bool`].
    Bool,
}

impl OutputType {
    /// Returns the Arrow type of the column.
    #[must_use]
    pub const fn data_type(self) -> DataType {
        match self {
            Self::Float => DataType::Float64,
            Self::Int => DataType::Int64,
            Self::Bool => DataType::Boolean,
        }
    }
}

/// An output column of a statistic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The column's name.
    pub name: Cow<'static, str>,
    /// The column's type.
    pub output_type: OutputType,
}

impl Output {
    /// Creates a column of real numbers.
    #[must_use]
    pub fn float(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), output_type: OutputType::Float }
    }

    /// Creates a column of integers.
    #[must_use]
    pub fn int(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), output_type: OutputType::Int }
    }
}

/// The description of a statistic.
#[derive(Clone, Debug)]
pub struct Info {
    /// Name in lower case with underscores. Also the name of the output column, if there is only one.
    pub name: Cow<'static, str>,
    /// One-line summary.
    pub summary: Cow<'static, str>,
    /// Formula, with its symbols explained.
    pub formula: Cow<'static, str>,
    /// Inputs that the statistic depends on.
    pub inputs: Inputs,
    /// Output columns.
    pub outputs: Vec<Output>,
    /// Minimum number of epochs. With fewer, all outputs are null.
    pub min_epochs: usize,
    /// Bands that a statistic of objects compares, or all bands of an object if empty. Other statistics leave it empty.
    pub bands: Vec<String>,
    /// The quantity that the statistic is defined for, if it is defined for one only.
    pub quantity: Option<Quantity>,
    /// Reference, with DOI.
    pub reference: Cow<'static, str>,
    /// The largest relative difference between two ways of summing `n` epochs in f64.
    pub tolerance: fn(n: usize) -> f64,
}

impl Info {
    /// Creates the description of a statistic with one float output of the same name, at least one epoch, and the
    /// default tolerance.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>, inputs: Inputs) -> Self {
        let name = name.into();
        Self {
            outputs: vec![Output::float(name.clone())],
            name,
            summary: Cow::Borrowed(""),
            formula: Cow::Borrowed(""),
            inputs,
            min_epochs: 1,
            bands: vec![],
            quantity: None,
            reference: Cow::Borrowed(""),
            tolerance: |_| 1e-12,
        }
    }

    /// Returns the output columns as Arrow fields.
    pub fn fields(&self) -> impl Iterator<Item = Field> + '_ {
        self.outputs.iter().map(|o| Field::new(o.name.as_ref(), o.output_type.data_type(), true))
    }
}

/// A statistic whose partial results can be combined. Any split of a light curve gives the same result, so a plan need
/// not bring all its epochs together.
pub trait Fold: Send + Sync {
    /// Returns the description of the statistic.
    fn info(&self) -> &Info;

    /// Returns the number of floats in a partial state. All zeros is the empty state, the identity of
    /// [`Fold::combine`].
    fn state_len(&self) -> usize;

    /// Computes the state of some epochs of a light curve, and writes it to `state`.
    fn lift(&self, epochs: &LightCurve<'_>, state: &mut [f64]);

    /// Merges the state `other` into `state`.
    fn combine(&self, state: &mut [f64], other: &[f64]);

    /// Computes the outputs of a light curve that has at least [`Info::min_epochs`] epochs.
    fn finish(&self, state: &[f64], out: &mut [Value]);

    /// Returns the device kernel that computes states, if there is one.
    fn kernel(&self) -> Option<&'static DeviceKernel> {
        None
    }

    /// Computes the outputs of all light curves of a chunk; see [`WholeLightCurve::evaluate_chunk`].
    fn evaluate_chunk(&self, _chunk: &Chunk, _out: &mut [Value]) -> bool {
        false
    }
}

/// A statistic that needs all epochs of a light curve at once.
pub trait WholeLightCurve: Send + Sync {
    /// Returns the description of the statistic.
    fn info(&self) -> &Info;

    /// Computes the outputs of a light curve that has at least [`Info::min_epochs`] epochs. `out` has one element for
    /// each of [`Info::outputs`].
    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]);

    /// Like [`WholeLightCurve::evaluate`], for a statistic that can fail. An error ends the run, which returns it with
    /// the object and the band. Plans call this method. `evaluate` should write nulls where this method fails.
    ///
    /// # Errors
    /// Any error of the statistic. The default implementation never fails.
    fn try_evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) -> Result<(), StatisticError> {
        self.evaluate(light_curve, out);
        Ok(())
    }

    /// Computes the outputs of all light curves of a chunk, segment by segment, if that is faster than one at a time.
    /// The implementation has to check [`Info::min_epochs`] itself. Returns `false`, with nothing written, if the
    /// statistic does not support it.
    fn evaluate_chunk(&self, _chunk: &Chunk, _out: &mut [Value]) -> bool {
        false
    }

    /// Returns the device kernel that computes outputs, if there is one.
    fn kernel(&self) -> Option<&'static DeviceKernel> {
        None
    }

    /// Returns the part that a device can compute, for a statistic that searches frequencies.
    fn spectral(&self) -> Option<&dyn Spectral> {
        None
    }
}

/// A statistic of any kind. The kind decides which plans are valid.
#[derive(Clone)]
pub enum Statistic {
    /// Partial results can be combined.
    Fold(Arc<dyn Fold>),
    /// Needs all epochs of a light curve at once.
    Whole(Arc<dyn WholeLightCurve>),
    /// Needs all epochs of an object at once, in all bands.
    Object(Arc<dyn WholeObject>),
    /// Needs all epochs of a light curve at once, and returns many rows for each.
    Rows(Arc<dyn ManyRows>),
}

impl Statistic {
    /// Wraps a fold.
    pub fn fold(fold: impl Fold + 'static) -> Self {
        Self::Fold(Arc::new(fold))
    }

    /// Wraps a statistic of whole light curves.
    pub fn whole(statistic: impl WholeLightCurve + 'static) -> Self {
        Self::Whole(Arc::new(statistic))
    }

    /// Wraps a statistic that compares the bands of an object.
    pub fn object(statistic: impl WholeObject + 'static) -> Self {
        Self::Object(Arc::new(statistic))
    }

    /// Wraps a statistic with many rows for each light curve.
    pub fn rows(statistic: impl ManyRows + 'static) -> Self {
        Self::Rows(Arc::new(statistic))
    }

    /// Returns the description of the statistic.
    #[must_use]
    #[inline]
    pub fn info(&self) -> &Info {
        match self {
            Self::Fold(fold) => fold.info(),
            Self::Whole(whole) => whole.info(),
            Self::Object(object) => object.info(),
            Self::Rows(rows) => rows.info(),
        }
    }

    /// Returns true if partial results can be combined.
    #[must_use]
    pub const fn is_fold(&self) -> bool {
        matches!(self, Self::Fold(_))
    }

    /// Returns true if there is one result for all bands of an object.
    #[must_use]
    pub const fn is_of_objects(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Returns true if there are many rows for each light curve, so that the statistic must be the only one of its run.
    #[must_use]
    pub const fn has_many_rows(&self) -> bool {
        matches!(self, Self::Rows(_))
    }

    /// Computes the outputs for an object. All are null if a band is missing or has too few epochs, if this is a
    /// statistic of single light curves, or if it fails.
    pub fn evaluate_object(&self, object: &Object<'_>, out: &mut [Value]) {
        if self.try_evaluate_object(object, out).is_err() {
            self.undefined(out);
        }
    }

    /// Like [`Statistic::evaluate_object`], but returns the error if the statistic fails.
    ///
    /// # Errors
    /// Any error of the statistic.
    pub fn try_evaluate_object(&self, object: &Object<'_>, out: &mut [Value]) -> Result<(), StatisticError> {
        let Info { bands, min_epochs, .. } = self.info();
        let enough = |label: &String| object.band(label).is_some_and(|light_curve| light_curve.len() >= *min_epochs);
        match self {
            Self::Object(whole) if bands.iter().all(enough) => return whole.try_evaluate(object, out),
            _ => self.undefined(out),
        }
        Ok(())
    }

    /// Computes the outputs for a light curve. All are null if there are too few epochs, or if the statistic fails;
    /// [`Statistic::try_evaluate`] returns the error. For a statistic of objects, the light curve is the only one of
    /// its object. For a statistic with many rows, the outputs are null.
    pub fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        if self.try_evaluate(light_curve, out).is_err() {
            self.undefined(out);
        }
    }

    /// Like [`Statistic::evaluate`], but returns the error if the statistic fails.
    ///
    /// # Errors
    /// Any error of the statistic.
    #[inline]
    pub fn try_evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) -> Result<(), StatisticError> {
        if light_curve.len() < self.info().min_epochs {
            self.undefined(out);
            return Ok(());
        }
        match self {
            Self::Whole(whole) => return whole.try_evaluate(light_curve, out),
            Self::Object(_) => return self.try_evaluate_object(&Object::new(std::slice::from_ref(light_curve)), out),
            Self::Rows(_) => self.undefined(out),
            Self::Fold(fold) => lift_and_finish(&**fold, light_curve, out),
        }
        Ok(())
    }

    /// Computes the outputs for all light curves or objects of a chunk, if the statistic can compute many at once; see
    /// [`WholeLightCurve::evaluate_chunk`].
    pub fn evaluate_chunk(&self, chunk: &Chunk, out: &mut [Value]) -> bool {
        match self {
            Self::Whole(whole) => whole.evaluate_chunk(chunk, out),
            Self::Fold(fold) => fold.evaluate_chunk(chunk, out),
            Self::Object(object) => object.evaluate_chunk(chunk, out),
            Self::Rows(_) => false,
        }
    }

    /// Returns the device kernel, if there is one.
    #[must_use]
    pub fn kernel(&self) -> Option<&'static DeviceKernel> {
        match self {
            Self::Whole(whole) => whole.kernel(),
            Self::Fold(fold) => fold.kernel(),
            Self::Object(_) | Self::Rows(_) => None,
        }
    }

    /// Returns the part that a device can compute, for a statistic that searches frequencies.
    #[must_use]
    pub fn spectral(&self) -> Option<&dyn Spectral> {
        match self {
            Self::Whole(whole) => whole.spectral(),
            Self::Object(object) => object.spectral(),
            Self::Fold(_) | Self::Rows(_) => None,
        }
    }

    /// Sets all outputs to null, as for a light curve with too few epochs.
    pub fn undefined(&self, out: &mut [Value]) {
        out[..self.info().outputs.len()].fill(Value::Null);
    }
}

/// Computes the outputs of a fold for all epochs of a light curve.
fn lift_and_finish(fold: &dyn Fold, light_curve: &LightCurve<'_>, out: &mut [Value]) {
    // Most states are short and fit on the stack.
    let mut state = [0.0; 16];
    match state.get_mut(..fold.state_len()) {
        Some(state) => {
            fold.lift(light_curve, state);
            fold.finish(state, out);
        }
        None => lift_and_finish_long(fold, light_curve, out),
    }
}

/// Like [`lift_and_finish`], for a state of any length. It is a separate function because the drop glue of the heap
/// buffer costs short states a few nanoseconds.
#[cold]
#[inline(never)]
fn lift_and_finish_long(fold: &dyn Fold, light_curve: &LightCurve<'_>, out: &mut [Value]) {
    let mut state = vec![0.0; fold.state_len()];
    fold.lift(light_curve, &mut state);
    fold.finish(&state, out);
}

impl fmt::Debug for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Statistic({})", self.info().name)
    }
}
