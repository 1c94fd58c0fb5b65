//! The light curve of one object, in one or more bands.

use std::collections::BTreeMap;

use tape_core::{
    Bands, Chunk, Columns, Grouper, Grouping, IdType, Ids, Info, Inputs, LeftOut, LightCurve, Object, ObjectId, Part,
    Partition, Piece, Role, Rows, Source, Statistic, StatisticError, Value,
};
use tape_io::Survey;

use super::Ensemble;
use crate::error::Error;
use crate::statistics::statistic;

/// Number of rows read at a time.
const BATCH: usize = 16 * 1024;

/// The epochs of one object, with the same statistics as an [`Ensemble`].
///
/// Epochs are sorted by time within each band. As in a survey, epochs are skipped and counted if their time, flux or
/// error is not finite, or their error is not above zero.
///
/// ```
/// use tape::TimeSeries;
/// let series = TimeSeries::new(&[60_001.0, 60_002.0, 60_003.0], &[5.0, 7.0, 6.0], &[0.1, 0.1, 0.1])?;
/// assert_eq!(series.value("mean")?, Some(6.0));
/// assert!(series.value("stetson_j")?.is_some_and(|j| j > 3.0));
/// # Ok::<(), tape::Error>(())
/// ```
#[derive(Debug)]
pub struct TimeSeries {
    chunk: Chunk,
    grouping: Grouping,
    /// The columns that epochs have.
    columns: Inputs,
    left_out: LeftOut,
}

/// The values of a statistic by column name, for each band, or without a band for the object. A statistic with many
/// rows for each light curve has several entries per band.
pub type Outcome = BTreeMap<Option<String>, Vec<BTreeMap<String, Value>>>;

impl TimeSeries {
    /// Creates a light curve in one band from times in days, fluxes and their errors.
    ///
    /// # Errors
    /// If the columns differ in length.
    pub fn new(time: &[f64], flux: &[f64], error: &[f64]) -> Result<Self, Error> {
        Self::with_bands::<&str>(time, flux, error, &[])
    }

    /// Creates a light curve in several bands from the band label of each epoch. `band` is empty if there are no bands.
    ///
    /// # Errors
    /// If the columns differ in length, or there are more than 255 bands.
    pub fn with_bands<S: AsRef<str>>(time: &[f64], flux: &[f64], error: &[f64], band: &[S]) -> Result<Self, Error> {
        let n = flux.len();
        let bands_fit = band.is_empty() || band.len() == n;
        if time.len() != n || error.len() != n || !bands_fit {
            let (time, error, band) = (time.len(), error.len(), band.len());
            return Err(Error::Lengths { time, flux: n, error, band });
        }
        let bands = Bands::default();
        let mut rows = Rows::new(IdType::Int64);
        rows.ids = Ids::Int(vec![0; n]);
        for i in 0..n {
            let code = band.get(i).map(|label| bands.code(label.as_ref())).transpose();
            rows.band.extend(code.map_err(|_| Error::ManyBands)?);
        }
        rows.time.extend_from_slice(time);
        rows.flux.extend_from_slice(flux);
        rows.error.extend_from_slice(error);
        Ok(Self::new_of(&rows, &bands, Inputs::ALL))
    }

    /// Groups rows of one object.
    pub(crate) fn new_of(rows: &Rows, bands: &Bands, columns: Inputs) -> Self {
        let (grouping, left_out) = (Grouping::new(bands, None, columns), LeftOut::default());
        let mut series = Self { chunk: Chunk::new(IdType::Int64), grouping, columns, left_out };
        series.chunk.ids = rows.ids.new_like();
        if !rows.is_empty() {
            let all = [Part::of(rows, 0..rows.len())];
            Grouper::default().by_hash(&all, &series.grouping, &mut series.chunk, &mut series.left_out);
        }
        series
    }

