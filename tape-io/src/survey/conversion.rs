//! Magnitudes and fluxes: the quantity of a survey's values, and conversion between the two as rows are read.

use std::fmt;

use tape_core::{Columns, Preset, Quantity, Role, Rows};

use crate::decode::column_type::ColumnType;
use crate::decode::schema_paths::flat_columns;
use crate::error::Error;
use crate::survey::Survey;

/// A conversion of a survey's values, with the zero point of the magnitudes: the magnitude of a flux of 1.
///
/// With m the magnitude, f the flux and z the zero point: m = z − 2.5 log₁₀ f and σₘ = 2.5/ln 10 · `σ_f`/f (Pogson
/// 1856, doi:10.1093/mnras/17.1.12). A flux that is not positive has no magnitude: the result is NaN, so its epoch is
/// skipped.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Conversion {
    /// From fluxes to magnitudes.
    ToMagnitudes(f64),
    /// From magnitudes to fluxes.
    ToFluxes(f64),
}

/// 2.5/ln 10: magnitudes per relative change of the flux.
const MAGNITUDES: f64 = 2.5 / std::f64::consts::LN_10;

impl Conversion {
    /// Returns the quantity after the conversion.
    #[must_use]
    pub const fn gives(self) -> Quantity {
        match self {
            Self::ToMagnitudes(_) => Quantity::Magnitude,
            Self::ToFluxes(_) => Quantity::Flux,
        }
    }

    /// Returns the zero point.
    #[must_use]
    pub const fn zero_point(self) -> f64 {
        match self {
            Self::ToMagnitudes(zero_point) | Self::ToFluxes(zero_point) => zero_point,
        }
    }

    fn value(self, value: f64) -> f64 {
        match self {
            Self::ToMagnitudes(_) if value.is_nan() || value <= 0.0 => f64::NAN,
            Self::ToMagnitudes(zero_point) => zero_point - 2.5 * value.log10(),
            Self::ToFluxes(zero_point) => 10_f64.powf((zero_point - value) / 2.5),
        }
    }

    /// Converts the error of a value. `converted` is the value after its conversion.
    fn error(self, error: f64, value: f64, converted: f64) -> f64 {
        match self {
            Self::ToMagnitudes(_) => MAGNITUDES * (error / value),
            Self::ToFluxes(_) => error * converted / MAGNITUDES,
        }
    }

    pub(crate) fn convert(self, rows: &mut Rows, from: usize) {
        let Some(values) = rows.flux.get_mut(from..) else { return };
        let errors = rows.error.get_mut(from..).unwrap_or_default();
        let mut errors = errors.iter_mut();
        for value in values {
            let converted = self.value(*value);
            if let Some(error) = errors.next() {
                *error = self.error(*error, *value, converted);
            }
            *value = converted;
        }
    }
}

impl fmt::Display for Conversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, with a zero point of {}", self.gives(), self.zero_point())
    }
}

impl Survey {
    /// Returns the quantity of the values, or `None` if it is not known. The quantity is set by the user, follows from
    /// the preset, or from a common column name of magnitudes.
    #[must_use]
    pub fn quantity(&self) -> Option<Quantity> {
        let called = || self.title(Role::Flux).filter(|name| is_magnitude(name)).map(|_| Quantity::Magnitude);
        let of_preset = || self.preset_of_values().map(|preset| preset.quantity);
        self.conversion.map(Conversion::gives).or(self.said).or_else(of_preset).or_else(called)
    }

    /// Returns the quantity that was set with [`Survey::with_quantity`].
    #[must_use]
    pub const fn said_quantity(&self) -> Option<Quantity> {
        self.said
    }

