//! Other statistics of a light curve in time bins.
//!
//! Bin j holds the epochs with offset + j·window ≤ t < offset + (j + 1)·window. If it has any, it becomes one epoch:
//! its time is the middle of the bin, its flux Σwᵢxᵢ/Σwᵢ and its error sqrt(N/Σwᵢ), with xᵢ the fluxes of its N epochs,
//! σᵢ their errors and wᵢ = 1/σᵢ². This error is typical of a single epoch in the bin; the error of the mean is smaller
//! by sqrt(N). The names of outputs are those of the other statistics, prefixed by window and offset:
//! `bins_window1.0_offset0.0_mean`.
//!
//! - Parameters: `window`, days, above 0; `offset`, days; `of`, the other statistics, which must come last.
//! - Depends on: flux, error, time.
//! - Unit: those of the other statistics.
//! - Minimum number of observations: for each of the other statistics, its own minimum as a number of bins with epochs;
//!   null with fewer.
//! - NaN: where the other statistics are NaN.
//! - Reference: Malanchev et al. 2021, MNRAS 502, 5147,
//!   [doi:10.1093/mnras/stab316](https://doi.org/10.1093/mnras/stab316).
//!
//! ```
//! use tape_core::{LightCurve, Value};
//! let light_curve = LightCurve::new(&[1.0, 3.0, 6.0]).with_error(&[1.0; 3]).with_time(&[0.1, 0.2, 5.0]);
//! let mut out = [Value::Null; 2];
//! let bins = tape_analysis::make("bins:window=1:of=mean+observation_count")?;
//! bins.evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(4.0), Value::Int(2)]);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use std::ops::Bound;

use tape_core::{Info, Inputs, LightCurve, Output, Statistic, Value, WholeLightCurve};

use crate::error::Error;
use crate::kind::Kind;
use crate::parameter::{Allowed, POSITIVE, Parameter};

const WINDOW: Parameter =
    Parameter { name: "window", summary: "length of a bin, days", allowed: POSITIVE, default: Some("1") };
const OFFSET: Parameter = Parameter {
    name: "offset",
    summary: "time at which a bin starts, days",
    allowed: Allowed::Float(Bound::Excluded(f64::NEG_INFINITY), Bound::Excluded(f64::INFINITY)),
    default: Some("0"),
};
const OF: Parameter =
    Parameter { name: "of", summary: "statistics to compute", allowed: Allowed::Statistics, default: None };

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "bins",
    summary: "other statistics of the light curve in time bins",
    columns: "bins_window{window}_offset{offset}_ followed by each column of {of}",
    parameters: &[WINDOW, OFFSET, OF],
    registered: &[],
    build: |arguments| {
        let (window, offset) = (arguments.float(&WINDOW)?, arguments.float(&OFFSET)?);
        Ok(Statistic::whole(Bins::new(window, offset, &arguments.statistics(&OF)?)?))
    },
};

/// Statistics of a binned light curve; see the [module](self).
#[derive(Clone, Debug)]
pub struct Bins {
    info: Info,
    window: f64,
    offset: f64,
    of: Vec<Statistic>,
}

impl Bins {
    /// Creates the given statistics of light curves in bins of `window` days. A bin starts at `offset`.
    ///
    /// # Errors
    /// [`Error::BadValue`] if the window is not above zero, the window or the offset is not finite, or `of` is
    /// empty.
    pub fn new(window: f64, offset: f64, of: &[Statistic]) -> Result<Self, Error> {
        let (window, offset) = (KIND.check(&WINDOW, window)?, KIND.check(&OFFSET, offset)?);
        if of.is_empty() {
            return Err(KIND.refused(&OF, ""));
        }
        let prefix = format!("bins_window{window:?}_offset{offset:?}");
        let infos = || of.iter().map(Statistic::info);
        let names: Vec<&str> = infos().map(|info| info.name.as_ref()).collect();
        let outputs = infos().flat_map(|info| &info.outputs);
        let outputs =
            outputs.map(|output| Output { name: format!("{prefix}_{}", output.name).into(), ..output.clone() });
        let info = Info {
            summary: KIND.summary.into(),
            formula: format!(
                "{} of Σwx/Σw and sqrt(N/Σw) over the N epochs of each bin of {window} days, w = 1/σ²; x: flux, σ: error",
                names.join(", ")
            )
            .into(),
            outputs: outputs.collect(),
            min_epochs: infos().map(|info| info.min_epochs).min().unwrap_or(1),
            reference: "Malanchev et al. 2021, MNRAS 502, 5147, doi:10.1093/mnras/stab316".into(),
            ..Info::new(format!("{prefix}_{}", names.join("+")), Inputs::ALL)
        };
        Ok(Self { info, window, offset, of: of.to_vec() })
    }
}

