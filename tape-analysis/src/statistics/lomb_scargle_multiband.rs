//! The period of an object: the highest peaks of the multi-band Lomb–Scargle periodogram of all its bands.
//!
//! The search has two steps. First, the fast multi-band periodogram, in which each band has its own mean and sine,
//! finds `candidates`: its highest peaks among frequencies from 1/`maximum_period` to 1/`minimum_period` in steps of
//! 1/(`samples_per_peak` T), where T is the longest baseline of a band. Then the candidates are ranked by the reduction
//! of χ² by the full model: a mean for each band, `base_terms` harmonics shared by all bands, and `band_terms`
//! harmonics of each band, which `regularisation` keeps small. The first step by itself often prefers an alias, because
//! a single sine cannot follow the shape of a light curve.
//!
//! The power is (χ²₀ − χ²(f))/χ²₀, where χ²₀ is χ² of the means only, and χ²(f) includes the cost of the
//! regularisation.
//!
//! It has one result for each object, in a row without a band.
//!
//! - Parameters: `minimum_period` and `maximum_period`, days, `samples_per_peak`, `base_terms`, `band_terms`,
//!   `regularisation`, `candidates`, `peaks`.
//! - Columns: `lomb_scargle_multiband_period` and `_power`; with more `peaks`, these columns are repeated with `_2`,
//!   `_3`, …, the highest peak first. Parameters other than the default follow `lomb_scargle_multiband` in the name.
//! - Depends on: flux, error and time of all bands in the run, in any order; times may repeat.
//! - Unit: days; powers have none.
//! - Minimum number of observations: one more, over all bands, than the model has parameters; null with fewer. The
//!   model has one parameter for each band, two for each shared harmonic, and two for each harmonic of each band. Bands
//!   without epochs are ignored.
//! - NaN: if no band varies; if the longest baseline is shorter than the shortest period; if the grid would have more
//!   than 33,554,432 frequencies; and for missing peaks. Bands with constant fluxes or equal times are ignored.
//! - It is in no group, because it costs as much as thousands of other statistics.
//! - Reference: VanderPlas & Ivezić 2015, ApJ 812, 18,
//!   [doi:10.1088/0004-637X/812/1/18](https://doi.org/10.1088/0004-637X/812/1/18).
//!
//! ```
//! use tape_core::{LightCurve, Object, Value};
//! let time: Vec<f64> = (0..60).map(f64::from).map(|i| 0.83 * i + 0.3 * i.sin()).collect();
//! let flux = |mean: f64| time.iter().map(|t| mean + (std::f64::consts::TAU * t / 0.57).sin()).collect::<Vec<_>>();
//! let (g, r) = (flux(18.0), flux(17.0));
//! let light_curves = [("g", &g), ("r", &r)]
//!     .map(|(band, flux)| LightCurve::new(flux).with_error(&[0.1; 60]).with_time(&time).with_band(band));
//! let statistic = tape_analysis::make("lomb_scargle_multiband:minimum_period=0.2:maximum_period=1")?;
//! let mut out = [Value::Null; 2];
//! statistic.evaluate_object(&Object::new(&light_curves), &mut out);
//! assert!(matches!(out[0], Value::Float(period) if (period - 0.57).abs() < 1e-6));
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use std::ops::Bound;

use tape_core::{Info, Inputs, LightCurve, Object, Series, Spectral, SpectrumKernel, Statistic, Value, WholeObject};

use super::lomb_scargle::{MAXIMUM, MINIMUM, PEAKS, SAMPLES, Search};
use crate::error::Error;
use crate::kind::{Arguments, Kind};
use crate::parameter::{Allowed, Parameter};
use crate::periodogram::{Grid, KERNEL, LombScargle, Model, MultibandLombScargle, Peak};

const BASE: Parameter = Parameter {
    name: "base_terms",
    summary: "harmonics shared by all bands",
    allowed: Allowed::IntBetween(0, 10),
    default: Some("4"),
};
const BAND: Parameter = Parameter {
    name: "band_terms",
    summary: "harmonics of each band",
    allowed: Allowed::IntBetween(0, 10),
    default: Some("1"),
};
const REGULARISATION: Parameter = Parameter {
    name: "regularisation",
    summary: "cost of the squared amplitudes of a band's harmonics, relative to its weights",
    allowed: Allowed::Float(Bound::Included(0.0), Bound::Excluded(f64::INFINITY)),
    default: Some("0.001"),
};
const CANDIDATES: Parameter = Parameter {
    name: "candidates",
    summary: "peaks of the fast periodogram to rank by the full model",
    allowed: Allowed::IntBetween(1, 10_000),
    default: Some("20"),
};

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "lomb_scargle_multiband",
    summary: "period from the multi-band Lomb–Scargle periodogram of all bands",
    columns: "lomb_scargle_multiband_period and _power; with more {peaks} these are repeated with _2, _3, …; \
              {minimum_period}, {maximum_period}, {samples_per_peak}, {base_terms}, {band_terms}, {regularisation} and \
              {candidates} other than the default are part of the name, as in lomb_scargle_multiband_base_terms2_period",
    parameters: &[MINIMUM, MAXIMUM, SAMPLES, BASE, BAND, REGULARISATION, CANDIDATES, PEAKS],
    registered: &[],
    build: |arguments| Ok(Statistic::object(MultibandPeriod::new(arguments)?)),
};

