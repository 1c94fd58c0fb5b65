//! A light curve in time bins, with one row for each light curve and each bin that has epochs.
//!
//! Bin j holds the epochs with offset + j·window ≤ t < offset + (j + 1)·window. Its row has `bin`, the number j;
//! `time`, `flux` and `error`, each with its own aggregation; and `count`, the number N of its epochs. With tᵢ the
//! times, xᵢ the fluxes, σᵢ their errors and wᵢ = 1/σᵢ², the aggregations are:
//!
//! | | `time` | `flux` | `error` |
//! | --- | --- | --- | --- |
//! | `mean` | Σtᵢ/N | Σxᵢ/N | Σσᵢ/N |
//! | `weighted` | Σwᵢtᵢ/Σwᵢ | Σwᵢxᵢ/Σwᵢ | (Σwᵢ)^-½, the error of the weighted mean |
//! | `propagated` | | | (Σσᵢ²)^½/N, the error of the mean |
//! | `median` | yes | yes | yes |
//! | `min`, `max` | yes | yes | yes |
//! | `first`, `last` | in time | in time | in time |
//! | `middle` | offset + (j + ½)·window | | |
//! | `none` | | | no column |
//!
//! - Parameters: `window`, days, above 0; `offset`, days; `time`, `flux` and `error`, by default `mean`, `mean` and
//!   `propagated`.
//! - Depends on: flux, time, and error unless `error` is `none` and neither `time` nor `flux` is `weighted`.
//! - Unit: days for `time`, that of the flux for `flux` and `error`.
//! - Minimum number of observations: 1.
//! - NaN: never.
//! - Reference: `Ensemble.bin_sources` of TAPE 0.4, whose aggregations are the defaults here. Its offset has the
//!   opposite sign.
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 3.0, 6.0]).with_error(&[3.0, 4.0, 1.0]).with_time(&[0.25, 0.75, 5.0]);
//! let mut rows = vec![];
//! if let Statistic::Rows(binned) = tape_analysis::make("binned_light_curve:window=1")? {
//!     binned.rows(&light_curve, &mut rows);
//! }
//! assert_eq!(rows[..5], [Value::Int(0), Value::Float(0.5), Value::Float(2.0), Value::Float(2.5), Value::Int(2)]);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use std::ops::{Bound, Range};

use tape_core::{Info, Inputs, LightCurve, ManyRows, Output, Statistic, Value, count};

use crate::error::Error;
use crate::kind::{Arguments, Kind};
use crate::parameter::{Allowed, POSITIVE, Parameter};

const WINDOW: Parameter =
    Parameter { name: "window", summary: "length of a bin, days", allowed: POSITIVE, default: Some("1") };
const OFFSET: Parameter = Parameter {
    name: "offset",
    summary: "time at which a bin starts, days",
    allowed: Allowed::Float(Bound::Excluded(f64::NEG_INFINITY), Bound::Excluded(f64::INFINITY)),
    default: Some("0"),
};
const TIME: Parameter = Parameter {
    name: "time",
    summary: "aggregation of the times of a bin",
    allowed: Allowed::Choice(&["mean", "weighted", "median", "min", "max", "first", "last", "middle"]),
    default: Some("mean"),
};
const FLUX: Parameter = Parameter {
    name: "flux",
    summary: "aggregation of the fluxes of a bin",
    allowed: Allowed::Choice(&["mean", "weighted", "median", "min", "max", "first", "last"]),
    default: Some("mean"),
};
const ERROR: Parameter = Parameter {
    name: "error",
    summary: "aggregation of the errors of a bin",
    allowed: Allowed::Choice(&["propagated", "weighted", "mean", "median", "min", "max", "first", "last", "none"]),
    default: Some("propagated"),
};

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "binned_light_curve",
    summary: "light curve in time bins: one row for each light curve and bin",
    columns: "bin ({window}, {offset}), time ({time}), flux ({flux}), error ({error}) and count",
    parameters: &[WINDOW, OFFSET, TIME, FLUX, ERROR],
    registered: &[],
    build: |arguments| Ok(Statistic::rows(BinnedLightCurve::of(arguments)?)),
};

/// The function that aggregates the values of a bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// The mean.
    Mean,
    /// The mean weighted by 1/σ². For errors, the error of this mean.
    Weighted,
    /// The error of the mean, for errors only.
    Propagated,
    /// The median.
    Median,
    /// The minimum.
    Min,
    /// The maximum.
    Max,
    /// The value of the first epoch.
    First,
    /// The value of the last epoch.
    Last,
    /// The middle of the bin, for times only.
    Middle,
}

