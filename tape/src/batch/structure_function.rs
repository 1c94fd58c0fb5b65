//! The structure function of a whole survey, over all light curves of each band.

use std::collections::BTreeMap;

use tape_analysis::structure_function::{Bin, BinSums, Combined, StructureFunction};
use tape_core::{Results, Sink, SourceError, Statistic, Value};
use tape_exec::Summary;

use super::Batch;
use crate::ensemble::Ensemble;
use crate::error::Error;

/// The bins of each band, or of all epochs under `None` if the survey has no bands.
pub type BinsByBand = BTreeMap<Option<String>, Vec<Bin>>;

impl Ensemble {
    /// Computes the structure function over all light curves of each band, in one pass and without storing pairs of
    /// epochs. The bin edges must be given; [`StructureFunction::edges`] computes edges from some of the light curves.
    /// `with` configures the run, as for any [`Batch`].
    ///
    /// # Errors
    /// As [`Batch::compute`], and as [`StructureFunction::combined`].
    ///
    /// ```
    /// use tape::Ensemble;
    /// use tape::analysis::structure_function::{Binning, Method, StructureFunction};
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("survey");
    /// # tape::simulate::Simulation { objects: 50, files: 2, ..Default::default() }.write(&out)?;
    /// # let survey = out.to_str().unwrap();
    /// let edges = Binning::Edges(vec![1.0, 10.0, 100.0, 1000.0]);
    /// let function = StructureFunction::new(Method::Bauer2009a).binned(edges)?;
    /// let (by_band, summary) = Ensemble::open(survey)?.structure_function(&function, |batch| batch.workers(1))?;
    /// assert!(by_band.values().all(|bins| bins.len() == 3));
    /// # assert!(summary.light_curves > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn structure_function(
        &self,
        function: &StructureFunction,
        with: impl FnOnce(Batch) -> Batch,
    ) -> Result<(BinsByBand, Summary), Error> {
        let empty = function.combined()?;
        let batch = with(self.batch(&[Statistic::rows(BinSums::new(&empty))]));
        let plan = batch.explain()?;
        let mut sink = Together { empty, bands: BTreeMap::new() };
        let summary = batch.run_into(&plan, &mut sink, &tape_core::Silent)?;
        let labels = self.survey().bands().labels();
        let named = sink.bands.into_iter().map(|(code, combined)| {
            let label = labels.get(usize::from(code)).filter(|_| !labels.is_empty());
            (label.cloned(), combined.bins())
        });
        Ok((named.collect(), summary))
    }
}

/// A sink that sums over light curves, by band code. Results arrive in the same order for any number of workers, so the
/// floating-point sums are reproducible.
struct Together {
    empty: Combined,
    bands: BTreeMap<u8, Combined>,
}

impl Sink for Together {
    fn write(&mut self, results: Results) -> Result<(), SourceError> {
        for (row, &band) in results.band.iter().enumerate() {
            let number = |column: usize| match results.values[column][row] {
                Value::Float(number) => number,
                _ => 0.0,
            };
            let Value::Int(bin) = results.values[0][row] else { continue };
            let combined = self.bands.entry(band).or_insert_with(|| self.empty.clone());
            combined.add_sums(usize::try_from(bin).unwrap_or(usize::MAX), [1, 2, 3, 4].map(number))?;
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        self.bands.clear();
        Ok(())
    }
}
