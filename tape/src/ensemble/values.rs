//! The quantity of a survey's values, and conversions.

use tape_core::Quantity;
use tape_io::Conversion;

use super::Ensemble;
use crate::error::Error;

impl Ensemble {
    /// Keeps only epochs of good quality, by the usual condition for the survey's preset, such as `catflags = 0` for
    /// ZTF.
    ///
    /// # Errors
    /// If the survey has no preset, the preset has no such condition, or a file lacks a column that it names.
    pub fn quality(&self) -> Result<Self, Error> {
        let Some(preset) = self.survey.preset() else { return Err(Error::NoQuality { preset: None }) };
        let Some(condition) = self.survey.quality() else { return Err(Error::NoQuality { preset: Some(preset.name) }) };
        Ok(Self::new(self.to_survey().filtered(&condition)?.with_any_quality()))
    }

    /// Uses epochs of any quality. Without this and [`Ensemble::quality`], runs warn of epochs that fail the customary
    /// condition, with their number.
    #[must_use]
    pub fn any_quality(&self) -> Self {
        Self::new(self.to_survey().with_any_quality())
    }

    /// Sets the quantity of the values to magnitudes or fluxes. Statistics that are defined only for the other quantity
    /// are then rejected. A preset sets the quantity itself.
    #[must_use]
    pub fn with_quantity(&self, quantity: Quantity) -> Self {
        Self::new(self.to_survey().with_quantity(quantity))
    }

    /// Converts fluxes and their errors to magnitudes. A flux of 1 has the magnitude `zero_point`. Epochs whose flux is
    /// not above zero have no magnitude, and are skipped.
    ///
    /// # Errors
    /// If values are magnitudes already.
    pub fn to_magnitudes(&self, zero_point: f64) -> Result<Self, Error> {
        Ok(Self::new(self.to_survey().converted(Conversion::ToMagnitudes(zero_point))?))
    }

    /// Converts magnitudes and their errors to fluxes. A flux of 1 has the magnitude `zero_point`.
    ///
    /// # Errors
    /// If values are fluxes already.
    pub fn to_fluxes(&self, zero_point: f64) -> Result<Self, Error> {
        Ok(Self::new(self.to_survey().converted(Conversion::ToFluxes(zero_point))?))
    }
}
