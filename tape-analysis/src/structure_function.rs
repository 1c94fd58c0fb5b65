//! The structure function: the change of the flux of a source as a function of the time interval.
//!
//! All pairs of epochs with Δt = tⱼ − tᵢ > 0, Δx = xⱼ − xᵢ and σ² = σᵢ² + σⱼ² (t time in days, x flux, σ error) are
//! grouped into bins of Δt. Each [`Bin`] has the mean Δt of its pairs and the *square* of the structure function, by
//! one of five [`Method`]s. Both are NaN if a bin has no pairs.
//!
//! - Depends on: time, flux, error. Epochs may be in any order.
//! - Unit: that of the flux squared for SF²; days for Δt, or epochs if the times are ignored.
//! - Minimum number of observations: 3, and two pairs. Light curves with fewer have no bins, and are ignored in an
//!   ensemble. There are also no bins if their edges would coincide, for example if all Δt are equal.
//! - NaN: in bins without pairs.
//! - Memory: up to seven floats for each pair of epochs.
//! - References: see [`Method`].
//!
//! ```
//! use tape_analysis::structure_function::{Binning, Method, StructureFunction};
//! use tape_core::LightCurve;
//! let flux = [1.0, 2.0, 3.0, 4.0];
//! let light_curve = LightCurve::new(&flux).with_error(&[0.5; 4]).with_time(&[0.0, 1.0, 2.0, 3.0]);
//! let edges = Binning::Edges(vec![0.5, 1.5, 2.5, 3.5]);
//! let bins = StructureFunction::new(Method::Basic).binned(edges)?.of(&light_curve);
//! let sf2: Vec<f64> = bins.iter().map(|bin| bin.sf2).collect();
//! assert_eq!(sf2, [1.0 - 0.5, 4.0 - 0.5, 9.0 - 0.5]);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

mod bins;
mod combined;
mod device;
mod differences;
mod resample;
mod scattered;
mod statistic;
mod steps;

use std::borrow::Cow;

pub use self::bins::Binning;
use self::bins::{edges, quantile};
pub use self::combined::{BinSums, Combined};
use self::differences::{Differences, differences};
pub use self::resample::{Resampling, Samples};
use self::resample::{draws, spread};
use self::scattered::Scattered;
pub(crate) use self::statistic::KIND;
pub use self::statistic::PerBin;
use tape_core::{Cancellation, LightCurve, count};

use crate::error::Error;

/// The definition of the square of the structure function of a bin. ⟨⟩ is the mean over the pairs of the bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// ⟨Δx² − σ²⟩: Kozłowski 2016, ApJ 826, 118, equation 12,
    /// [doi:10.3847/0004-637X/826/2/118](https://doi.org/10.3847/0004-637X/826/2/118).
    #[default]
    Basic,
    /// (0.74 IQR(Δx))², where IQR is the interquartile range: MacLeod et al. 2012, ApJ 753, 106,
    /// [doi:10.1088/0004-637X/753/2/106](https://doi.org/10.1088/0004-637X/753/2/106).
    Macleod2012,
    /// ⟨Δx²⟩ − ⟨σ²⟩: Bauer et al. 2009, ApJ 696, 1241, equation 4,
    /// [doi:10.1088/0004-637X/696/2/1241](https://doi.org/10.1088/0004-637X/696/2/1241).
    Bauer2009a,
    /// π/2 ⟨|Δx|⟩² − ⟨σ²⟩: Bauer et al. 2009, equation 5.
    Bauer2009b,
    /// ⟨sqrt(π/2) |Δx| − σ⟩²: Schmidt et al. 2010, ApJ 714, 1194, equation 2,
    /// [doi:10.1088/0004-637X/714/2/1194](https://doi.org/10.1088/0004-637X/714/2/1194).
    Schmidt2010,
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 5] = [Self::Basic, Self::Macleod2012, Self::Bauer2009a, Self::Bauer2009b, Self::Schmidt2010];

    /// Returns the name, as in TAPE.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Macleod2012 => "macleod_2012",
            Self::Bauer2009a => "bauer_2009a",
            Self::Bauer2009b => "bauer_2009b",
            Self::Schmidt2010 => "schmidt_2010",
        }
    }
}

