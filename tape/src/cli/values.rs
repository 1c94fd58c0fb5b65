//! Arguments that say what values are, and what is made of them.

use clap::{Args, ValueEnum};
use tape::Ensemble;
use tape::core::Quantity;

use super::failure::Failure;

/// What the values of a survey are.
#[derive(Args)]
pub(crate) struct ValueArgs {
    /// Use only epochs of good quality, by the condition that is customary for the survey's preset
    #[arg(long, help_heading = "Values")]
    quality: bool,
    /// What the values are, where no preset says so: statistics without a meaning for these are refused
    #[arg(long, value_enum, value_name = "QUANTITY", help_heading = "Values")]
    quantity: Option<QuantityArg>,
    /// Make magnitudes of fluxes, and of their errors: ZP is the magnitude of a flux of 1, or AB where the unit is known
    #[arg(long, value_name = "ZP", allow_hyphen_values = true, conflicts_with = "to_flux", help_heading = "Values")]
    to_mag: Option<ZeroPoint>,
    /// Make fluxes of magnitudes, and of their errors: ZP is the magnitude of a flux of 1
    #[arg(long, value_name = "ZP", allow_hyphen_values = true, help_heading = "Values")]
    to_flux: Option<ZeroPoint>,
}

/// A quantity's name.
#[derive(Clone, Copy, ValueEnum)]
enum QuantityArg {
    /// Magnitudes: brighter is smaller
    Mag,
    /// Fluxes: brighter is larger
    Flux,
}

/// The magnitude of a flux of 1.
#[derive(Clone, Copy, Debug)]
enum ZeroPoint {
    Number(f64),
    Ab,
}

impl std::str::FromStr for ZeroPoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Self::Number(number)),
            _ if text.eq_ignore_ascii_case("ab") => Ok(Self::Ab),
            _ => Err("write a number of magnitudes, such as 31.4, or AB".to_owned()),
        }
    }
}

impl ValueArgs {
    /// What is asked for of an ensemble.
    pub(crate) fn of(&self, mut ensemble: Ensemble) -> Result<Ensemble, Failure> {
        if self.quality {
            ensemble = ensemble.quality()?;
        }
        match self.quantity {
            Some(QuantityArg::Mag) => ensemble = ensemble.with_quantity(Quantity::Magnitude),
            Some(QuantityArg::Flux) => ensemble = ensemble.with_quantity(Quantity::Flux),
            None => {}
        }
        if let Some(zero_point) = self.to_mag {
            let zero_point = zero_point.of(&ensemble)?;
            ensemble = ensemble.to_magnitudes(zero_point)?;
        }
        if let Some(zero_point) = self.to_flux {
            let ZeroPoint::Number(zero_point) = zero_point else {
                return Err(Failure::usage(
                    "--to-flux AB: say in what unit fluxes are to be, by the magnitude of 1, such as 31.4 for nJy"
                        .to_owned(),
                ));
            };
            ensemble = ensemble.to_fluxes(zero_point)?;
        }
        Ok(ensemble)
    }
}

impl ZeroPoint {
    fn of(self, ensemble: &Ensemble) -> Result<f64, Failure> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Ab => ensemble.survey().preset().and_then(|preset| preset.zero_point()).ok_or_else(|| {
                Failure::usage(
                    "--to-mag AB: the unit of the fluxes is not known: write the magnitude of a flux of 1 instead"
                        .to_owned(),
                )
            }),
        }
    }
}
