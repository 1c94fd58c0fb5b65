//! A query of a survey, as one value.
//!
//! A [`Query`] is plain data: it can be compared, written as JSON, and opened. Jobs, frames, saved ensembles and files
//! of results contain a query with the stamps of its files ([`Provenance`]).

mod choice;
mod difference;
mod open;
mod provenance;

use serde::{Deserialize, Serialize};
use tape_core::{Quantity, Role};
use tape_exec::{OnError, Partitioning, PlanChoice};
use tape_io::{Conversion, Survey};

pub use choice::Choice;
pub(crate) use open::choose;
pub use provenance::{Provenance, Stamps};

/// A query: the rows and objects of the input files to use, the statistics to compute, and the shape of the results.
///
/// An ensemble has the first part of it, and a batch all of it. Threads, memory and location of a run are not part of
/// it, because no result depends on them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Query {
    /// The files, as absolute paths or URLs, in the order of the survey. Files in memory are called `memory:0` and so
    /// on.
    pub inputs: Vec<String>,
    /// The column of each role, in the order of [`Role::ALL`].
    pub columns: [Option<String>; 5],
    /// Preset of the columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// Quantity of the values, if it was set.
    #[serde(skip_serializing_if = "Option::is_none", with = "quantity")]
    pub quantity: Option<Quantity>,
    /// Derived columns. Each can use columns before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub derived: Vec<DerivedColumn>,
    /// The condition on rows.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The object table. Only its objects are selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<ObjectsQuery>,
    /// The table of exposures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposures: Option<ExposuresQuery>,
    /// Further selections of objects. Each applies to the result of those before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// Conversion of the values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversion: Option<ConversionQuery>,
    /// The statistics, by the names and parameters that were requested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statistics: Vec<String>,
    /// The bands to compute, or `None` for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bands: Option<Vec<String>>,
    /// Columns that define a light curve, unless these are the object and the band.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Names of the steps that light curves go through before statistics, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// True if objects without a light curve get a row.
    #[serde(skip_serializing_if = "is_default")]
    pub all_objects: bool,
    /// Columns of the object table that are appended to results.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<String>,
    /// The shape of the table.
    #[serde(skip_serializing_if = "is_default")]
    pub shape: Shape,
    /// The requested plan.
    #[serde(skip_serializing_if = "is_default")]
    pub plan: PlanChoice,
    /// Division of the survey into partitions.
    #[serde(skip_serializing_if = "is_default")]
    pub partitioning: Partitioning,
    /// Behaviour on input that cannot be read or does not fit.
    #[serde(skip_serializing_if = "is_default")]
    pub on_error: OnError,
}

/// A derived column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DerivedColumn {
    /// Name of the column.
    pub name: String,
    /// The expression, or `None` if a function of the program computes the column.
    pub expression: Option<String>,
}

/// A table with one row per object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectsQuery {
    /// Files of the table.
    pub inputs: Vec<String>,
    /// Column of the id.
    pub id: String,
    /// The condition on its rows.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// A table with one row per exposure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExposuresQuery {
    /// Files of the table.
    pub inputs: Vec<String>,
    /// Column of keys.
    pub key: String,
    /// The column of the survey's rows that holds keys.
    pub on: String,
}

/// A conversion between fluxes and magnitudes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversionQuery {
    /// True to convert to magnitudes, and false to convert to fluxes.
    pub to_magnitudes: bool,
    /// The magnitude of a flux of 1, as decimal text, because JSON libraries may round numbers.
    pub zero_point: String,
}

/// The shape of a table of results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Shape {
    /// A row per object and band.
    #[default]
    Long,
    /// A row per object, with columns for each band.
    Wide,
}

impl Query {
    /// Returns the part of a query that a survey defines.
    pub(crate) fn from_survey(survey: &Survey) -> Self {
        let mut in_memory = 0_usize..;
        let input = |path: &std::path::Path| match tape_io::internal::is_in_memory(path) {
            true => format!("{MEMORY}{}", in_memory.next().unwrap_or_default()),
            false => absolute(path),
        };
        let derived = survey.derived().map(|derived| DerivedColumn {
            name: derived.name().to_owned(),
            expression: derived.expression().map(str::to_owned),
        });
        let objects = survey.objects().map(|table| {
            let inputs = table.paths().map(absolute).collect();
            ObjectsQuery { inputs, id: table.id().to_owned(), condition: table.filter().map(str::to_owned) }
        });
        let exposures = survey.exposures().map(|exposures| {
            let table = exposures.table();
            let inputs = table.paths().map(absolute).collect();
            ExposuresQuery { inputs, key: table.id().to_owned(), on: exposures.on().to_owned() }
        });
        Self {
            inputs: survey.paths().map(input).collect(),
            columns: Role::ALL.map(|role| survey.column(role).map(str::to_owned)),
            preset: survey.preset().map(|preset| preset.name.to_owned()),
            quantity: survey.said_quantity(),
            derived: derived.collect(),
            condition: survey.filter().map(str::to_owned),
            objects,
            exposures,
            choices: survey.chosen().map(Choice::from).collect(),
            conversion: survey.conversion().map(ConversionQuery::from),
            ..Self::default()
        }
    }

    /// Returns the reason why running the same query again can give another result, if any.
    pub(crate) fn unrepeatable(&self) -> Option<String> {
        let function = self.derived.iter().find(|derived| derived.expression.is_none())?;
        Some(format!("its column '{}' is computed by a function of the program", function.name))
    }
}

/// Prefix of files in memory in a query, followed by their number.
pub(crate) const MEMORY: &str = "memory:";

impl From<Conversion> for ConversionQuery {
    fn from(conversion: Conversion) -> Self {
        let to_magnitudes = conversion.gives() == Quantity::Magnitude;
        Self { to_magnitudes, zero_point: conversion.zero_point().to_string() }
    }
}

impl ConversionQuery {
    /// Returns the conversion, if the zero point is a number.
    pub(crate) fn conversion(&self) -> Option<Conversion> {
        let zero_point = self.zero_point.parse().ok()?;
        Some(if self.to_magnitudes { Conversion::ToMagnitudes(zero_point) } else { Conversion::ToFluxes(zero_point) })
    }
}

impl std::fmt::Display for DerivedColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.expression {
            Some(expression) => write!(f, "{} = {expression}", self.name),
            None => write!(f, "{}, computed by a function", self.name),
        }
    }
}

/// Returns an absolute path, or a URL unchanged.
pub(crate) fn absolute(path: &std::path::Path) -> String {
    // URLs do not depend on the working directory.
    let is_url = path.to_str().is_some_and(|text| text.contains("://"));
    let absolute = if is_url { Ok(path.to_owned()) } else { std::path::absolute(path) };
    let absolute = absolute.unwrap_or_else(|_| path.to_owned());
    tape_io::internal::text_of_path(&absolute)
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Serializes a quantity as text.
pub(crate) mod quantity {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
    use tape_core::Quantity;

    pub(crate) fn serialize<S: Serializer>(quantity: &Option<Quantity>, serializer: S) -> Result<S::Ok, S::Error> {
        quantity.map(|quantity| quantity.to_string()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Quantity>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let found = [Quantity::Magnitude, Quantity::Flux].into_iter().find(|quantity| quantity.to_string() == text);
        found.map(Some).ok_or_else(|| D::Error::custom(format!("values cannot be '{text}'")))
    }
}
