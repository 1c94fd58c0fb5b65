//! Runs statistics that have a kernel on a device, with the same plans.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tape_core::{
    Chunk, DeviceKernel, Fold, Info, LightCurve, ManyRows, Object, Pairwise, Spectral, Statistic, StatisticError,
    Value, WholeLightCurve, WholeObject,
};
use tape_gpu::{Choice, Evaluated, Gpu};

use crate::error::Error;

/// An open device and counters of its work. Clones share the device.
#[derive(Clone, Debug)]
pub struct Device(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    gpu: Gpu,
    by_device: AtomicU64,
    by_cpu: AtomicU64,
    gave_up: Mutex<Option<String>>,
}

/// The work of a device in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceReport {
    /// Name of the device.
    pub name: String,
    /// Number of values that the device computed.
    pub by_device: u64,
    /// Number of values that the CPU computed instead, because a light curve was too long, out of the device's range,
    /// or its result was in doubt.
    pub by_cpu: u64,
    /// Error after which the CPU computed the rest, if any.
    pub gave_up: Option<String>,
}

impl Device {
    /// Opens the fastest device, or the first whose name contains `name`.
    ///
    /// # Errors
    /// If there is no such device, or it cannot be opened.
    pub fn open(name: Option<&str>) -> Result<Self, Error> {
        let choice = name.map_or(Choice::Any, |name| Choice::Named(name.to_owned()));
        let gpu = Gpu::open(&choice)?;
        Ok(Self(Arc::new(Shared {
            gpu,
            by_device: AtomicU64::new(0),
            by_cpu: AtomicU64::new(0),
            gave_up: Mutex::default(),
        })))
    }

    /// Returns the statistic, computed on the device if it has a kernel. If the device fails, the CPU takes over.
    #[must_use]
    pub fn accelerate(&self, statistic: &Statistic) -> Statistic {
        if !self.0.gpu.has_kernel(statistic) {
            return statistic.clone();
        }
        let on_device = || OnDevice { inner: statistic.clone(), device: self.clone() };
        match statistic {
            Statistic::Fold(fold) => Statistic::fold(FoldOnDevice { fold: Arc::clone(fold), on_device: on_device() }),
            Statistic::Whole(whole) => {
                Statistic::whole(WholeOnDevice { whole: Arc::clone(whole), on_device: on_device() })
            }
            Statistic::Object(object) => {
                Statistic::object(ObjectOnDevice { object: Arc::clone(object), on_device: on_device() })
            }
            Statistic::Rows(many) => Statistic::rows(RowsOnDevice { many: Arc::clone(many), on_device: on_device() }),
        }
    }

    /// Returns the underlying device.
    #[must_use]
    pub fn gpu(&self) -> &Gpu {
        &self.0.gpu
    }

    /// Returns the work of the device so far.
    #[must_use]
    pub fn report(&self) -> DeviceReport {
        let shared = &self.0;
        DeviceReport {
            name: shared.gpu.adapter().name.clone(),
            by_device: shared.by_device.load(Ordering::Relaxed),
            by_cpu: shared.by_cpu.load(Ordering::Relaxed),
            gave_up: shared.gave_up.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Destroys the device, as a reset of its driver would. The CPU then computes the rest.
    pub fn destroy(&self) {
        self.0.gpu.destroy();
    }
}

struct OnDevice {
    inner: Statistic,
    device: Device,
}

impl OnDevice {
    /// Returns true if the device computed the chunk.
    fn evaluate_chunk(&self, chunk: &Chunk, out: &mut [Value]) -> bool {
        let evaluate = |gpu: &Gpu| gpu.evaluate_chunk(&self.inner, chunk, out).map(|done| Some(((), done?)));
        self.ask(evaluate).is_some()
    }

    /// Returns the result of the device. After an error, the device is not used again.
    fn ask<T>(&self, act: impl FnOnce(&Gpu) -> tape_gpu::Result<Option<(T, Evaluated)>>) -> Option<T> {
        let shared = &self.device.0;
        if shared.gave_up.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return None;
        }
        match act(&shared.gpu) {
            Ok(Some((done, evaluated))) => {
                shared.by_device.fetch_add(evaluated.by_device as u64, Ordering::Relaxed);
                shared.by_cpu.fetch_add(evaluated.by_cpu as u64, Ordering::Relaxed);
                Some(done)
            }
            Ok(None) => None,
            Err(error) => {
                let mut gave_up = shared.gave_up.lock().unwrap_or_else(PoisonError::into_inner);
                gave_up.get_or_insert(error.to_string());
                None
            }
        }
    }
}

struct FoldOnDevice {
    fold: Arc<dyn Fold>,
    on_device: OnDevice,
}

impl Fold for FoldOnDevice {
    fn info(&self) -> &Info {
        self.fold.info()
    }