impl Method {
    const fn formula(self) -> &'static str {
        match self {
            Self::Basic => {
                "⟨Δx² − σ²⟩ over the pairs in a bin of Δt; Δx: change of flux, σ²: sum of both squared errors"
            }
            Self::Macleod2012 => "(0.74 IQR(Δx))² over the pairs in a bin of Δt; Δx: change of flux",
            Self::Bauer2009a => {
                "⟨Δx²⟩ − ⟨σ²⟩ over the pairs in a bin of Δt; Δx: change of flux, σ²: sum of both squared errors"
            }
            Self::Bauer2009b => {
                "π/2 ⟨|Δx|⟩² − ⟨σ²⟩ over the pairs in a bin of Δt; Δx: change of flux, σ²: sum of both squared errors"
            }
            Self::Schmidt2010 => {
                "⟨sqrt(π/2) |Δx| − σ⟩² over the pairs in a bin of Δt; Δx: change of flux, σ²: sum of both squared errors"
            }
        }
    }

    const fn reference(self) -> &'static str {
        match self {
            Self::Basic => "Kozłowski 2016, ApJ 826, 118, doi:10.3847/0004-637X/826/2/118",
            Self::Macleod2012 => "MacLeod et al. 2012, ApJ 753, 106, doi:10.1088/0004-637X/753/2/106",
            Self::Bauer2009a | Self::Bauer2009b => "Bauer et al. 2009, ApJ 696, 1241, doi:10.1088/0004-637X/696/2/1241",
            Self::Schmidt2010 => "Schmidt et al. 2010, ApJ 714, 1194, doi:10.1088/0004-637X/714/2/1194",
        }
    }
}

/// The errors to subtract.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Noise {
    /// The errors of the light curve, or none if it has none.
    #[default]
    Measured,
    /// This error for every epoch, in the unit of the flux.
    Same(f64),
    /// No errors.
    None,
}

/// A bin of Δt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Mean Δt of its pairs, or the median over repeated samples. NaN without pairs.
    pub dt: f64,
    /// Square of the structure function, or the median over repeated samples. NaN without pairs.
    pub sf2: f64,
    /// Quantiles of `sf2` over repeated samples, if there are any.
    pub quantiles: Option<[f64; 2]>,
}

impl Bin {
    /// Returns the distance from the lower quantile to the value, and from the value to the upper quantile.
    #[must_use]
    pub fn errors(&self) -> Option<[f64; 2]> {
        self.quantiles.map(|[lower, upper]| [self.sf2 - lower, upper - self.sf2])
    }

    /// Returns half of the range between the quantiles.
    #[must_use]
    pub fn error(&self) -> Option<f64> {
        self.quantiles.map(|[lower, upper]| 0.5 * (upper - lower))
    }
}

/// A structure function with its settings.
#[derive(Clone, Debug)]
pub struct StructureFunction {
    method: Method,
    binning: Binning,
    ignore_times: bool,
    noise: Noise,
    resampling: Option<Resampling>,
}

impl StructureFunction {
    /// Creates a structure function with bins of about a hundred Δt each, without resampling.
    #[must_use]
    pub const fn new(method: Method) -> Self {
        let binning = Binning::Size { target: 100 };
        Self { method, binning, ignore_times: false, noise: Noise::Measured, resampling: None }
    }

    /// Sets the bins.
    ///
    /// # Errors
    /// [`Error::BadValue`] if the target is zero, or there are fewer than two edges, or they do not ascend.
    pub fn binned(self, binning: Binning) -> Result<Self, Error> {
        binning.check()?;
        Ok(Self { binning, ..self })
    }

    /// Ignores the times, so that neighbouring epochs have an interval of one.
    #[must_use]
    pub fn ignoring_times(self) -> Self {
        Self { ignore_times: true, ..self }
    }

    /// Sets the errors to subtract.
    ///
    /// # Errors
    /// [`Error::BadValue`] if the error is negative or not finite.
    pub fn with_noise(self, noise: Noise) -> Result<Self, Error> {
        match noise {
            Noise::Same(error) if !(error >= 0.0 && error.is_finite()) => {
                Err(refused("noise", error, "a finite number of zero or more"))
            }
            _ => Ok(Self { noise, ..self }),
        }
    }

    /// Repeats the computation with random samples of the pairs, to estimate errors.
    ///
    /// # Errors
    /// [`Error::BadValue`] if there are no repetitions or samples, or the quantiles do not ascend between 0 and 1.
    pub fn resampled(self, resampling: Resampling) -> Result<Self, Error> {
        resampling.check()?;
        Ok(Self { resampling: Some(resampling), ..self })
    }

    /// Computes the structure function of a light curve.
    #[must_use]
    pub fn of(&self, light_curve: &LightCurve<'_>) -> Vec<Bin> {
        let all: Vec<Differences> = self.differences(light_curve).into_iter().collect();
        self.of_all(&all, &light_curve.cancellation()).unwrap_or_default()
    }

