//! The period of a light curve: the highest peaks of its generalised Lomb–Scargle periodogram.
//!
//! The power at a frequency f is (χ²₀ − χ²(f))/χ²₀, where χ²₀ is χ² of a constant, and χ²(f) of a constant and a sine
//! of free phase and amplitude, or `terms` harmonics. It is computed at frequencies from 1/`maximum_period` to
//! 1/`minimum_period` in steps of 1/(`samples_per_peak` T), for a baseline of T days; periods longer than T are not
//! searched. Peaks are local maxima at least 1/T apart. Each is refined with exact sums. The probability is
//! [`false_alarm_probability`](crate::periodogram::false_alarm_probability) for the range of frequencies searched.
//!
//! - Parameters: `minimum_period` and `maximum_period`, days, `samples_per_peak`, `terms`, `peaks`, and
//!   `normalisation`, one of `standard` (the formula above, 0 to 1), `model` ((χ²₀ − χ²)/χ²), `log` (ln χ²₀/χ²) and
//!   `psd` ((χ²₀ − χ²)/2).
//! - Columns: `lomb_scargle_period`, `_power`, and with one term `_false_alarm_probability`; with more `peaks`, these
//!   columns are repeated with `_2`, `_3`, …, the highest peak first. Parameters other than the default follow
//!   `lomb_scargle` in the name.
//! - Depends on: flux, error and time, in any order; times may repeat.
//! - Unit: days; powers and probabilities have none.
//! - Minimum number of observations: 2 `terms` + 2; null with fewer.
//! - NaN: if all fluxes or all times are equal; if the baseline is shorter than the shortest period; if the grid would
//!   have more than 33,554,432 frequencies; and for missing peaks.
//! - It is in no group, because it costs as much as hundreds of other statistics.
//! - Reference: Zechmeister & Kürster 2009, A&A 496, 577,
//!   [doi:10.1051/0004-6361:200811296](https://doi.org/10.1051/0004-6361:200811296); Baluev 2008, MNRAS 385, 1279,
//!   [doi:10.1111/j.1365-2966.2008.12689.x](https://doi.org/10.1111/j.1365-2966.2008.12689.x).
//!
//! ```
//! use tape_core::{LightCurve, Value};
//! let time: Vec<f64> = (0..60).map(f64::from).map(|i| 0.83 * i + 0.3 * i.sin()).collect();
//! let flux: Vec<f64> = time.iter().map(|t| 15.0 + (std::f64::consts::TAU * t / 0.57).sin()).collect();
//! let light_curve = LightCurve::new(&flux).with_error(&[0.1; 60]).with_time(&time);
//! let statistic = tape_analysis::make("lomb_scargle:minimum_period=0.2:maximum_period=1")?;
//! let mut out = [Value::Null; 3];
//! statistic.evaluate(&light_curve, &mut out);
//! assert!(matches!(out[0], Value::Float(period) if (period - 0.57).abs() < 1e-6));
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use std::fmt::Write as _;
use std::ops::Bound;

use tape_core::{
    Info, Inputs, LightCurve, Output, Series, Spectral, SpectrumKernel, Statistic, Value, WholeLightCurve,
};

use crate::error::Error;
use crate::kind::{Arguments, Kind};
use crate::parameter::{Allowed, POSITIVE, Parameter};
use crate::periodogram::{Grid, KERNEL, LombScargle, Normalisation, Peak};

pub(super) const MINIMUM: Parameter =
    Parameter { name: "minimum_period", summary: "shortest period, days", allowed: POSITIVE, default: Some("0.1") };
pub(super) const MAXIMUM: Parameter = Parameter {
    name: "maximum_period",
    summary: "longest period, days, at most the baseline",
    allowed: Allowed::Float(Bound::Excluded(0.0), Bound::Included(f64::INFINITY)),
    default: Some("inf"),
};
pub(super) const SAMPLES: Parameter = Parameter {
    name: "samples_per_peak",
    summary: "frequencies per width 1/T of a peak",
    allowed: Allowed::Float(Bound::Included(1.0), Bound::Included(1000.0)),
    default: Some("5"),
};
const TERMS: Parameter = Parameter {
    name: "terms",
    summary: "number of harmonics",
    allowed: Allowed::IntBetween(1, 10),
    default: Some("1"),
};
pub(super) const PEAKS: Parameter = Parameter {
    name: "peaks",
    summary: "number of peaks, the highest first",
    allowed: Allowed::IntBetween(1, 100),
    default: Some("1"),
};
const NORMALISATION: Parameter = Parameter {
    name: "normalisation",
    summary: "normalisation of the power",
    allowed: Allowed::Choice(&["standard", "model", "log", "psd"]),
    default: Some("standard"),
};

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "lomb_scargle",
    summary: "period from the generalised Lomb–Scargle periodogram",
    columns: "lomb_scargle_period, _power and, if {terms} is 1, _false_alarm_probability; with more {peaks} these are \
              repeated with _2, _3, …; {minimum_period}, {maximum_period}, {samples_per_peak}, {terms} and {normalisation} \
              other than the default are part of the name, as in lomb_scargle_terms2_period",
    parameters: &[MINIMUM, MAXIMUM, SAMPLES, TERMS, PEAKS, NORMALISATION],
    registered: &[],
    build: |arguments| Ok(Statistic::whole(Period::new(arguments)?)),
};

/// Range and resolution of a period search.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    pub(super) minimum: f64,
    pub(super) maximum: f64,
    pub(super) samples: f64,
    pub(super) peaks: usize,
}

