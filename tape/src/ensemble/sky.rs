//! Light curves in a region of the sky.

use std::path::Path;

use tape_core::ColumnMap;
use tape_io::{Region, SkyColumns, Survey};

use super::Ensemble;
use crate::error::Error;

impl Ensemble {
    /// Opens the part of a survey that lies in a region. Partitions of HATS catalogues and collections that do not
    /// touch the region are not opened. In all other files, rows outside are excluded as by [`Ensemble::filter`].
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
    /// As [`Ensemble::open_with`], and if the region is invalid or the survey has no positions.
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
