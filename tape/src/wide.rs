//! From one row per light curve to one row per object.

use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{Field, Schema as ArrowSchema};
use tape_core::{Results, ResultsError, Schema, Sink, Source, SourceError, order_of};

use crate::error::Error;

/// Collects results in long form, to be turned at the end: which bands there are is known only then.
pub(crate) struct Pivot {
    long: Results,
}

impl Pivot {
    pub(crate) fn new(schema: &Schema, source: &dyn Source) -> Self {
        let outputs = schema.arrow().fields().len() - 3;
        Self { long: Results::new(source.id_type(), outputs) }
    }

    /// One row per object: its id, then for each value `n_obs`, output, … one column for each band, null where the object
    /// was not observed in it. Bands that were asked for have columns even if no epoch has them.
    pub(crate) fn table(
        &self,
        schema: &Schema,
        source: &dyn Source,
        asked: Option<&[String]>,
    ) -> Result<RecordBatch, Error> {
        let labels = source.bands().labels();
        let long = schema.to_batch(&self.long, &labels)?;
        let bands = wide_bands(&labels, asked);
        let (objects, places) = self.places(&labels, &bands);
        let pick = |column: usize, rows: &UInt32Array| {
            take(long.column(column), rows, None).map_err(|error| Error::Results(ResultsError::Arrow(error)))
        };
        let mut fields = vec![schema.arrow().field(0).clone()];
        let mut columns = vec![pick(0, &objects)?];
        for column in 2..long.num_columns() {
            let field = schema.arrow().field(column);
            for (band, places) in bands.iter().zip(&places) {
                fields.push(Field::new(format!("{}_{band}", field.name()), field.data_type().clone(), true));
                columns.push(pick(column, places)?);
            }
        }
        let table = RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), columns);
        table.map_err(|error| Error::Results(error.into()))
    }

    /// For each object its first row, and for each band the row of each object in it.
    fn places(&self, labels: &[String], bands: &[String]) -> (UInt32Array, Vec<UInt32Array>) {
        let row = |row: usize| u32::try_from(row).ok();
        let mut objects = Vec::new();
        let mut places: Vec<Vec<Option<u32>>> = vec![vec![]; bands.len()];
        for at in 0..self.long.len() {
            if at == 0 || self.long.ids.get(at) != self.long.ids.get(at - 1) {
                objects.push(row(at));
                places.iter_mut().for_each(|band| band.push(None));
            }
            let label = &labels[usize::from(self.long.band[at])];
            if let Some(i) = bands.iter().position(|band| band == label)
                && let Some(place) = places[i].last_mut()
            {
                *place = row(at);
            }
        }
        (objects.into(), places.into_iter().map(UInt32Array::from).collect())
    }
}

/// The bands that get columns, in the order of results.
fn wide_bands(met: &[String], asked: Option<&[String]>) -> Vec<String> {
    let bands = asked.unwrap_or(met);
    order_of(bands).into_iter().map(|code| bands[usize::from(code)].clone()).collect()
}

impl Sink for Pivot {
    fn write(&mut self, results: Results) -> Result<(), SourceError> {
        self.long.append(&results);
        Ok(())
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        self.long = self.long.new_like();
        Ok(())
    }
}
