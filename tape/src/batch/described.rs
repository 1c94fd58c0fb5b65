//! Converts a batch to a query and back.

use tape_core::{Role, Statistic};
use tape_exec::Config;

use super::Batch;
use crate::ensemble::Ensemble;
use crate::error::Error;
use crate::query::{Provenance, Query, Shape};
use crate::statistics::steps_named;

impl Batch {
    /// Returns the query that this batch computes.
    #[must_use]
    pub fn query(&self) -> Query {
        // All fields are destructured, so that a new field cannot be forgotten.
        let Self { ensemble, statistics: _, asked, by_name: _, config, wide, joined, groups, all_objects } = self;
        // Results do not depend on threads, memory or chunk sizes.
        let Config {
            plan,
            partitioning,
            bands,
            on_error,
            steps,
            workers: _,
            threads: _,
            memory: _,
            spill: _,
            rows_at_once: _,
            chunk_rows: _,
        } = config;
        Query {
            statistics: asked.clone(),
            bands: bands.clone(),
            groups: groups.as_ref().map(|groups| groups.names()),
            steps: steps.iter().map(|step| step.name().to_owned()).collect(),
            all_objects: *all_objects,
            joined: joined.clone(),
            shape: if *wide { Shape::Wide } else { Shape::Long },
            plan: *plan,
            partitioning: *partitioning,
            on_error: *on_error,
            ..ensemble.query()
        }
    }

    /// Opens the survey of a query and prepares its batch.
    ///
    /// # Errors
    /// As [`Ensemble::from_query`], [`Ensemble::batch_named`] and [`Batch::by`].
    pub fn from_query(query: &Query) -> Result<Self, Error> {
        let mut batch = Ensemble::from_query(query)?.batch_named(&query.statistics)?;
        batch.config.bands.clone_from(&query.bands);
        if let Some(groups) = &query.groups {
            batch = batch.by(groups)?;
        }
        (batch.config.plan, batch.config.partitioning) = (query.plan, query.partitioning);
        batch.config.on_error = query.on_error;
        batch.config.steps = steps_named(&query.steps)?;
        batch.joined.clone_from(&query.joined);
        (batch.wide, batch.all_objects) = (query.shape == Shape::Wide, query.all_objects);
        Ok(batch)
    }

    /// Returns the query with the stamps that its files had when they were opened.
    pub(crate) fn provenance(&self) -> Provenance {
        let mut provenance = Provenance { query: self.query(), ..self.ensemble.provenance() };
        if !self.by_name && provenance.unrepeatable.is_none() {
            provenance.unrepeatable = Some("its statistics were given by the program, not by name".to_owned());
        }
        provenance
    }

    /// Returns the key columns of the table, or an empty list if a light curve has many rows.
    pub(crate) fn key_columns(&self) -> Result<Vec<String>, Error> {
        if self.statistics.iter().any(Statistic::has_many_rows) {
            return Ok(vec![]);
        }
        let survey = self.ensemble.survey();
        let title = |role| survey.title(role).map(str::to_owned);
        let of_groups = self.groups.as_ref().map(|groups| groups.key_columns());
        let has_band = self.long_schema()?.has_band() && !self.wide;
        let band = title(Role::Band).filter(|_| has_band);
        Ok(of_groups.unwrap_or_else(|| title(Role::Id).into_iter().collect()).into_iter().chain(band).collect())
    }

    /// Returns the number of rows of each input, from the footers.
    pub(crate) fn rows_of_inputs(&self) -> Vec<u64> {
        let survey = self.ensemble.survey();
        let mut rows = vec![0; survey.paths().len()];
        survey.row_groups().iter().for_each(|group| rows[group.file] += group.rows);
        rows
    }
}
