//! Statistics that search frequencies, of all light curves of a chunk.

use tape_core::{Chunk, Search, Series, Spectral, Statistic, Value};

use crate::device::Gpu;
use crate::error::Result;
use crate::evaluate::{Evaluated, on_cpu};

/// Values after which no more searches are gathered for one call: 64 MiB of them.
const ENOUGH: usize = 1 << 24;

/// A search, the segment that it is of, and the places of its series among those of the call.
struct Waiting {
    segment: usize,
    search: Box<dyn Search>,
    series: std::ops::Range<usize>,
}

/// Searches that go to the device together.
#[derive(Default)]
struct Gathered {
    waiting: Vec<Waiting>,
    series: Vec<Series>,
    epochs: usize,
    values: usize,
}

impl Gathered {
    fn push(&mut self, segment: usize, search: Box<dyn Search>, series: Vec<Series>) {
        self.epochs += series.iter().map(|one| one.time.len()).sum::<usize>();
        self.values += series.iter().map(|one| one.number).sum::<usize>();
        let first = self.series.len();
        self.series.extend(series);
        self.waiting.push(Waiting { segment, search, series: first..self.series.len() });
    }
}

impl Gpu {
    /// The outputs of a statistic that searches frequencies, for all light curves of a chunk.
    pub(crate) fn search(
        &self,
        statistic: &Statistic,
        spectral: &dyn Spectral,
        chunk: &Chunk,
        out: &mut [Value],
    ) -> Result<Evaluated> {
        let outputs = statistic.info().outputs.len();
        assert_eq!(out.len(), chunk.segments.len() * outputs, "a place for each output of each segment");
        let (mut evaluated, mut gathered) = (Evaluated::default(), Gathered::default());
        for (number, segment) in chunk.segments.iter().enumerate() {
            let own = &mut out[number * outputs..(number + 1) * outputs];
            if segment.rows.len() < statistic.info().min_epochs {
                statistic.undefined(own);
                continue;
            }
            let light_curve = chunk.light_curve(segment, "");
            let search = spectral.search(std::slice::from_ref(&light_curve));
            let found = search.map(|search| (search.series(), search));
            let Some((series, search)) = found.filter(|(series, _)| series.iter().all(|one| self.takes(one))) else {
                evaluated.by_cpu += 1;
                on_cpu(statistic, chunk, segment, own);
                continue;
            };
            evaluated.by_device += 1;
            gathered.push(number, search, series);
            if gathered.values >= ENOUGH || 2 * gathered.epochs >= self.most_epochs() {
                self.finish(spectral, std::mem::take(&mut gathered), outputs, out)?;
            }
        }
        self.finish(spectral, gathered, outputs, out)?;
        Ok(evaluated)
    }

    fn finish(&self, spectral: &dyn Spectral, gathered: Gathered, outputs: usize, out: &mut [Value]) -> Result<()> {
        if gathered.waiting.is_empty() {
            return Ok(());
        }
        let values = self.values(spectral.kernel(), &self.upload_series(&gathered.series)?)?;
        for Waiting { segment, search, series } in gathered.waiting {
            let values: Vec<&[f32]> = series.map(|one| values.of(one)).collect();
            search.finish(&values, &mut out[segment * outputs..(segment + 1) * outputs]);
        }
        Ok(())
    }
}
