//! The structure function as a statistic with one row for each light curve and bin.

use std::ops::Bound;

use tape_core::{Info, Inputs, LightCurve, ManyRows, Output, Pairwise, Statistic, Value};

use super::{Binning, Method, Noise, Resampling, Samples, StructureFunction};
use crate::error::Error;
use crate::kind::{Arguments, Kind};
use crate::parameter::{Allowed, Parameter};

const METHOD: Parameter = Parameter {
    name: "method",
    summary: "definition of SF²",
    allowed: Allowed::Choice(&["basic", "macleod_2012", "bauer_2009a", "bauer_2009b", "schmidt_2010"]),
    default: Some("basic"),
};
const BINS: Parameter = Parameter {
    name: "bins",
    summary: "bins of equal number of pairs, equal length, or equal length in log time",
    allowed: Allowed::Choice(&["size", "length", "loglength"]),
    default: Some("size"),
};
const TARGET: Parameter =
    Parameter { name: "target", summary: "pairs of epochs per bin", allowed: Allowed::Int(1), default: Some("100") };
const EDGES: Parameter = Parameter {
    name: "edges",
    summary: "edges of the bins, days, instead of bins and target",
    allowed: Allowed::Ascending,
    default: Some("none"),
};
const TIMES: Parameter = Parameter {
    name: "times",
    summary: "use times, or ignore them so that neighbouring epochs have an interval of one",
    allowed: Allowed::Choice(&["measured", "ignored"]),
    default: Some("measured"),
};
const ERRORS: Parameter = Parameter {
    name: "errors",
    summary: "errors to subtract",
    allowed: Allowed::Choice(&["measured", "none"]),
    default: Some("measured"),
};
const REPETITIONS: Parameter = Parameter {
    name: "repetitions",
    summary: "number of random samples to estimate errors; 0 for none",
    allowed: Allowed::Int(0),
    default: Some("0"),
};
const SAMPLES: Parameter = Parameter {
    name: "samples",
    summary: "pairs in each sample; 0 for the number of pairs of the light curve",
    allowed: Allowed::Int(0),
    default: Some("0"),
};
const SEED: Parameter =
    Parameter { name: "seed", summary: "seed of the random numbers", allowed: Allowed::Int(0), default: Some("0") };
const LOWER: Parameter = quantile("lower", "quantile of the samples for the lower error", "0.16");
const UPPER: Parameter = quantile("upper", "quantile of the samples for the upper error", "0.84");

const fn quantile(name: &'static str, summary: &'static str, default: &'static str) -> Parameter {
    let allowed = Allowed::Float(Bound::Included(0.0), Bound::Included(1.0));
    Parameter { name, summary, allowed, default: Some(default) }
}

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "structure_function",
    summary: "structure function: one row for each light curve and bin of time intervals",
    columns: "bin, dt and sf2 ({method}; {bins}, {target} or {edges}; {times}, {errors}), and with {repetitions} ({samples}, \
              {seed}) sf2_lower_error, sf2_upper_error ({lower}, {upper})",
    parameters: &[METHOD, BINS, TARGET, EDGES, TIMES, ERRORS, REPETITIONS, SAMPLES, SEED, LOWER, UPPER],
    registered: &[],
    build: |arguments| Ok(Statistic::rows(PerBin::new(settings(arguments)?))),
};

fn settings(arguments: &Arguments) -> Result<StructureFunction, Error> {
    let name = arguments.text(&METHOD)?;
    let method = Method::ALL.into_iter().find(|method| method.name() == name).unwrap_or_default();
    let (target, edges) = (arguments.int(&TARGET)?, arguments.floats(&EDGES)?);
    let binning = match arguments.text(&BINS)? {
        _ if !edges.is_empty() => Binning::Edges(edges),
        "length" => Binning::Length { target },
        "loglength" => Binning::LogLength { target },
        _ => Binning::Size { target },
    };
    let mut function = StructureFunction::new(method).binned(binning)?;
    if arguments.text(&TIMES)? == "ignored" {
        function = function.ignoring_times();
    }
    if arguments.text(&ERRORS)? == "none" {
        function = function.with_noise(Noise::None)?;
    }
    let repetitions = arguments.int(&REPETITIONS)?;
    if repetitions == 0 {
        return Ok(function);
    }
    let samples = match arguments.int(&SAMPLES)? {
        0 => Samples::All,
        number => Samples::Number(number),
    };
    let (seed, quantiles) = (arguments.int(&SEED)? as u64, [arguments.float(&LOWER)?, arguments.float(&UPPER)?]);
    function.resampled(Resampling { repetitions, samples, seed, quantiles })
}

/// A structure function with one row for each light curve and bin: the number of the bin, its mean Δt, SF², and with
/// resampling the lower and the upper error.
///
/// ```
/// use tape_analysis::structure_function::{Method, PerBin, StructureFunction};
/// let statistic = tape_core::Statistic::rows(PerBin::new(StructureFunction::new(Method::Bauer2009a)));
/// assert_eq!(statistic.info().name, "structure_function_bauer_2009a");
/// ```
#[derive(Clone, Debug)]
pub struct PerBin {
    info: Info,
    pub(super) function: StructureFunction,
}

impl PerBin {
    /// Creates the statistic of a structure function.
    #[must_use]
    pub fn new(function: StructureFunction) -> Self {
        let mut outputs = vec![Output::int("bin"), Output::float("dt"), Output::float("sf2")];
        if function.resampling.is_some() {
            outputs.extend(["sf2_lower_error", "sf2_upper_error"].map(Output::float));
        }
        let info = Info {
            summary: KIND.summary.into(),
            formula: function.method.formula().into(),
            outputs,
            min_epochs: 3,
            reference: function.method.reference().into(),
            ..Info::new(format!("structure_function_{}", function.method.name()), function.inputs())
        };
        Self { info, function }
    }
}

impl StructureFunction {
    /// Returns the inputs. If times are ignored, their order still matters.
    pub(super) fn inputs(&self) -> Inputs {
        Inputs { time: !self.ignore_times, error: self.noise == Noise::Measured, order: true, ..Inputs::FLUX }
    }
}

impl ManyRows for PerBin {
    fn info(&self) -> &Info {
        &self.info
    }

    fn rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>) {
        for (number, bin) in (0..).zip(self.function.of(light_curve)) {
            out.extend(row(number, bin.dt, bin.sf2));
            out.extend(bin.errors().into_iter().flatten().map(or_null));
        }
    }

    fn pairwise(&self) -> Option<&dyn Pairwise> {
        self.function.on_device().map(|_| self as &dyn Pairwise)
    }
}

/// Returns the values of a bin.
pub(super) fn row(number: i64, dt: f64, sf2: f64) -> [Value; 3] {
    [Value::Int(number), or_null(dt), or_null(sf2)]
}

/// Converts a value of a bin, which is null without pairs.
fn or_null(value: f64) -> Value {
    if value.is_nan() { Value::Null } else { value.into() }
}
