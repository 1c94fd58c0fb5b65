//! Arguments that select light curves.

use clap::Args;
use tape::Ensemble;

use super::failure::Failure;

/// Arguments that select rows and objects of a survey.
#[derive(Args)]
pub(crate) struct SelectArgs {
    /// Use only rows that match this SQL condition, as in 'flux > 0 AND error > 0': see docs/where.md
    #[arg(long = "where", value_name = "CONDITION", allow_hyphen_values = true)]
    condition: Option<String>,
    /// Look up columns 'exposures.NAME' in this table: Parquet files with one row per exposure
    #[arg(long, value_name = "PATH", requires = "on", help_heading = "Exposures")]
    exposures: Vec<String>,
    /// Match rows to exposures by this column, and the table's key if it has another name, as in 'visit=visitId'
    #[arg(long, value_name = "COLUMN[=KEY]", requires = "exposures", help_heading = "Exposures")]
    on: Option<String>,
    /// Use only the objects in this table: Parquet files with one row per object, or a HATS collection
    #[arg(long, value_name = "PATH", help_heading = "Objects")]
    objects: Vec<String>,
    /// Name the id column of the object table
    #[arg(long, value_name = "COLUMN", requires = "objects", help_heading = "Objects")]
    object_id: Option<String>,
    /// Use only objects that match this SQL condition, as in 'dec > 0'
    #[arg(long, value_name = "CONDITION", requires = "objects", allow_hyphen_values = true, help_heading = "Objects")]
    where_object: Option<String>,
    /// Use only these object ids: a list with commas (quote ids that hold commas), @FILE with an id per line, or
    /// @FILE.parquet:COLUMN
    #[arg(long, value_name = "IDS", allow_hyphen_values = true, help_heading = "Objects")]
    ids: Vec<String>,
    /// Use a random fraction of the objects (0 to 1); reproducible with --seed
    #[arg(long, value_name = "FRACTION", help_heading = "Objects")]
    sample: Option<f64>,
    /// Set the seed for --sample
    #[arg(long, value_name = "N", default_value_t = 1, requires = "sample", help_heading = "Objects")]
    seed: u64,
    /// Skip objects with fewer than N epochs (all bands together)
    #[arg(long, value_name = "N", help_heading = "Objects")]
    min_epochs: Option<u64>,
}

impl SelectArgs {
    /// Applies the selections to an ensemble.
    pub(crate) fn of(&self, mut ensemble: Ensemble) -> Result<Ensemble, Failure> {
        // Conditions on rows may name columns of tables.
        if let Some(on) = &self.on {
            let (on, key) = on.split_once('=').map_or((on.as_str(), None), |(on, key)| (on, Some(key)));
            ensemble = ensemble.with_exposures(&self.exposures, on, key)?;
        }
        if !self.objects.is_empty() {
            ensemble = ensemble.with_objects(&self.objects, self.object_id.as_deref())?;
        }
        if let Some(condition) = &self.condition {
            ensemble = ensemble.filter(condition)?;
        }
        if let Some(condition) = &self.where_object {
            ensemble = ensemble.filter_objects(condition)?;
        }
        if !self.ids.is_empty() {
            let ids = super::ids::of(&self.ids, &ensemble)?;
            ensemble = ensemble.of_ids(ids)?;
        }
        if let Some(fraction) = self.sample {
            ensemble = ensemble.sample(fraction, self.seed)?;
        }
        Ok(match self.min_epochs {
            Some(least) => ensemble.prune(least),
            None => ensemble,
        })
    }

    /// Returns the condition on rows.
    pub(crate) fn condition(&self) -> Option<&str> {
        self.condition.as_deref()
    }
}
