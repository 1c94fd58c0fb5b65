//! Light curves of a part of the sky.

use std::path::Path;

use tape_core::ColumnMap;
use tape_io::{Region, SkyColumns, Survey};

use super::Ensemble;
use crate::error::Error;

impl Ensemble {
    /// Opens the part of a survey that lies in a region. Of HATS catalogues and collections, partitions that do not touch it are
    /// not opened; of all other files, and of what partitions have beside it, rows are excluded as by [`Ensemble::filter`].
    ///
    /// ```no_run
    /// use tape::io::{SkyPoint, Region};
    /// use tape::prelude::*;
    /// let cone = Region::Cone { around: SkyPoint { ra: 348.75, dec: 0.5 }, radius: 1.0 };
    /// let ensemble = Ensemble::open_within(&["my_collection"], &ColumnMap::new(), &cone)?;
    /// # Ok::<(), tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Ensemble::open_with`]; if the region is none, or if the survey does not say where its rows lie.
    pub fn open_within<P: AsRef<Path>>(inputs: &[P], columns: &ColumnMap, region: &Region) -> Result<Self, Error> {
        Self::open_within_by(inputs, columns, region, &SkyColumns::default())
    }

    /// Like [`Ensemble::open_within`], with named columns of coordinates.
    ///
    /// # Errors
    /// As [`Ensemble::open_within`].
    pub fn open_within_by<P: AsRef<Path>>(
        inputs: &[P],
        columns: &ColumnMap,
        region: &Region,
        sky: &SkyColumns,
    ) -> Result<Self, Error> {
        let inputs: Vec<&Path> = inputs.iter().map(AsRef::as_ref).collect();
        Ok(Self::new(Survey::open_within(&inputs, columns, region, sky)?))
    }
}
