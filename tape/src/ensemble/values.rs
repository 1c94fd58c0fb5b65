//! What the values of a survey mean, and what is made of them.

use tape_core::Quantity;
use tape_io::Conversion;

use super::Ensemble;
use crate::error::Error;

impl Ensemble {
    /// The epochs of good quality alone, by the condition that is customary for the survey's preset: `catflags = 0` for ZTF.
    ///
    /// # Errors
    /// If the survey has no preset, that has no such condition, or a file lacks a column of it.
    pub fn quality(&self) -> Result<Self, Error> {
        let Some(preset) = self.survey.preset() else { return Err(Error::NoQuality { preset: None }) };
        let Some(condition) = self.survey.quality() else { return Err(Error::NoQuality { preset: Some(preset.name) }) };
        self.filter(&condition)
    }

    /// The same light curves, whose values are magnitudes or fluxes: statistics that have a meaning for the other alone are
    /// refused then. A preset says so by itself.
    #[must_use]
    pub fn with_quantity(&self, quantity: Quantity) -> Self {
        Self::new(self.to_survey().with_quantity(quantity))
    }

    /// The same light curves in magnitudes, with their errors, of which a flux of 1 has the magnitude `zero_point`. An epoch of
    /// which the flux is not above zero has no magnitude, and is left out.
    ///
    /// # Errors
    /// If values are magnitudes already.
    pub fn to_magnitudes(&self, zero_point: f64) -> Result<Self, Error> {
        Ok(Self::new(self.to_survey().converted(Conversion::ToMagnitudes(zero_point))?))
    }

    /// The same light curves in fluxes, with their errors, of which 1 has the magnitude `zero_point`.
    ///
    /// # Errors
    /// If values are fluxes already.
    pub fn to_fluxes(&self, zero_point: f64) -> Result<Self, Error> {
        Ok(Self::new(self.to_survey().converted(Conversion::ToFluxes(zero_point))?))
    }
}
