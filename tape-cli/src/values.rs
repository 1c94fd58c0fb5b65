//! Arguments that declare the quantity of the values and convert them.

use clap::{Args, ValueEnum};
use tape::Ensemble;
use tape::core::Quantity;

use super::failure::Failure;

/// Arguments for the values of a survey.
#[derive(Args)]
pub(crate) struct ValueArgs {
    /// Use only epochs of good quality, by the usual condition for the survey's preset
    #[arg(long, help_heading = "Values")]
    quality: bool,
    /// Use epochs of any quality, without a warning about those that fail the usual condition
    #[arg(long, conflicts_with = "quality", help_heading = "Values")]
    no_quality: bool,
    /// Declare the quantity of the values if no preset does; statistics not defined for it are refused
    #[arg(long, value_enum, value_name = "QUANTITY", help_heading = "Values")]
    quantity: Option<QuantityArg>,
    /// Convert fluxes and errors to magnitudes; ZP is the magnitude of a flux of 1, a column, or AB if the unit is known
    #[arg(long, value_name = "ZP", allow_hyphen_values = true, conflicts_with = "to_flux", help_heading = "Values")]
    to_mag: Option<ZeroPoint>,
    /// Convert magnitudes and errors to fluxes; ZP is the magnitude of a flux of 1, or a column
    #[arg(long, value_name = "ZP", allow_hyphen_values = true, help_heading = "Values")]
    to_flux: Option<ZeroPoint>,
}

/// The name of a quantity.
#[derive(Clone, Copy, ValueEnum)]
enum QuantityArg {
    /// Magnitudes: brighter objects have smaller values
    Mag,
    /// Fluxes: brighter objects have larger values
    Flux,
}

/// The magnitude of a flux of 1.
#[derive(Clone, Debug)]
enum ZeroPoint {
    Number(f64),
    Ab,
    /// A column, or an expression.
    OfEach(String),
}

impl From<&str> for ZeroPoint {
    fn from(text: &str) -> Self {
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Self::Number(number),
            _ if text.eq_ignore_ascii_case("ab") => Self::Ab,
            _ => Self::OfEach(text.to_owned()),
        }
    }
}

impl ValueArgs {
    /// Applies the options to an ensemble.
    pub(crate) fn of(&self, mut ensemble: Ensemble) -> Result<Ensemble, Failure> {
        if self.quality {
            ensemble = ensemble.quality()?;
        }
        if self.no_quality {
            ensemble = ensemble.any_quality();
        }
        match self.quantity {
            Some(QuantityArg::Mag) => ensemble = ensemble.with_quantity(Quantity::Magnitude),
            Some(QuantityArg::Flux) => ensemble = ensemble.with_quantity(Quantity::Flux),
            None => {}
        }
        ensemble = match &self.to_mag {
            None => ensemble,
            Some(ZeroPoint::OfEach(zero_point)) => ensemble.to_magnitudes_by(zero_point)?,
            Some(ZeroPoint::Number(zero_point)) => ensemble.to_magnitudes(*zero_point)?,
            Some(ZeroPoint::Ab) => {
                let zero_point = ab(&ensemble)?;
                ensemble.to_magnitudes(zero_point)?
            }
        };
        Ok(match &self.to_flux {
            None => ensemble,
            Some(ZeroPoint::OfEach(zero_point)) => ensemble.to_fluxes_by(zero_point)?,
            Some(ZeroPoint::Number(zero_point)) => ensemble.to_fluxes(*zero_point)?,
            Some(ZeroPoint::Ab) => {
                let why = "--to-flux AB: the unit of the fluxes is missing: write the magnitude of a flux of 1, such as 31.4 for nJy";
                return Err(Failure::usage(why.to_owned()));
            }
        })
    }
}

/// Returns the zero point of AB magnitudes.
fn ab(ensemble: &Ensemble) -> Result<f64, Failure> {
    // It follows from the unit of the fluxes in the files.
    let in_files = ensemble.survey().unit().and(ensemble.survey().preset());
    in_files.and_then(|preset| preset.zero_point()).ok_or_else(|| {
        let why = "--to-mag AB: the unit of the fluxes is unknown: write the magnitude of a flux of 1 instead";
        Failure::usage(why.to_owned())
    })
}
