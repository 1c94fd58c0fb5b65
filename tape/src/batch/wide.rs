//! Pivots results from one row per light curve to one row per object.

use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{Field, Schema as ArrowSchema};
use tape_core::{NO_BAND, Results, ResultsError, Schema, Sink, Source, SourceError, order_of};

use super::sinks::check_names;
use crate::error::Error;

/// A collector of results in long form. They are pivoted at the end, when all bands are known.
pub(crate) struct Pivot {
    long: Results,
}

impl Pivot {
    pub(crate) fn new(schema: &Schema, source: &dyn Source) -> Self {
        let outputs = schema.arrow().fields().len() - 3;
        Self { long: Results::new(source.id_type(), outputs) }
    }

    /// Returns one row per object: the id, then one column per band for `n_obs` and each output, null if the object was
    /// not observed in that band. Selected bands have columns even if they have no epochs. Statistics of objects have
    /// one column, and then another `n_obs` counts the epochs of all bands.
    pub(crate) fn table(
        &self,
        schema: &Schema,
        source: &dyn Source,
        asked: Option<&[String]>,
    ) -> Result<RecordBatch, Error> {
        let labels = source.bands().labels();
        let long = schema.to_batch(&self.long, &labels)?;
        let bands = wide_bands(&labels, asked);
        let Places { first, of_bands, of_objects } = self.places(&labels, &bands);
        let pick = |column: usize, rows: &UInt32Array| {
            take(long.column(column), rows, None).map_err(|error| Error::Results(ResultsError::Arrow(error)))
        };
        let mut fields = vec![schema.arrow().field(0).clone()];
        let mut columns = vec![pick(0, &first)?];
        let [any, all] = [true, false].map(|of| schema.of_objects().contains(&of));
        // For each column after id and band: does it have values per band, and per object?
        let own = schema.of_objects().iter().map(|&of_objects| (!of_objects, of_objects));
        for (column, (by_band, by_object)) in (2..).zip(std::iter::once((all, any)).chain(own)) {
            let field = schema.arrow().field(column);
            for (band, places) in bands.iter().zip(&of_bands).filter(|_| by_band) {
                fields.push(Field::new(format!("{}_{band}", field.name()), field.data_type().clone(), true));
                columns.push(pick(column, places)?);
            }
            if by_object {
                fields.push(Field::new(field.name(), field.data_type().clone(), true));
                columns.push(pick(column, &of_objects)?);
            }
        }
        let schema = Arc::new(ArrowSchema::new(fields));
        check_names(&schema)?;
        let table = RecordBatch::try_new(schema, columns);
        table.map_err(|error| Error::Results(error.into()))
    }

    /// Returns the positions of each object's rows.
    fn places(&self, labels: &[String], bands: &[String]) -> Places {
        let row = |row: usize| u32::try_from(row).ok();
        let (mut first, mut of_objects) = (Vec::new(), Vec::new());
        let mut places: Vec<Vec<Option<u32>>> = vec![vec![]; bands.len()];
        for at in 0..self.long.len() {
            if at == 0 || self.long.ids.get(at) != self.long.ids.get(at - 1) {
                first.push(row(at));
                of_objects.push(None);
                places.iter_mut().for_each(|band| band.push(None));
            }
            let band = self.long.band[at];
            if band == NO_BAND {
                of_objects.pop();
                of_objects.push(row(at));
                continue;
            }
            let label = &labels[usize::from(band)];
            if let Some(i) = bands.iter().position(|band| band == label)
                && let Some(place) = places[i].last_mut()
            {
                *place = row(at);
            }
        }
        let of_bands = places.into_iter().map(UInt32Array::from).collect();
        Places { first: first.into(), of_bands, of_objects: of_objects.into() }
    }
}

/// For each object, the positions of its rows in long form; null if there is no such row.
struct Places {
    /// Position of the object's first row.
    first: UInt32Array,
    /// Position of the object's row in each band.
    of_bands: Vec<UInt32Array>,
    /// Position of the row of the object itself.
    of_objects: UInt32Array,
}

/// Returns the bands that get columns, in the order of results.
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