/// The highest peaks of a multi-band periodogram; see the [module](self).
#[derive(Clone, Debug)]
struct MultibandPeriod {
    info: Info,
    search: Search,
    model: Model,
    candidates: usize,
}

impl MultibandPeriod {
    fn new(arguments: &Arguments) -> Result<Self, Error> {
        let search = Search::of(arguments, &KIND)?;
        let (base_terms, band_terms) = (arguments.int(&BASE)?, arguments.int(&BAND)?);
        if base_terms + band_terms == 0 {
            return Err(Error::BadValue {
                statistic: KIND.name.to_owned(),
                parameter: BAND.name.to_owned(),
                value: "0".to_owned(),
                allowed: "an integer from 1 to 10 if base_terms is 0".to_owned(),
            });
        }
        let (regularisation, candidates) = (arguments.float(&REGULARISATION)?, arguments.int(&CANDIDATES)?);
        let others = [
            (&BASE, base_terms.to_string()),
            (&BAND, band_terms.to_string()),
            (&REGULARISATION, regularisation.to_string()),
            (&CANDIDATES, candidates.to_string()),
        ];
        let name = search.name(&KIND, &others);
        let info = Info {
            summary: KIND.summary.into(),
            formula: format!(
                "1/f at the maximum of (χ²₀ − χ²(f))/χ²₀ among {candidates} peaks of Σ χ²₀ P/Σ χ²₀ over bands; χ²₀: of a mean for \
                 each band, χ²(f): with {base_terms} harmonics of f for all bands and {band_terms} for each, P: power of a \
                 band with one sine"
            )
            .into(),
            outputs: search.outputs(&name, &["period", "power"]),
            reference: "VanderPlas & Ivezić 2015, ApJ 812, 18, doi:10.1088/0004-637X/812/1/18".into(),
            ..Info::new(name, Inputs { order: false, ..Inputs::ALL })
        };
        Ok(Self { info, search, model: Model { base_terms, band_terms, regularisation }, candidates })
    }
}

/// A search of one object.
struct Searched {
    periodogram: MultibandLombScargle,
    grid: Grid,
    model: Model,
    candidates: usize,
    peaks: usize,
}

impl MultibandPeriod {
    /// Returns true if there are more epochs, over all bands, than parameters of the model.
    fn has_enough(&self, light_curves: &[LightCurve<'_>]) -> bool {
        let bands = || light_curves.iter().filter(|light_curve| !light_curve.is_empty());
        let (number, epochs) = (bands().count(), bands().map(LightCurve::len).sum::<usize>());
        let Model { base_terms, band_terms, .. } = self.model;
        epochs > 2 * base_terms + (1 + 2 * band_terms) * number
    }

    fn searched(&self, light_curves: &[LightCurve<'_>]) -> Option<Searched> {
        let bands = light_curves.iter().filter(|light_curve| !light_curve.is_empty());
        let periodogram = |band: &LightCurve<'_>| {
            LombScargle::new(band.time(), band.flux(), band.error()).with_cancellation(band.cancellation())
        };
        let periodogram = MultibandLombScargle::new(bands.map(periodogram));
        let grid = self.search.grid(periodogram.baseline()).filter(|_| periodogram.bands() > 0)?;
        let (model, candidates, peaks) = (self.model, self.candidates, self.search.peaks);
        Some(Searched { periodogram, grid, model, candidates, peaks })
    }
}

fn write(peaks: &[Peak], out: &mut [Value]) {
    for (out, peak) in out.chunks_exact_mut(2).zip(peaks) {
        (out[0], out[1]) = ((1.0 / peak.frequency).into(), peak.power.into());
    }
}

impl WholeObject for MultibandPeriod {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, object: &Object<'_>, out: &mut [Value]) {
        if !self.has_enough(object.light_curves()) {
            return out.fill(Value::Null);
        }
        out.fill(f64::NAN.into());
        let Some(searched) = self.searched(object.light_curves()) else { return };
        let Searched { periodogram, grid, .. } = &searched;
        write(&periodogram.peaks(grid, &self.model, self.candidates, self.search.peaks), out);
    }

    fn spectral(&self) -> Option<&dyn Spectral> {
        Some(self)
    }
}

impl Spectral for MultibandPeriod {
    fn kernel(&self) -> &'static SpectrumKernel {
        &KERNEL
    }

    fn search(&self, light_curves: &[LightCurve<'_>]) -> Option<Box<dyn tape_core::Search>> {
        let searched = self.has_enough(light_curves).then(|| self.searched(light_curves))??;
        Some(Box::new(searched))
    }
}

impl tape_core::Search for Searched {
    fn series(&self) -> Vec<Series> {
        self.periodogram.series(&self.grid)
    }

    fn finish(&self, values: &[&[f32]], out: &mut [Value]) {
        out.fill(f64::NAN.into());
        let Self { periodogram, grid, model, candidates, peaks } = self;
        write(&periodogram.peaks_from(grid, model, *candidates, *peaks, values), out);
    }
}
