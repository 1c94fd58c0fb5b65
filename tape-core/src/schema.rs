//! The schema of a results table, and the conversion of results to Arrow.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, SchemaRef};
use arrow::error::ArrowError;

use crate::bands::NO_BAND;
use crate::id::IdType;
use crate::ports::Source;
use crate::results::Results;
use crate::role::Role;
use crate::statistic::{OutputType, Statistic, Value};

/// Name of the column with the number of epochs used.
const N_OBS: &str = "n_obs";

/// The schema of a results table. Converts results to Arrow.
#[derive(Clone, Debug)]
pub struct Schema {
    id_type: IdType,
    has_band: bool,
    outputs: Vec<OutputType>,
    of_objects: Vec<bool>,
    arrow: SchemaRef,
}

/// An error of converting results to a table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// Two columns have the same name.
    #[error("two result columns are called '{name}': request each statistic once, and rename your own")]
    DuplicateColumn {
        /// The name of the columns.
        name: String,
    },
    /// A statistic returned another type than it declared.
    #[error(
        "column '{column}' is declared as {expected:?}, but the statistic returned {actual:?}: return the declared type, or declare another"
    )]
    WrongType {
        /// The name of the column.
        column: String,
        /// The declared type.
        expected: OutputType,
        /// The value that the statistic returned.
        actual: Value,
    },
    /// Arrow rejected the columns.
    #[error("results do not form a table: {0}")]
    Arrow(#[from] ArrowError),
}

impl Schema {
    /// Creates the schema for statistics of a survey: id, band (if the survey has one), `n_obs`, and each output. The
    /// band is null in the row of an object.
    ///
    /// # Errors
    /// [`ResultsError::DuplicateColumn`] if two columns have the same name.
    pub fn new(source: &dyn Source, statistics: &[Statistic]) -> Result<Self, ResultsError> {
        let id_type = source.id_type();
        let mut fields = vec![Field::new(source.title(Role::Id).unwrap_or("id"), id_type.data_type(), false)];
        let band = source.column(Role::Band).map(|column| source.title(Role::Band).unwrap_or(column));
        let has_band = band.is_some();
        if let Some(band) = band {
            fields.push(Field::new(band, DataType::Utf8, statistics.iter().any(Statistic::is_of_objects)));
        }
        fields.push(Field::new(N_OBS, DataType::UInt64, false));
        fields.extend(statistics.iter().flat_map(|s| s.info().fields().collect::<Vec<_>>()));
        for (i, field) in fields.iter().enumerate() {
            if fields[..i].iter().any(|other| other.name() == field.name()) {
                return Err(ResultsError::DuplicateColumn { name: field.name().clone() });
            }
        }
        let outputs = statistics.iter().flat_map(|s| s.info().outputs.iter().map(|o| o.output_type));
        let of_objects = statistics.iter().flat_map(|s| s.info().outputs.iter().map(|_| s.is_of_objects()));
        Ok(Self {
            id_type,
            has_band,
            outputs: outputs.collect(),
            of_objects: of_objects.collect(),
            arrow: Arc::new(arrow::datatypes::Schema::new(fields)),
        })
    }

    /// Makes the band nullable, for tables that include objects without light curves.
    #[must_use]
    pub fn with_null_bands(mut self) -> Self {
        let fields = self.arrow.fields().iter().enumerate();
        let fields = fields.map(|(i, field)| match i {
            1 if self.has_band => Arc::new(field.as_ref().clone().with_nullable(true)),
            _ => Arc::clone(field),
        });
        self.arrow = Arc::new(arrow::datatypes::Schema::new(fields.collect::<Vec<_>>()));
        self
    }

    /// Returns the Arrow schema of the table.
    #[must_use]
    pub fn arrow(&self) -> &SchemaRef {
        &self.arrow
    }

    /// Returns true if the table has a band column.
    #[must_use]
    pub const fn has_band(&self) -> bool {
        self.has_band
    }

    /// Returns, for each output, whether its values are in the rows of objects.
    #[must_use]
    pub fn of_objects(&self) -> &[bool] {
        &self.of_objects
    }

    /// Converts results to a table. `labels` are indexed by band code.
    ///
    /// # Errors
    /// [`ResultsError::WrongType`] if a statistic returned another type than it declared.
    pub fn to_batch(&self, results: &Results, labels: &[String]) -> Result<RecordBatch, ResultsError> {
        let mut columns = vec![results.ids.to_array(self.id_type)];
        if self.has_band {
            let label = |&code: &u8| (code != NO_BAND).then(|| labels[usize::from(code)].as_str());
            columns.push(Arc::new(results.band.iter().map(label).collect::<StringArray>()));
        }
        columns.push(Arc::new(UInt64Array::from(results.n_obs.clone())));
        let first = columns.len();
        for (i, (values, &output_type)) in results.values.iter().zip(&self.outputs).enumerate() {
            columns.push(self.to_array(values, output_type, first + i)?);
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.arrow), columns)?)
    }

    fn to_array(&self, values: &[Value], expected: OutputType, column: usize) -> Result<ArrayRef, ResultsError> {
        let wrong = |&actual: &Value| ResultsError::WrongType {
            column: self.arrow.field(column).name().clone(),
            expected,
            actual,
        };
        macro_rules! array {
            ($builder:ident, $variant:ident) => {{
                let mut builder = $builder::with_capacity(values.len());
                for value in values {
                    match value {
                        Value::$variant(v) => builder.append_value(*v),
                        Value::Null => builder.append_null(),
                        other => return Err(wrong(other)),
                    }
                }
                Arc::new(builder.finish())
            }};
        }
        Ok(match expected {
            OutputType::Float => array!(Float64Builder, Float),
            OutputType::Int => array!(Int64Builder, Int),
            OutputType::Bool => array!(BooleanBuilder, Bool),
        })
    }
}
