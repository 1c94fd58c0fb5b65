//! Groups epochs by other columns than object and band.

use std::sync::Arc;

use tape_core::Source;
use tape_exec::PlanChoice;
use tape_io::internal::Joined;

use super::Batch;
use crate::error::Error;

impl Batch {
    /// Groups epochs into light curves by these columns, instead of by object and band: `id`, `band` (or the names of
    /// these columns), and columns of the object table, such as the class. Without columns, all epochs form one light
    /// curve. Results have these columns in place of the id, are sorted by them, and `n_obs` counts the epochs of all
    /// objects.
    ///
    /// Epochs of several objects or bands are sorted by time. Epochs without a band are included unless `band` is one
    /// of the columns.
    ///
    /// ```
    /// # use tape::prelude::*;
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("survey");
    /// # tape::simulate::Simulation { objects: 50, files: 2, ..Default::default() }.write(&out)?;
    /// # let survey = out.to_str().unwrap();
    /// let ensemble = Ensemble::open(survey)?;
    /// let of_objects = ensemble.batch_named(&["stetson_j"])?.by(&["id"])?.compute()?;
    /// let of_bands = ensemble.batch_named(&["mean", "median"])?.by(&["band"])?.compute()?;
    /// assert_eq!((of_objects.num_rows(), of_bands.num_rows()), (50, 6));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a name is not the id, the band or a column of the object table, or if it is given twice.
    pub fn by<S: AsRef<str>>(mut self, by: &[S]) -> Result<Self, Error> {
        self.groups = Some(Arc::new(self.ensemble.shared().grouped(by)?));
        Ok(self)
    }

    /// Describes the columns that define a light curve, unless these are the object and the band.
    #[must_use]
    pub fn groups(&self) -> Option<String> {
        self.groups.as_ref().map(|groups| groups.in_words())
    }

    pub(crate) fn source(&self) -> &dyn Source {
        match &self.groups {
            Some(groups) => &**groups,
            None => self.ensemble.survey(),
        }
    }

    /// Checks that the other settings are valid for groups.
    pub(crate) fn check_groups(&self) -> Result<(), Error> {
        if self.all_objects {
            self.objects_for("listing all objects")?;
            if self.config.plan == PlanChoice::MapUnchecked {
                return Err(Error::AllUnchecked);
            }
        }
        let Some(groups) = &self.groups else { return Ok(()) };
        if self.config.bands.is_some() && !groups.is_by_band() {
            return Err(Error::BandsTogether { by: groups.in_words() });
        }
        if self.all_objects {
            return Err(Error::AllOfGroups { by: groups.in_words() });
        }
        Ok(())
    }

    /// Reads the columns that are appended to results, or that replace their ids.
    pub(crate) fn joined(&self) -> Result<Option<Joined<'_>>, Error> {
        let keys = self.groups.as_ref().map(|groups| groups.keys()).transpose()?.flatten();
        match (keys, self.joined.as_slice()) {
            (None, []) => Ok(None),
            (None, columns) => Ok(Some(self.objects_for(&self.columns_joined())?.joined(columns)?)),
            (Some(keys), []) => Ok(Some(keys)),
            (Some(_), columns) => Err(Error::JoinedToGroups { columns: columns.join(", ") }),
        }
    }
}