    /// Returns the number of epochs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chunk.flux.len()
    }

    /// Returns true if there are no epochs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunk.flux.is_empty()
    }

    /// Returns the numbers of skipped epochs, by reason.
    #[must_use]
    pub const fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    /// Returns the light curve of each band, in the order of results. Without bands, the label is empty.
    #[must_use]
    pub fn light_curves(&self) -> Vec<LightCurve<'_>> {
        let light_curve = |segment| self.chunk.light_curve(segment, self.grouping.label(segment.band));
        self.chunk.segments.iter().map(light_curve).collect()
    }

    /// Computes the statistic called `name`. Parameters follow after colons.
    ///
    /// # Errors
    /// See [`crate::statistic`] and [`TimeSeries::evaluate`].
    pub fn compute(&self, name: &str) -> Result<Outcome, Error> {
        self.evaluate(&statistic(name)?)
    }

    /// Returns the value of the statistic `name`, or `None` if the light curve has too few epochs.
    ///
    /// # Errors
    /// See [`crate::statistic`]. Also if there is more than one value, for example in several bands or outputs.
    pub fn value(&self, name: &str) -> Result<Option<f64>, Error> {
        let outcome = self.compute(name)?;
        let mut values = outcome.into_values().flatten().flat_map(BTreeMap::into_values);
        let first = values.next();
        if values.next().is_some() {
            return Err(Error::ManyValues { statistic: name.to_owned() });
        }
        Ok(match first {
            Some(Value::Float(value)) => Some(value),
            #[expect(clippy::cast_precision_loss, reason = "a number of epochs")]
            Some(Value::Int(value)) => Some(value as f64),
            Some(Value::Bool(value)) => Some(f64::from(u8::from(value))),
            Some(Value::Null) | None => None,
        })
    }

    /// Computes a statistic of any kind, including your own.
    ///
    /// # Errors
    /// If it needs times or errors, and the survey has none.
    pub fn evaluate(&self, statistic: &Statistic) -> Result<Outcome, Error> {
        let needs = statistic.info().inputs;
        let lacking =
            [("time", needs.columns().time && !self.columns.time), ("error", needs.error && !self.columns.error)];
        if let Some((column, _)) = lacking.into_iter().find(|(_, lacks)| *lacks) {
            return Err(Error::NoColumn { statistic: statistic.info().name.to_string(), column });
        }
        self.evaluated(statistic).map_err(|(band, source)| Error::StatisticFailed {
            statistic: statistic.info().name.to_string(),
            band: band.unwrap_or_default(),
            source,
        })
    }

    /// Returns the values of a statistic, or its error with the band.
    fn evaluated(&self, statistic: &Statistic) -> Result<Outcome, (Option<String>, StatisticError)> {
        let light_curves = self.light_curves();
        let Info { outputs, min_epochs, .. } = statistic.info();
        let named = |values: &[Value]| {
            outputs.iter().map(|output| output.name.to_string()).zip(values.iter().copied()).collect()
        };
        let one = |values: &[Value]| vec![named(values)];
        let mut out = vec![Value::Null; outputs.len()];
        if statistic.is_of_objects() {
            statistic.try_evaluate_object(&Object::new(&light_curves), &mut out).map_err(|error| (None, error))?;
            return Ok(Outcome::from([(None, one(&out))]));
        }
        let of_band = |light_curve: &LightCurve<'_>| {
            let band = Some(light_curve.band()).filter(|label| !label.is_empty()).map(str::to_owned);
            if let Statistic::Rows(many) = statistic {
                let mut values = vec![];
                if light_curve.len() >= *min_epochs {
                    many.try_rows(light_curve, &mut values).map_err(|error| (band.clone(), error))?;
                }
                return Ok((band, values.chunks_exact(outputs.len().max(1)).map(named).collect()));
            }
            let mut out = vec![Value::Null; outputs.len()];
            statistic.try_evaluate(light_curve, &mut out).map_err(|error| (band.clone(), error))?;
            Ok((band, one(&out)))
        };
        light_curves.iter().map(of_band).collect()
    }
}

impl Ensemble {
    /// Returns the epochs of one object, or `None` if it has none. Only row groups whose footers may include the id are
    /// read.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("survey");
    /// # tape::simulate::Simulation { objects: 20, files: 2, ..Default::default() }.write(&out)?;
    /// # let ensemble = tape::Ensemble::open(out.to_str().unwrap())?;
    /// # let table = ensemble.batch_named(&["mean"])?.compute()?;
    /// # let ids = tape::arrow::array::AsArray::as_primitive::<tape::arrow::datatypes::Int64Type>(table.column(0));
    /// # let id = ids.value(0);
    /// let series = ensemble.time_series(tape::core::ObjectId::Int(id))?.expect("it has this object");
    /// println!("{:?}", series.compute("stetson_j")?);
    /// # assert!(!series.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn time_series(&self, id: ObjectId) -> Result<Option<TimeSeries>, Error> {
        let survey = self.survey();
        let id = of_type(id, survey.id_type());
        let mut rows = Rows::new(survey.id_type());
        for (row_group, group) in survey.row_groups().iter().enumerate() {
            if group.ids.as_ref().is_none_or(|claim| claim.min <= id && id <= claim.max) {
                take(survey, Piece { row_group, rows: 0..group.rows }, &id, &mut rows)?;
            }
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let [_, time, _, error, _] = Role::ALL.map(|role| survey.column(role).is_some());
        Ok(Some(TimeSeries::new_of(&rows, survey.bands(), Inputs { time, error, order: time, ..Inputs::ALL })))
    }
}

/// Reads the rows of one object in a row group and appends them.
fn take(survey: &Survey, piece: Piece, id: &ObjectId, to: &mut Rows) -> Result<(), Error> {
    let [_, time, flux, error, band] = Role::ALL.map(|role| survey.column(role).is_some());
    let partition = Partition { pieces: vec![piece] };
    let unread = |source| Error::from_task(tape_exec::Error::Source(source));
    let mut reader = survey.read(&partition, Columns { time, flux, error, band }).map_err(unread)?;
    let mut rows = Rows::new(survey.id_type());
    while reader.read(&mut rows, BATCH).map_err(unread)? > 0 {
        let own = rows.filtered(|row| rows.ids.get(row).to_owned(survey.id_type()) == *id);
        to.extend_from(&own, 0..own.len());
        rows.clear();
    }
    Ok(())
}

/// Converts an id to the survey's type. Integers are compared by value.
fn of_type(id: ObjectId, id_type: IdType) -> ObjectId {
    match (id, id_type) {
        (ObjectId::Int(value), IdType::UInt64) => u64::try_from(value).map_or(ObjectId::Int(value), ObjectId::UInt),
        (ObjectId::UInt(value), IdType::UInt64 | IdType::Utf8) => ObjectId::UInt(value),
        (ObjectId::UInt(value), _) => i64::try_from(value).map_or(ObjectId::UInt(value), ObjectId::Int),
        (other, _) => other,
    }
}
