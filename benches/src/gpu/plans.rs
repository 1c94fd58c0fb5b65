//! Times whole plans over a survey in memory, on the device and on all cores of the CPU.

use std::time::Instant;

use tape::Device;
use tape::exec::{Config, plan, run};
use tape_core::{
    Bands, IdRef, IdType, MemorySource, Results, Rows, Silent, Sink, SourceError, Statistic, Value, count,
};

use super::EPOCHS;
use super::rates::STRUCTURE_FUNCTION;
use crate::Error;
use crate::workload::LightCurves;

/// Rows per chunk for a device, as in `Batch::device`.
const CHUNK: usize = 256 * 1024;

/// The statistics to compute, the maximum number of light curves on a GPU and on a software adapter, and the tolerance:
/// relative, or absolute for small values.
struct Row {
    names: &'static [&'static str],
    label: &'static str,
    most: [usize; 2],
    relative: f64,
    absolute: f64,
}

const ROWS: [Row; 4] = [
    Row { names: &["stetson_j"], label: "stetson_j", most: [200_000, 400], relative: 0.0, absolute: 1e-5 },
    Row { names: &["variability"], label: "43 indices", most: [200_000, 400], relative: 5e-5, absolute: 1e-5 },
    // SF² is a difference of squares of up to 120 nJy.
    Row {
        names: &[STRUCTURE_FUNCTION],
        label: "structure_function",
        most: [20_000, 40],
        relative: 1e-4,
        absolute: 0.5,
    },
    Row { names: &["lomb_scargle"], label: "lomb_scargle", most: [2000, 4], relative: 1e-6, absolute: 1e-6 },
];

/// Seconds of one plan on the device and on the CPU, each the best of all runs.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Label of the statistics.
    pub label: &'static str,
    /// Number of light curves.
    pub light_curves: usize,
    /// Seconds with the device.
    pub device: f64,
    /// Seconds on the CPU only.
    pub cpu: f64,
    /// Fraction of the values with a kernel that the CPU computed nevertheless.
    pub left_to_cpu: f64,
}

/// Compares results and measures all rows.
pub(super) fn measure(device: &Device, light_curves: usize, runs: u32) -> Result<Vec<Plan>, Error> {
    let software = usize::from(device.gpu().adapter().software);
    ROWS.iter().map(|row| row.measure(device, light_curves.min(row.most[software]), runs)).collect()
}

impl Row {
    fn measure(&self, device: &Device, light_curves: usize, runs: u32) -> Result<Plan, Error> {
        let survey = survey(&LightCurves::new(light_curves, EPOCHS));
        let on_cpu = tape::statistics_named(self.names)?;
        let on_device: Vec<Statistic> = on_cpu.iter().map(|statistic| device.accelerate(statistic)).collect();
        let before = device.report();
        let (many, few) = (Config { chunk_rows: CHUNK, ..Config::default() }, Config::default());
        let (got, want) = (compute(&survey, &on_device, &many)?.0, compute(&survey, &on_cpu, &few)?.0);
        self.agree(&got, &want)?;
        let after = device.report();
        if let Some(why) = after.gave_up {
            return Err(format!("{}: the CPU took over: {why}", self.label).into());
        }
        let (by_device, by_cpu) = (after.by_device - before.by_device, after.by_cpu - before.by_cpu);
        let mut best = [f64::INFINITY; 2];
        for _ in 0..runs {
            for (best, (statistics, config)) in best.iter_mut().zip([(&on_device, &many), (&on_cpu, &few)]) {
                *best = best.min(compute(&survey, statistics, config)?.1);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a part")]
        let left_to_cpu = by_cpu as f64 / (by_device + by_cpu).max(1) as f64;
        Ok(Plan { label: self.label, light_curves, device: best[0], cpu: best[1], left_to_cpu })
    }

    /// Checks that all values agree.
    fn agree(&self, got: &Collected, want: &Collected) -> Result<(), Error> {
        if got.0.len() != want.0.len() || got.0.is_empty() {
            return Err(format!("{}: {} values instead of {}", self.label, got.0.len(), want.0.len()).into());
        }
        let close = |got: &Value, want: &Value| match (got, want) {
            (Value::Float(got), Value::Float(want)) => {
                (got - want).abs() <= self.absolute + self.relative * want.abs() || got.is_nan() && want.is_nan()
            }
            (got, want) => got == want,
        };
        match got.0.iter().zip(&want.0).find(|(got, want)| !close(got, want)) {
            Some((got, want)) => Err(format!("{}: {got:?} on the device, {want:?} on the CPU", self.label).into()),
            None => Ok(()),
        }
    }
}

/// All values of a run.
#[derive(Default)]
struct Collected(Vec<Value>);

impl Sink for Collected {
    fn write(&mut self, results: Results) -> Result<(), SourceError> {
        results.values.iter().for_each(|column| self.0.extend_from_slice(column));
        Ok(())
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        self.0.clear();
        Ok(())
    }
}

/// Creates a sorted survey with row groups that split no light curve.
fn survey(curves: &LightCurves) -> MemorySource {
    let mut rows = Rows::new(IdType::Int64);
    for (id, range) in (0..).zip(&curves.rows) {
        range.clone().for_each(|_| rows.ids.push(IdRef::Int(id)).expect("an integer"));
    }
    rows.time.clone_from(&curves.time);
    rows.flux.clone_from(&curves.flux);
    rows.error.clone_from(&curves.error);
    let cuts: Vec<usize> = (EPOCHS * 1000..rows.len()).step_by(EPOCHS * 1000).collect();
    MemorySource::new(IdType::Int64, rows, Bands::default(), &cuts).claiming(|row_group| row_group.sorted = true)
}

/// Returns the values, and the seconds to compute them.
fn compute(survey: &MemorySource, statistics: &[Statistic], config: &Config) -> Result<(Collected, f64), Error> {
    let mut sink = Collected::default();
    let start = Instant::now();
    let plan = plan(survey, statistics, config, &Silent)?;
    run(survey, statistics, config, &plan, &mut sink, &Silent)?;
    Ok((sink, start.elapsed().as_secs_f64()))
}

impl Plan {
    /// Returns the epochs per second on the device and on the CPU.
    #[must_use]
    pub fn rates(&self) -> [f64; 2] {
        [self.device, self.cpu].map(|seconds| count(self.light_curves * EPOCHS) / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_is_rejected() {
        let [row, ..] = &ROWS;
        let values = |last: f64| Collected(vec![Value::Null, Value::Float(f64::NAN), Value::Float(last)]);
        row.agree(&values(2.0), &values(2.0 + 5e-6)).expect("within 1e-5");
        assert!(row.agree(&values(2.0), &values(2.0 + 5e-5)).is_err());
        assert!(row.agree(&values(f64::NAN), &values(2.0)).is_err());
        assert!(row.agree(&Collected(vec![]), &Collected(vec![])).is_err());
    }

    #[test]
    fn the_survey_has_all_light_curves() {
        let survey = survey(&LightCurves::new(5, EPOCHS));
        let statistics = tape::statistics_named(&["observation_count"]).expect("it exists");
        let (values, _) = compute(&survey, &statistics, &Config::default()).expect("it runs");
        assert_eq!(values.0, vec![Value::Int(256); 5]);
    }
}
