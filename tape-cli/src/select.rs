//! Arguments that say which light curves are meant.

use clap::Args;
use tape::Ensemble;
use tape::core::{ObjectId, Role};

use super::failure::Failure;

/// Which rows and objects of a survey.
#[derive(Args)]
pub(crate) struct SelectArgs {
    /// Use only rows for which this condition of SQL is true, as in 'flux > 0 AND error > 0': see docs/where.md
    #[arg(long = "where", value_name = "CONDITION", allow_hyphen_values = true)]
    condition: Option<String>,
    /// Look up columns 'exposures.NAME' in this table of exposures: Parquet files with one row for each exposure
    #[arg(long, value_name = "PATH", requires = "on", help_heading = "Exposures")]
    exposures: Vec<String>,
    /// Column of the rows that names the exposure, and that of the table where it differs, as in 'visit=visitId'
    #[arg(long, value_name = "COLUMN[=KEY]", requires = "exposures", help_heading = "Exposures")]
    on: Option<String>,
    /// Light curves of the objects of this table alone: Parquet files with a row for each object, or a HATS collection
    #[arg(long, value_name = "PATH", help_heading = "Objects")]
    objects: Vec<String>,
    /// Column of the id in the table of objects
    #[arg(long, value_name = "COLUMN", requires = "objects", help_heading = "Objects")]
    object_id: Option<String>,
    /// Use only objects that match this SQL condition, as in 'dec > 0'
    #[arg(long, value_name = "CONDITION", requires = "objects", allow_hyphen_values = true, help_heading = "Objects")]
    where_object: Option<String>,
    /// Use only these object ids
    #[arg(long, value_name = "IDS", value_delimiter = ',', allow_hyphen_values = true, help_heading = "Objects")]
    ids: Vec<String>,
    /// Use a random fraction of the objects (0 to 1); reproducible with --seed
    #[arg(long, value_name = "FRACTION", help_heading = "Objects")]
    sample: Option<f64>,
    /// Seed for --sample
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
            let ids = self.ids.iter().map(|id| parsed(id, &ensemble)).collect::<Result<Vec<_>, _>>()?;
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

    /// The condition on rows.
    pub(crate) fn condition(&self) -> Option<&str> {
        self.condition.as_deref()
    }
}

/// An id as the survey has them.
fn parsed(id: &str, ensemble: &Ensemble) -> Result<ObjectId, Failure> {
    let survey = ensemble.survey();
    ObjectId::parse(id, survey.id_type()).ok_or_else(|| {
        let column = survey.title(Role::Id).unwrap_or("id");
        Failure::usage(format!("--ids {id}: the ids in {column} are integers, and this is none that it can hold"))
    })
}
