//! Evaluates statistics that search frequencies for all light curves of a chunk.

use tape_core::{
    Cancellation, Chunk, LightCurve, Object, Search, Segment, Series, Spectral, Statistic, StatisticError, Value,
};

use crate::device::Gpu;
use crate::error::Result;
use crate::evaluate::Evaluated;

/// Maximum number of values to gather for one call: 64 MiB.
const ENOUGH: usize = 1 << 24;

/// A search, with the index of its light curve or object, and the indices of its series in the call.
struct Waiting {
    number: usize,
    search: Box<dyn Search>,
    series: std::ops::Range<usize>,
}

/// Searches to upload together.
#[derive(Default)]
struct Gathered {
    waiting: Vec<Waiting>,
    series: Vec<Series>,
    epochs: usize,
    values: usize,
}

impl Gathered {
    fn push(&mut self, number: usize, search: Box<dyn Search>, series: Vec<Series>) {
        self.epochs += series.iter().map(|one| one.time.len()).sum::<usize>();
        self.values += series.iter().map(|one| one.number).sum::<usize>();
        let first = self.series.len();
        self.series.extend(series);
        self.waiting.push(Waiting { number, search, series: first..self.series.len() });
    }
}

impl Gpu {
    /// Computes the outputs of a statistic that searches frequencies, for all light curves or objects of a chunk.
    /// Returns `None` if the statistic fails or work should stop.
    pub(crate) fn search(
        &self,
        statistic: &Statistic,
        spectral: &dyn Spectral,
        chunk: &Chunk,
        out: &mut [Value],
    ) -> Result<Option<Evaluated>> {
        let outputs = statistic.info().outputs.len();
        let all: Vec<&[Segment]> =
            if statistic.is_of_objects() { chunk.objects().collect() } else { chunk.segments.chunks(1).collect() };
        assert_eq!(out.len(), all.len() * outputs, "one element for each output of each light curve or object");
        let (mut evaluated, mut gathered) = (Evaluated::default(), Gathered::default());
        for (number, segments) in all.into_iter().enumerate() {
            if chunk.cancelled() {
                return Ok(None);
            }
            let own = &mut out[number * outputs..(number + 1) * outputs];
            if segments.iter().all(|segment| segment.rows.len() < statistic.info().min_epochs) {
                statistic.undefined(own);
                continue;
            }
            let light_curves: Vec<_> = segments.iter().map(|segment| chunk.light_curve(segment, "")).collect();
            let found = spectral.search(&light_curves).map(|search| (search.series(), search));
            if let Some((series, search)) = found.filter(|(series, _)| series.iter().all(|one| self.takes(one))) {
                evaluated.by_device += 1;
                gathered.push(number, search, series);
            } else {
                evaluated.by_cpu += 1;
                if on_cpu(statistic, &light_curves, own).is_err() {
                    return Ok(None);
                }
            }
            if gathered.values >= ENOUGH || 2 * gathered.epochs >= self.most_epochs() {
                self.finish(spectral, std::mem::take(&mut gathered), &chunk.cancellation, outputs, out)?;
            }
        }
        self.finish(spectral, gathered, &chunk.cancellation, outputs, out)?;
        Ok((!chunk.cancelled()).then_some(evaluated))
    }

    fn finish(
        &self,
        spectral: &dyn Spectral,
        gathered: Gathered,
        cancellation: &Cancellation,
        outputs: usize,
        out: &mut [Value],
    ) -> Result<()> {
        if gathered.waiting.is_empty() {
            return Ok(());
        }
        let resident = self.upload_series(&gathered.series)?;
        let Some(values) = self.values_until(spectral.kernel(), &resident, cancellation)? else { return Ok(()) };
        for Waiting { number, search, series } in gathered.waiting {
            if cancellation.is_cancelled() {
                return Ok(());
            }
            let values: Vec<&[f32]> = series.map(|one| values.of(one)).collect();
            search.finish(&values, &mut out[number * outputs..(number + 1) * outputs]);
        }
        Ok(())
    }
}

/// Computes outputs on the CPU. Light curves have no band label, because statistics that search frequencies do not use
/// it.
fn on_cpu(
    statistic: &Statistic,
    light_curves: &[LightCurve<'_>],
    out: &mut [Value],
) -> std::result::Result<(), StatisticError> {
    match light_curves {
        [light_curve] if !statistic.is_of_objects() => statistic.try_evaluate(light_curve, out),
        _ => statistic.try_evaluate_object(&Object::new(light_curves), out),
    }
}