    /// Computes the structure function of many light curves together, with all their pairs in one set of bins.
    #[must_use]
    pub fn of_ensemble(&self, light_curves: &[LightCurve<'_>]) -> Vec<Bin> {
        let all: Vec<Differences> = light_curves.iter().filter_map(|one| self.differences(one)).collect();
        let cancellation = light_curves.first().map(LightCurve::cancellation).unwrap_or_default();
        self.of_all(&all, &cancellation).unwrap_or_default()
    }

    /// Returns the epochs of a light curve with the settings applied, or `None` if there are fewer than three.
    fn series<'a>(&self, light_curve: &LightCurve<'a>) -> Option<Series<'a>> {
        const FEWEST: usize = 3;
        if light_curve.len() < FEWEST {
            return None;
        }
        let time = if self.ignore_times {
            Cow::Owned((0..light_curve.len()).map(count).collect())
        } else {
            Cow::Borrowed(light_curve.time())
        };
        let error = match self.noise {
            Noise::Measured => Cow::Borrowed(light_curve.error()),
            Noise::None => Cow::Borrowed(&[][..]),
            Noise::Same(error) => Cow::Owned(vec![error; light_curve.len()]),
        };
        Some(Series { time, flux: light_curve.flux(), error })
    }

    /// Returns the differences between the epochs of a light curve, or `None` if there are too few epochs or the run is
    /// cancelled.
    fn differences(&self, light_curve: &LightCurve<'_>) -> Option<Differences> {
        let Series { time, flux, error } = self.series(light_curve)?;
        let pairs = self.method.differences([&time, flux, &error], &light_curve.cancellation())?;
        Some(pairs).filter(|pairs| pairs.dt.len() > 1)
    }

    /// Returns the bins of all pairs, or `None` if the run is cancelled.
    fn of_all(&self, all: &[Differences], cancellation: &Cancellation) -> Option<Vec<Bin>> {
        let mut scattered = match all {
            [one] => Scattered::new(one, cancellation)?,
            _ => Scattered::new(&Differences::together(all), cancellation)?,
        };
        let Some(edges) = edges(&self.binning, &mut scattered) else { return Some(vec![]) };
        let Some(resampling) = &self.resampling else {
            let values = self.evaluate(&edges, scattered)?;
            return Some(values.into_iter().map(|[dt, sf2]| Bin { dt, sf2, quantiles: None }).collect());
        };
        let evaluate = |drawn: Option<Differences>| self.evaluate(&edges, Scattered::new(&drawn?, cancellation)?);
        let repeated: Vec<Vec<[f64; 2]>> = draws(resampling, all, cancellation).map(evaluate).collect::<Option<_>>()?;
        spread(&repeated, resampling.quantiles, cancellation)
    }

    /// Returns ⟨Δt⟩ and SF² of each bin, or `None` if the run is cancelled.
    fn evaluate(&self, edges: &[f64], mut pairs: Scattered) -> Option<Vec<[f64; 2]>> {
        let places = pairs.places(edges)?;
        let means = pairs.sums(&places).map(|sums| sums.map(|[n, dt, a, b]| [dt / n, a / n, b / n]));
        if self.method == Method::Macleod2012 {
            let ranges = pairs.first_terms(&places).map(interquartile_range);
            let bin = |(means, range): (Option<[f64; 3]>, f64)| Some([means?[0], (0.74 * range).powi(2)]);
            return means.zip(ranges).map(bin).collect();
        }
        means.map(|means| means.map(|[dt, a, b]| [dt, self.method.of_means(a, b)])).collect()
    }
}

impl Method {
    /// Returns the differences of a light curve, with the terms that the method averages, or `None` if the run is
    /// cancelled.
    fn differences(self, columns: [&[f64]; 3], stop: &Cancellation) -> Option<Differences> {
        const NONE: Option<fn(f64, f64) -> f64> = None;
        let root = std::f64::consts::FRAC_PI_2.sqrt();
        let variance = Some(|_: f64, variance: f64| variance);
        match self {
            Self::Basic => differences(columns, |change, variance| change * change - variance, NONE, stop),
            Self::Macleod2012 => differences(columns, |change, _| change, NONE, stop),
            Self::Bauer2009a => differences(columns, |change, _| change * change, variance, stop),
            Self::Bauer2009b => differences(columns, |change, _| change.abs(), variance, stop),
            Self::Schmidt2010 => {
                let term = |change: f64, variance: f64| root * change.abs() - variance.sqrt();
                differences(columns, term, NONE, stop)
            }
        }
    }

    /// Returns SF² from the means of the terms.
    fn of_means(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Basic | Self::Macleod2012 => a,
            Self::Bauer2009a => a - b,
            Self::Bauer2009b => std::f64::consts::FRAC_PI_2 * a * a - b,
            Self::Schmidt2010 => a * a,
        }
    }
}

fn interquartile_range(values: &[f64]) -> f64 {
    let mut ascending = values.to_vec();
    ascending.sort_unstable_by(f64::total_cmp);
    let quartile = |fraction| quantile(ascending.len(), fraction, |at| ascending[at]);
    quartile(0.75) - quartile(0.25)
}

/// The epochs of a light curve with the settings applied.
struct Series<'a> {
    time: Cow<'a, [f64]>,
    flux: &'a [f64],
    /// Empty if no errors are subtracted.
    error: Cow<'a, [f64]>,
}

/// Creates the error for a setting with this value.
fn refused(parameter: &str, value: impl ToString, allowed: &str) -> Error {
    Error::BadValue {
        statistic: "structure_function".to_owned(),
        parameter: parameter.to_owned(),
        value: value.to_string(),
        allowed: allowed.to_owned(),
    }
}

#[cfg(test)]
mod tests;
