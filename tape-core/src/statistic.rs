//! What is computed per light curve or object: the kinds of statistic, and what they say of themselves.

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

/// An error of a statistic's own. Any error converts into it, and [`downcast`](Box::downcast) gives it back.
pub type StatisticError = Box<dyn Error + Send + Sync>;

/// What a statistic depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The fluxes. They are always read, because a row without a valid flux is no epoch.
    pub flux: bool,
    /// The times.
    pub time: bool,
    /// The errors.
    pub error: bool,
    /// The order of the epochs in time: a statistic that declares it gets them sorted by (time, flux, error), so that no
    /// answer depends on the order of the input, not even where times repeat.
    pub order: bool,
}

impl Inputs {
    /// The number of epochs alone.
    pub const NONE: Self = Self { flux: false, time: false, error: false, order: false };
    /// The flux alone.
    pub const FLUX: Self = Self { flux: true, ..Self::NONE };
    /// The times alone, in any order.
    pub const TIME: Self = Self { time: true, ..Self::NONE };
    /// Flux and error.
    pub const FLUX_ERROR: Self = Self { error: true, ..Self::FLUX };
    /// Flux in time order, and the times.
    pub const TIME_FLUX: Self = Self { time: true, order: true, ..Self::FLUX };
    /// Everything, in time order.
    pub const ALL: Self = Self { flux: true, time: true, error: true, order: true };

    /// What both need together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            flux: self.flux || other.flux,
            time: self.time || other.time,
            error: self.error || other.error,
            order: self.order || other.order,
        }
    }

    /// The columns to read. Time is read only for a statistic that uses it or depends on the order.
    #[must_use]
    pub const fn columns(self) -> Columns {
        Columns { time: self.time || self.order, flux: true, error: self.error, band: true }
    }
}

/// One result. [`Value::Null`] says that there is none, because a light curve has too few epochs; a float that is undefined
/// for another reason, such as a ratio of two zeros, is NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Value {
    /// No result.
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
pub enum OutputType {
    /// [`Value::Float`].
    Float,
    /// [`Value::Int`].
    Int,
    /// [`Value::Bool`].
    Bool,
}

impl OutputType {
    /// The Arrow type of the column.
    #[must_use]
    pub const fn data_type(self) -> DataType {
        match self {
            Self::Float => DataType::Float64,
            Self::Int => DataType::Int64,
            Self::Bool => DataType::Boolean,
        }
    }
}

/// One output column of a statistic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The column's name.
    pub name: Cow<'static, str>,
    /// The column's type.
    pub output_type: OutputType,
}

impl Output {
    /// A column of real numbers.
    #[must_use]
    pub fn float(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), output_type: OutputType::Float }
    }

    /// A column of integers.
    #[must_use]
    pub fn int(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), output_type: OutputType::Int }
    }
}

/// What a statistic says of itself.
#[derive(Clone, Debug)]
pub struct Info {
    /// Its name, which is also that of its output if it has one only: lower case with underscores.
    pub name: Cow<'static, str>,
    /// What it is, in one line.
    pub summary: Cow<'static, str>,
    /// The formula, with its symbols explained.
    pub formula: Cow<'static, str>,
    /// What it depends on.
    pub inputs: Inputs,
    /// Its output columns.
    pub outputs: Vec<Output>,
    /// With fewer epochs there is no result: all outputs are null.
    pub min_epochs: usize,
    /// The bands that a statistic of objects compares; all that an object has if none is named. Others name none.
    pub bands: Vec<String>,
    /// What the values must be, if it has a meaning for these alone.
    pub quantity: Option<Quantity>,
    /// Where it comes from, with DOI.
    pub reference: Cow<'static, str>,
    /// The largest relative difference between two ways of summing `n` epochs in f64.
    pub tolerance: fn(n: usize) -> f64,
}

impl Info {
    /// A statistic with one float output of its own name, defined from one epoch on, and the default tolerance.
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