impl Search {
    pub(super) fn of(arguments: &Arguments, kind: &Kind) -> Result<Self, Error> {
        let (minimum, maximum) = (arguments.float(&MINIMUM)?, arguments.float(&MAXIMUM)?);
        if minimum >= maximum {
            return Err(Error::BadValue {
                statistic: kind.name.to_owned(),
                parameter: MAXIMUM.name.to_owned(),
                value: maximum.to_string(),
                allowed: format!("a number above minimum_period, {minimum}"),
            });
        }
        Ok(Self { minimum, maximum, samples: arguments.float(&SAMPLES)?, peaks: arguments.int(&PEAKS)? })
    }

    pub(super) fn grid(&self, baseline: f64) -> Option<Grid> {
        Grid::of_periods(self.minimum, self.maximum, baseline, self.samples)
    }

    /// Returns the name of a kind, followed by the parameters that are not the default.
    pub(super) fn name(&self, kind: &Kind, others: &[(&Parameter, String)]) -> String {
        let mut name = kind.name.to_owned();
        let own = [
            (&MINIMUM, self.minimum.to_string()),
            (&MAXIMUM, self.maximum.to_string()),
            (&SAMPLES, self.samples.to_string()),
        ];
        for (parameter, value) in own.iter().chain(others).filter(|(parameter, value)| parameter.default != Some(value))
        {
            write!(name, "_{}{value}", parameter.name).expect("writing to a string cannot fail");
        }
        name
    }

    /// Returns the columns of all peaks, where `each` names the columns of one peak.
    pub(super) fn outputs(&self, name: &str, each: &[&str]) -> Vec<Output> {
        let of_peak = |number: usize| {
            let end = if number == 1 { String::new() } else { format!("_{number}") };
            each.iter().map(move |what| Output::float(format!("{name}_{what}{end}"))).collect::<Vec<_>>()
        };
        (1..=self.peaks).flat_map(of_peak).collect()
    }
}

/// The highest peaks of a periodogram; see the [module](self).
#[derive(Clone, Debug)]
struct Period {
    info: Info,
    search: Search,
    terms: usize,
    normalisation: Normalisation,
}

impl Period {
    fn new(arguments: &Arguments) -> Result<Self, Error> {
        let search = Search::of(arguments, &KIND)?;
        let (terms, text) = (arguments.int(&TERMS)?, arguments.text(&NORMALISATION)?);
        let normalisation = Normalisation::ALL.into_iter().find(|known| known.name() == text).unwrap_or_default();
        let name = search.name(&KIND, &[(&TERMS, terms.to_string()), (&NORMALISATION, text.to_owned())]);
        let columns = ["period", "power", "false_alarm_probability"];
        let info = Info {
            summary: KIND.summary.into(),
            formula: format!(
                "1/f at the maximum of (χ²₀ − χ²(f))/χ²₀; χ²₀: of a constant, χ²(f): of a constant and {terms} harmonics of f; \
                 power: {normalisation}; the probability by Davies' bound"
            )
            .into(),
            outputs: search.outputs(&name, if terms == 1 { &columns } else { &columns[..2] }),
            min_epochs: 2 * terms + 2,
            reference: "Zechmeister & Kürster 2009, A&A 496, 577, doi:10.1051/0004-6361:200811296; Baluev 2008, MNRAS 385, \
                        1279, doi:10.1111/j.1365-2966.2008.12689.x"
                .into(),
            ..Info::new(name, Inputs { order: false, ..Inputs::ALL })
        };
        Ok(Self { info, search, terms, normalisation })
    }
}

/// A search of one light curve.
struct Searched {
    periodogram: LombScargle,
    grid: Grid,
    peaks: usize,
}

impl Period {
    fn searched(&self, light_curve: &LightCurve<'_>) -> Option<Searched> {
        let periodogram = LombScargle::new(light_curve.time(), light_curve.flux(), light_curve.error())
            .with_terms(self.terms)
            .with_normalisation(self.normalisation)
            .with_cancellation(light_curve.cancellation());
        let grid = self.search.grid(periodogram.baseline()).filter(|_| periodogram.varies())?;
        Some(Searched { periodogram, grid, peaks: self.search.peaks })
    }
}

impl Searched {
    fn write(&self, peaks: &[Peak], out: &mut [Value]) {
        let columns = out.len() / self.peaks;
        for (out, peak) in out.chunks_exact_mut(columns).zip(peaks) {
            let probability = self.periodogram.false_alarm_probability(peak.power, &self.grid);
            for (out, value) in out.iter_mut().zip([1.0 / peak.frequency, peak.power, probability]) {
                *out = value.into();
            }
        }
    }
}

impl WholeLightCurve for Period {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        out.fill(f64::NAN.into());
        let Some(searched) = self.searched(light_curve) else { return };
        searched.write(&searched.periodogram.peaks(&searched.grid, self.search.peaks), out);
    }

    fn spectral(&self) -> Option<&dyn Spectral> {
        (self.terms == 1).then_some(self)
    }
}

impl Spectral for Period {
    fn kernel(&self) -> &'static SpectrumKernel {
        &KERNEL
    }

    fn search(&self, light_curves: &[LightCurve<'_>]) -> Option<Box<dyn tape_core::Search>> {
        Some(Box::new(self.searched(light_curves.first()?)?))
    }
}

impl tape_core::Search for Searched {
    fn series(&self) -> Vec<Series> {
        self.periodogram.series(&self.grid).into_iter().collect()
    }

    fn finish(&self, values: &[&[f32]], out: &mut [Value]) {
        out.fill(f64::NAN.into());
        let Some(values) = values.first() else { return };
        self.write(&self.periodogram.peaks_from(&self.grid, self.peaks, values), out);
    }
}