impl Aggregation {
    const ALL: [(&'static str, Self); 9] = [
        ("mean", Self::Mean),
        ("weighted", Self::Weighted),
        ("propagated", Self::Propagated),
        ("median", Self::Median),
        ("min", Self::Min),
        ("max", Self::Max),
        ("first", Self::First),
        ("last", Self::Last),
        ("middle", Self::Middle),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, aggregation)| aggregation)
    }
}

/// Light curves in time bins; see the [module](self).
#[derive(Clone, Debug)]
pub struct BinnedLightCurve {
    info: Info,
    window: f64,
    offset: f64,
    time: Aggregation,
    flux: Aggregation,
    /// Aggregation of errors, if they are requested.
    error: Option<Aggregation>,
}

impl BinnedLightCurve {
    fn of(arguments: &Arguments) -> Result<Self, Error> {
        let (window, offset) = (arguments.float(&WINDOW)?, arguments.float(&OFFSET)?);
        let time = Aggregation::named(arguments.text(&TIME)?).unwrap_or(Aggregation::Mean);
        let flux = Aggregation::named(arguments.text(&FLUX)?).unwrap_or(Aggregation::Mean);
        let error = Aggregation::named(arguments.text(&ERROR)?);
        let weighted = [time, flux].contains(&Aggregation::Weighted);
        let mut outputs = vec![Output::int("bin"), Output::float("time"), Output::float("flux")];
        outputs.extend(error.map(|_| Output::float("error")));
        outputs.push(Output::int("count"));
        let info = Info {
            summary: KIND.summary.into(),
            formula: format!(
                "aggregations of the epochs in each bin of {window} days, with a bin that starts at {offset} days"
            )
            .into(),
            outputs,
            min_epochs: 1,
            reference: "Ensemble.bin_sources of TAPE 0.4, https://github.com/lincc-frameworks/tape".into(),
            ..Info::new(KIND.name, Inputs { error: weighted || error.is_some(), ..Inputs::ALL })
        };
        Ok(Self { info, window, offset, time, flux, error })
    }

    /// Iterates over the bins that have epochs, in time order: the number of each bin and the indices of its epochs.
    fn bins<'a>(&'a self, time: &'a [f64]) -> impl Iterator<Item = (f64, Range<usize>)> + 'a {
        let place = |at: usize| ((time[at] - self.offset) / self.window).floor();
        let mut start = 0;
        std::iter::from_fn(move || {
            let bin = (start < time.len()).then(|| place(start))?;
            let end = (start..time.len()).find(|&at| place(at) != bin).unwrap_or(time.len());
            let epochs = start..end;
            start = end;
            Some((bin, epochs))
        })
    }
}

impl ManyRows for BinnedLightCurve {
    fn info(&self) -> &Info {
        &self.info
    }

    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates for bins beyond 2^63 windows")]
    fn rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>) {
        let of = |column: &'_ [f64], epochs: &Range<usize>| -> Vec<f64> {
            column.get(epochs.clone()).map(<[f64]>::to_vec).unwrap_or_default()
        };
        for (bin, epochs) in self.bins(light_curve.time()) {
            let errors = of(light_curve.error(), &epochs);
            let time = match self.time {
                Aggregation::Middle => (bin + 0.5) * self.window + self.offset,
                other => aggregated(other, of(light_curve.time(), &epochs), &errors),
            };
            let flux = aggregated(self.flux, of(light_curve.flux(), &epochs), &errors);
            out.extend([Value::Int(bin as i64), time.into(), flux.into()]);
            out.extend(self.error.map(|error| Value::from(error_of(error, errors))));
            out.push(Value::Int(i64::try_from(epochs.len()).unwrap_or(i64::MAX)));
        }
    }
}

/// Aggregates the values of a bin, of at least one epoch, in time order.
fn aggregated(aggregation: Aggregation, mut values: Vec<f64>, errors: &[f64]) -> f64 {
    match aggregation {
        Aggregation::Weighted => {
            let epochs = LightCurve::new(&values).with_error(errors);
            epochs.weighted().mean
        }
        Aggregation::Median => {
            values.sort_unstable_by(f64::total_cmp);
            let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
            f64::midpoint(values[low], values[high])
        }
        Aggregation::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
        Aggregation::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Aggregation::First => values[0],
        Aggregation::Last => values[values.len() - 1],
        // Sum the differences from the first value, because times are large and their differences small.
        Aggregation::Mean | Aggregation::Propagated | Aggregation::Middle => {
            let first = values[0];
            first + values.iter().map(|value| value - first).sum::<f64>() / count(values.len())
        }
    }
}