    /// Returns the unit of the values in the files, if a preset defines one.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        self.preset_of_values().map(|preset| preset.unit).filter(|unit| !unit.is_empty())
    }

    /// Returns the preset, if its quantity and unit apply: not if the values are a derived column.
    fn preset_of_values(&self) -> Option<&'static Preset> {
        self.preset().filter(|_| self.played(Role::Flux).is_none())
    }

    /// Sets the quantity of the values.
    #[must_use]
    pub const fn with_quantity(mut self, quantity: Quantity) -> Self {
        self.said = Some(quantity);
        self
    }

    /// Converts fluxes and their errors to magnitudes, or the other way round. Conditions on rows use the original
    /// values.
    ///
    /// # Errors
    /// [`Error::Converted`] if the values have this quantity already, or were converted before.
    pub fn converted(mut self, conversion: Conversion) -> Result<Self, Error> {
        self.check_convertible(conversion.gives())?;
        self.conversion = Some(conversion);
        Ok(self)
    }

    /// Checks that values can be converted to this quantity.
    ///
    /// # Errors
    /// [`Error::Converted`] if they have this quantity already, or were converted before.
    pub fn check_convertible(&self, gives: Quantity) -> Result<(), Error> {
        if self.conversion.is_none() && self.quantity() != Some(gives) {
            return Ok(());
        }
        let path = self.paths().next().map(std::path::Path::to_path_buf).unwrap_or_default();
        Err(Error::Converted { path, quantity: gives })
    }

    /// Accepts epochs of any quality without a warning.
    #[must_use]
    pub const fn with_any_quality(mut self) -> Self {
        self.any_quality = true;
        self
    }

    /// Returns the preset's customary condition for good quality, written with the columns of this survey.
    #[must_use]
    pub fn quality(&self) -> Option<String> {
        let template = self.preset()?.quality?;
        let within = self.columns().get(Role::Flux).and_then(|flux| flux.rsplit_once('.')).map(|(within, _)| within);
        let flat = flat_columns(self.files[0].metadata.file_metadata().schema_descr());
        let mut condition = String::new();
        for (i, part) in template.split(['{', '}']).enumerate() {
            match within.filter(|_| !flat.iter().any(|column| column == part)) {
                // Every second part is a column name, because the template writes names in braces.
                Some(within) if i % 2 == 1 => condition.push_str(&format!("\"{within}\".\"{part}\"")),
                _ if i % 2 == 1 => condition.push_str(&format!("\"{part}\"")),
                _ => condition.push_str(part),
            }
        }
        Some(condition)
    }

    /// Returns warnings about the columns that are read.
    #[must_use]
    pub fn warnings(&self, columns: Columns) -> Vec<String> {
        let narrow = self.files[0].role(Role::Time).is_some_and(|time| time.leaf.column_type == ColumnType::Float(4));
        let name = self.columns().get(Role::Time).unwrap_or_default();
        let told =
            format!("times in column '{name}' are 32-bit floats: near MJD 60,000, neighbours are 5.6 minutes apart");
        self.notes().iter().cloned().chain((narrow && columns.time).then_some(told)).collect()
    }

    /// Returns the conversion of the values.
    #[must_use]
    pub const fn conversion(&self) -> Option<Conversion> {
        self.conversion
    }
}

fn is_magnitude(name: &str) -> bool {
    ["mag", "magnitude", "psfmag"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use tape_core::{IdRef, IdType};

    use super::*;

    #[test]
    fn there_and_back_is_the_same_to_the_last_digits() {
        let mut rows = Rows::new(IdType::Int64);
        for (flux, error) in [(3631.0, 36.31), (1e-3, 2e-4), (-5.0, 1.0), (0.0, 1.0), (f64::NAN, 1.0)] {
            rows.ids.push(IdRef::Int(1)).expect("an integer");
            rows.flux.push(flux);
            rows.error.push(error);
        }
        let before = rows.clone();
        // The first row stands for rows that were converted earlier.
        Conversion::ToMagnitudes(8.9).convert(&mut rows, 1);
        assert_eq!((rows.flux[0], rows.error[0]), (3631.0, 36.31));
        assert!((rows.flux[1] - 16.4).abs() < 1e-14 && (rows.error[1] - 0.2 * 2.5 / 10_f64.ln()).abs() < 1e-15);
        assert!(rows.flux[2..].iter().all(|magnitude| magnitude.is_nan()), "{:?}", rows.flux);
        Conversion::ToFluxes(8.9).convert(&mut rows, 1);
        assert!((rows.flux[1] / before.flux[1] - 1.0).abs() < 1e-14);
        assert!((rows.error[1] / before.error[1] - 1.0).abs() < 1e-14);
    }
}