    fn state_len(&self) -> usize {
        self.fold.state_len()
    }

    fn lift(&self, epochs: &LightCurve<'_>, state: &mut [f64]) {
        self.fold.lift(epochs, state);
    }

    fn combine(&self, state: &mut [f64], other: &[f64]) {
        self.fold.combine(state, other);
    }

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        self.fold.finish(state, out);
    }

    fn kernel(&self) -> Option<&'static DeviceKernel> {
        self.fold.kernel()
    }

    fn evaluate_chunk(&self, chunk: &Chunk, out: &mut [Value]) -> bool {
        self.on_device.evaluate_chunk(chunk, out) || self.fold.evaluate_chunk(chunk, out)
    }
}

struct WholeOnDevice {
    whole: Arc<dyn WholeLightCurve>,
    on_device: OnDevice,
}

impl WholeLightCurve for WholeOnDevice {
    fn info(&self) -> &Info {
        self.whole.info()
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        self.whole.evaluate(light_curve, out);
    }

    fn try_evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) -> Result<(), StatisticError> {
        self.whole.try_evaluate(light_curve, out)
    }

    fn evaluate_chunk(&self, chunk: &Chunk, out: &mut [Value]) -> bool {
        self.on_device.evaluate_chunk(chunk, out) || self.whole.evaluate_chunk(chunk, out)
    }

    fn kernel(&self) -> Option<&'static DeviceKernel> {
        self.whole.kernel()
    }

    fn spectral(&self) -> Option<&dyn Spectral> {
        self.whole.spectral()
    }
}

struct ObjectOnDevice {
    object: Arc<dyn WholeObject>,
    on_device: OnDevice,
}

impl WholeObject for ObjectOnDevice {
    fn info(&self) -> &Info {
        self.object.info()
    }

    fn evaluate(&self, object: &Object<'_>, out: &mut [Value]) {
        self.object.evaluate(object, out);
    }

    fn try_evaluate(&self, object: &Object<'_>, out: &mut [Value]) -> Result<(), StatisticError> {
        self.object.try_evaluate(object, out)
    }

    fn evaluate_chunk(&self, chunk: &Chunk, out: &mut [Value]) -> bool {
        self.on_device.evaluate_chunk(chunk, out) || self.object.evaluate_chunk(chunk, out)
    }

    fn spectral(&self) -> Option<&dyn Spectral> {
        self.object.spectral()
    }
}

struct RowsOnDevice {
    many: Arc<dyn ManyRows>,
    on_device: OnDevice,
}

impl ManyRows for RowsOnDevice {
    fn info(&self) -> &Info {
        self.many.info()
    }

    fn rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>) {
        self.many.rows(light_curve, out);
    }

    fn try_rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>) -> Result<(), StatisticError> {
        self.many.try_rows(light_curve, out)
    }

    fn rows_of_chunk(&self, chunk: &Chunk) -> Option<Vec<Vec<Value>>> {
        let on_device = self.on_device.ask(|gpu| gpu.rows_of_chunk(&self.on_device.inner, chunk));
        on_device.or_else(|| self.many.rows_of_chunk(chunk))
    }

    fn pairwise(&self) -> Option<&dyn Pairwise> {
        self.many.pairwise()
    }
}