/// The error of a bin.
fn error_of(aggregation: Aggregation, errors: Vec<f64>) -> f64 {
    // Divide by the largest error, so that no square overflows.
    let scale = errors.iter().copied().fold(0.0, f64::max);
    let squares = |of: &dyn Fn(f64) -> f64| errors.iter().map(|error| of(error / scale).powi(2)).sum::<f64>();
    match aggregation {
        Aggregation::Propagated => scale * squares(&|error| error).sqrt() / count(errors.len()),
        Aggregation::Weighted => scale / squares(&|error| 1.0 / error).sqrt(),
        other => aggregated(other, errors, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::make;

    const TIME: [f64; 6] = [-0.5, 0.25, 0.5, 0.75, 3.0, 3.5];
    const FLUX: [f64; 6] = [7.0, 4.0, 1.0, 10.0, 2.0, 4.0];
    const ERROR: [f64; 6] = [0.5, 1.0, 2.0, 2.0, 3.0, 4.0];

    /// Computes the rows of the light curve above, with `columns` values each.
    fn rows(name: &str, columns: usize) -> Vec<Vec<f64>> {
        let Ok(Statistic::Rows(binned)) = make(name) else { panic!("{name} has no rows") };
        let mut out = vec![];
        binned.rows(&LightCurve::new(&FLUX).with_error(&ERROR).with_time(&TIME), &mut out);
        assert_eq!(binned.info().outputs.len(), columns, "{name}");
        let number = |value: &Value| match *value {
            Value::Float(number) => number,
            Value::Int(number) => f64::from(i32::try_from(number).expect("small")),
            _ => f64::NAN,
        };
        out.chunks(columns).map(|row| row.iter().map(number).collect()).collect()
    }

    fn near(ours: &[Vec<f64>], wanted: &[&[f64]]) {
        assert_eq!(ours.len(), wanted.len());
        for (ours, wanted) in ours.iter().zip(wanted) {
            let near = ours.iter().zip(*wanted).all(|(a, b)| (a - b).abs() <= 1e-14 * b.abs());
            assert!(near && ours.len() == wanted.len(), "{ours:?}, not {wanted:?}");
        }
    }

    #[test]
    fn rows_are_means_with_propagated_errors() {
        near(
            &rows("binned_light_curve", 5),
            &[&[-1.0, -0.5, 7.0, 0.5, 1.0], &[0.0, 0.5, 5.0, 1.0, 3.0], &[3.0, 3.25, 3.0, 2.5, 2.0]],
        );
    }

    #[test]
    fn bins_start_at_the_offset() {
        let counts: Vec<f64> = rows("binned_light_curve:window=1:offset=0.5", 5).iter().map(|row| row[4]).collect();
        assert_eq!(counts, [2.0, 2.0, 1.0, 1.0]);
        let all = rows("binned_light_curve:window=100:offset=-50:time=middle:error=none", 4);
        near(&all, &[&[0.0, 0.0, 28.0 / 6.0, 6.0]]);
    }

    #[test]
    fn each_column_has_its_own_aggregation() {
        let second = |name: &str| rows(name, 5)[1][1..4].to_vec();
        let total: f64 = 1.0 + 0.25 + 0.25;
        for (name, wanted) in [
            ("time=min:flux=max:error=median", [0.25, 10.0, 2.0]),
            ("time=first:flux=last:error=first", [0.25, 10.0, 1.0]),
            ("time=max:flux=median:error=max", [0.75, 4.0, 2.0]),
            ("time=last:flux=min:error=mean", [0.75, 1.0, 5.0 / 3.0]),
            (
                "time=weighted:flux=weighted:error=weighted",
                [(0.25 + 0.125 + 0.1875) / total, (4.0 + 0.25 + 2.5) / total, total.powf(-0.5)],
            ),
            ("time=median:flux=first:error=min", [0.5, 4.0, 1.0]),
        ] {
            near(&[second(&format!("binned_light_curve:{name}"))], &[&wanted]);
        }
    }

    #[test]
    fn squares_of_errors_do_not_overflow() {
        let error = |size: f64| error_of(Aggregation::Propagated, vec![3.0 * size, 4.0 * size]);
        assert!((error(1e200) / 2.5e200 - 1.0).abs() < 1e-15 && (error(1e-200) / 2.5e-200 - 1.0).abs() < 1e-15);
        let weighted = error_of(Aggregation::Weighted, vec![1e-200, 1e-200]);
        assert!((weighted / 1e-200 - 0.5_f64.sqrt()).abs() < 1e-15, "{weighted}");
    }

    #[test]
    fn errors_are_an_input_only_if_needed() {
        let inputs = |name: &str| make(name).expect(name).info().inputs.error;
        assert!(inputs("binned_light_curve") && inputs("binned_light_curve:error=none:flux=weighted"));
        assert!(!inputs("binned_light_curve:error=none"));
        for (name, says) in [
            ("binned_light_curve:time=propagated", "'time' of 'binned_light_curve' is 'propagated'"),
            ("binned_light_curve:window=0", "a number above 0"),
        ] {
            let error = make(name).expect_err(name).to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