impl WholeLightCurve for Bins {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let [time, flux, error] = binned(light_curve, self.window, self.offset);
        let cancellation = light_curve.cancellation();
        let binned = LightCurve::new(&flux)
            .with_error(&error)
            .with_time(&time)
            .with_band(light_curve.band())
            .with_cancellation(&cancellation);
        let mut rest = out;
        for statistic in &self.of {
            let (own, others) = rest.split_at_mut(statistic.info().outputs.len());
            statistic.evaluate(&binned, own);
            rest = others;
        }
    }
}

/// Returns the times, fluxes and errors of the bins that have epochs.
fn binned(light_curve: &LightCurve<'_>, window: f64, offset: f64) -> [Vec<f64>; 3] {
    let mut bins = [vec![], vec![], vec![]];
    let place = |at: usize| ((light_curve.time()[at] - offset) / window).floor();
    let mut start = 0;
    while start < light_curve.len() {
        let bin = place(start);
        let end = (start..light_curve.len()).find(|&at| place(at) != bin).unwrap_or(light_curve.len());
        let rows = start..end;
        let epochs = LightCurve::new(&light_curve.flux()[rows.clone()]).with_error(&light_curve.error()[rows.clone()]);
        let weighted = epochs.weighted();
        bins[0].push((bin + 0.5) * window + offset);
        bins[1].push(weighted.mean);
        bins[2].push((tape_core::count(rows.len()) / weighted.weight).sqrt());
        start = end;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::make;

    fn outputs(name: &str, time: &[f64], flux: &[f64], error: &[f64]) -> Vec<(String, Value)> {
        let statistic = make(name).expect(name);
        let names = statistic.info().outputs.iter().map(|output| output.name.to_string()).collect::<Vec<_>>();
        let mut out = vec![Value::Null; names.len()];
        statistic.evaluate(&LightCurve::new(flux).with_error(error).with_time(time), &mut out);
        names.into_iter().zip(out).collect()
    }

    #[test]
    fn six_epochs_in_three_bins() {
        // From light-curve 0.13.3, `Bins([Mean(), ReducedChi2(), WeightedMean(), Duration(), TimeMean()], window=1,
        // offset=0)`.
        let (time, flux) = ([0.1, 0.4, 1.2, 1.3, 1.7, 3.5], [1.0, 2.0, 4.0, 3.0, 5.0, 7.0]);
        let of = "bins:of=mean+reduced_chi2+weighted_mean+duration+time_mean";
        let want = [3.882_993_197_278_912, 136.078_931_572_629_07, 2.411_764_705_882_353, 3.0, 11.0 / 6.0];
        let got = outputs(of, &time, &flux, &[0.1, 0.2, 0.3, 0.1, 0.2, 0.4]);
        assert_eq!(got[1].0, "bins_window1.0_offset0.0_reduced_chi2");
        for ((name, got), want) in got.iter().zip(want) {
            assert!(
                matches!(got, Value::Float(got) if (got - want).abs() < 1e-12 * want),
                "{name}: {got:?}, not {want}"
            );
        }
    }

    #[test]
    fn bins_start_at_the_offset_and_include_their_lower_edge() {
        let count = |name| outputs(name, &[-0.5, 0.0, 0.5, 1.0], &[1.0; 4], &[1.0; 4])[0].1;
        assert_eq!(count("bins:of=observation_count"), Value::Int(3));
        assert_eq!(count("bins:window=1:offset=0.5:of=observation_count"), Value::Int(2));
        assert_eq!(count("bins:window=0.25:of=observation_count"), Value::Int(4));
    }

    #[test]
    fn too_few_bins_give_null_even_with_enough_epochs() {
        let out = outputs("bins:window=10:of=mean+standard_deviation", &[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0], &[1.0; 3]);
        assert_eq!([out[0].1, out[1].1], [Value::Float(2.0), Value::Null]);
    }

    #[test]
    fn parameters_after_of_belong_to_the_other_statistics() {
        let name = "bins:offset=2:window=0.5:of=median+beyond_n_std:n=3";
        let names: Vec<String> = outputs(name, &[0.0], &[1.0], &[1.0]).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["bins_window0.5_offset2.0_median", "bins_window0.5_offset2.0_beyond_3_std"]);
    }

    #[test]
    fn invalid_parameters_are_refused() {
        for (name, says) in [
            ("bins", "'bins' needs the parameter 'of', names of statistics"),
            ("bins:of=", "names of statistics joined by +"),
            ("bins:of=mean+nonsense", "no statistic is called 'nonsense'"),
            ("bins:window=0:of=mean", "'window' of 'bins' is '0', but must be a number above 0"),
            ("bins:offset=inf:of=mean", "'offset' of 'bins' is 'inf', but must be a finite number"),
        ] {
            let error = make(name).expect_err(name).to_string();
            assert!(error.contains(says), "{error}");
        }
        assert!(Bins::new(1.0, 0.0, &[]).is_err());
    }
}