    /// The output columns as Arrow fields.
    pub fn fields(&self) -> impl Iterator<Item = Field> + '_ {
        self.outputs.iter().map(|o| Field::new(o.name.as_ref(), o.output_type.data_type(), true))
    }
}

/// A statistic of which partial results can be combined: any split of a light curve gives the same answer, so no plan has
/// to bring its epochs together.
pub trait Fold: Send + Sync {
    /// What it is.
    fn info(&self) -> &Info;

    /// The number of floats in a partial state. All zeros is the empty state, the identity of [`Fold::combine`].
    fn state_len(&self) -> usize;

    /// Writes the state of some epochs of a light curve over `state`.
    fn lift(&self, epochs: &LightCurve<'_>, state: &mut [f64]);

    /// Adds the epochs behind `other` to `state`.
    fn combine(&self, state: &mut [f64], other: &[f64]);

    /// The outputs of a light curve that has at least [`Info::min_epochs`] epochs.
    fn finish(&self, state: &[f64], out: &mut [Value]);

    /// Its kernel for devices, if it has one, which gives states.
    fn kernel(&self) -> Option<&'static DeviceKernel> {
        None
    }

    /// The outputs of all light curves of a chunk, as [`WholeLightCurve::evaluate_chunk`].
    fn evaluate_chunk(&self, _chunk: &Chunk, _out: &mut [Value]) -> bool {
        false
    }
}

/// A statistic that needs all epochs of a light curve at once.
pub trait WholeLightCurve: Send + Sync {
    /// What it is.
    fn info(&self) -> &Info;

    /// The outputs of a light curve that has at least [`Info::min_epochs`] epochs; `out` has one place for each of
    /// [`Info::outputs`].
    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]);

    /// Writes the same as [`WholeLightCurve::evaluate`], for a statistic that can fail: an error ends the run, which returns
    /// it with the object and the band. Plans call this method; `evaluate` then writes nulls where this one fails.
    ///
    /// # Errors
    /// Any error of the statistic's own. There is none by default.
    fn try_evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) -> Result<(), StatisticError> {
        self.evaluate(light_curve, out);
        Ok(())
    }

    /// The outputs of all light curves of a chunk, those of each segment side by side, for a statistic that is faster on
    /// many at once; [`Info::min_epochs`] is then its own concern. Answers `false`, with nothing written, if it is not one.
    fn evaluate_chunk(&self, _chunk: &Chunk, _out: &mut [Value]) -> bool {
        false
    }

    /// Its kernel for devices, if it has one, which gives outputs.
    fn kernel(&self) -> Option<&'static DeviceKernel> {
        None
    }

    /// What of it a device computes at many frequencies, if it searches them.
    fn spectral(&self) -> Option<&dyn Spectral> {
        None
    }
}

/// A statistic of any kind. The kind decides which plans are legal.
#[derive(Clone)]
pub enum Statistic {
    /// Partial results combine.
    Fold(Arc<dyn Fold>),
    /// All epochs are needed at once.
    Whole(Arc<dyn WholeLightCurve>),
    /// All epochs of an object are needed at once, in all bands.
    Object(Arc<dyn WholeObject>),
    /// All epochs are needed at once, and there are many rows for each light curve.
    Rows(Arc<dyn ManyRows>),
}

impl Statistic {
    /// A fold.
    pub fn fold(fold: impl Fold + 'static) -> Self {
        Self::Fold(Arc::new(fold))
    }

    /// A statistic of whole light curves.
    pub fn whole(statistic: impl WholeLightCurve + 'static) -> Self {
        Self::Whole(Arc::new(statistic))
    }

    /// A statistic that compares the bands of an object.
    pub fn object(statistic: impl WholeObject + 'static) -> Self {
        Self::Object(Arc::new(statistic))
    }

    /// A statistic with many rows for each light curve.
    pub fn rows(statistic: impl ManyRows + 'static) -> Self {
        Self::Rows(Arc::new(statistic))
    }

    /// What it is.
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

    /// Whether partial results combine.
    #[must_use]
    pub const fn is_fold(&self) -> bool {
        matches!(self, Self::Fold(_))
    }

    /// Whether it has one result for all bands of an object.
    #[must_use]
    pub const fn is_of_objects(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Whether it has many rows for each light curve, and is to be alone in a run.
    #[must_use]
    pub const fn has_many_rows(&self) -> bool {
        matches!(self, Self::Rows(_))
    }

    /// The outputs for an object, written over `out`: all null where a band is missing or has too few epochs, for a
    /// statistic of single light curves, and for one that fails.
    pub fn evaluate_object(&self, object: &Object<'_>, out: &mut [Value]) {
        if self.try_evaluate_object(object, out).is_err() {
            self.undefined(out);
        }
    }

    /// The outputs for an object, as [`Statistic::evaluate_object`], or the error of a statistic that fails.
    ///
    /// # Errors
    /// That of the statistic.
    pub fn try_evaluate_object(&self, object: &Object<'_>, out: &mut [Value]) -> Result<(), StatisticError> {
        let Info { bands, min_epochs, .. } = self.info();
        let enough = |label: &String| object.band(label).is_some_and(|light_curve| light_curve.len() >= *min_epochs);
        match self {
            Self::Object(whole) if bands.iter().all(enough) => return whole.try_evaluate(object, out),
            _ => self.undefined(out),
        }
        Ok(())
    }

    /// The outputs for a light curve, written over `out`: all null where there are too few epochs. For a statistic of
    /// objects, it is the only light curve of its object; of one with many rows, the values are null. They are null too
    /// where a statistic fails: [`Statistic::try_evaluate`] returns its error.
    pub fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        if self.try_evaluate(light_curve, out).is_err() {
            self.undefined(out);
        }
    }

    /// The outputs for a light curve, as [`Statistic::evaluate`], or the error of a statistic that fails.
    ///
    /// # Errors
    /// That of the statistic.
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

    /// The outputs for all light curves of a chunk, or for all its objects, if it has a way to compute many at once; see
    /// [`WholeLightCurve::evaluate_chunk`].
    pub fn evaluate_chunk(&self, chunk: &Chunk, out: &mut [Value]) -> bool {
        match self {
            Self::Whole(whole) => whole.evaluate_chunk(chunk, out),
            Self::Fold(fold) => fold.evaluate_chunk(chunk, out),
            Self::Object(object) => object.evaluate_chunk(chunk, out),
            Self::Rows(_) => false,
        }
    }

    /// Its kernel for devices, if it has one.
    #[must_use]
    pub fn kernel(&self) -> Option<&'static DeviceKernel> {
        match self {
            Self::Whole(whole) => whole.kernel(),
            Self::Fold(fold) => fold.kernel(),
            Self::Object(_) | Self::Rows(_) => None,
        }
    }

    /// What of it a device computes at many frequencies, if it searches them.
    #[must_use]
    pub fn spectral(&self) -> Option<&dyn Spectral> {
        match self {
            Self::Whole(whole) => whole.spectral(),
            Self::Object(object) => object.spectral(),
            Self::Fold(_) | Self::Rows(_) => None,
        }
    }

    /// Writes over `out` what stands for each output where a light curve has too few epochs: nothing.
    pub fn undefined(&self, out: &mut [Value]) {
        out[..self.info().outputs.len()].fill(Value::Null);
    }
}

/// The outputs of a fold for all epochs of a light curve.
fn lift_and_finish(fold: &dyn Fold, light_curve: &LightCurve<'_>, out: &mut [Value]) {
    // Most states are short, and need no memory from the heap.
    let mut state = [0.0; 16];
    match state.get_mut(..fold.state_len()) {
        Some(state) => {
            fold.lift(light_curve, state);
            fold.finish(state, out);
        }
        None => lift_and_finish_long(fold, light_curve, out),
    }
}

/// Does the same for a state of any length. It stands apart because memory that must be freed, even where there is none, costs
/// the short states a few nanoseconds.
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
