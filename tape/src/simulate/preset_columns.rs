//! The columns of a simulated survey: those of a preset, with the values, the bands and the quality that it describes.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, StringArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use tape_core::{PRESETS, Preset, Quantity, Role};

use super::SimulateError;
use super::object::Rows;
use super::passband::ZERO_POINT;

/// Centre of the simulated field in degrees (the COSMOS field), and half its width.
const FIELD: ([f64; 2], f64) = ([150.1, 2.2], 1.0);
/// The fraction of epochs of bad quality.
const BAD_QUALITY: f64 = 0.02;

/// Converts simulated rows to the columns of a preset.
#[derive(Clone, Debug)]
pub(super) struct PresetColumns {
    preset: &'static Preset,
    bands: BandColumn,
}

/// The band column: text, or the code of each band.
#[derive(Clone, Debug)]
enum BandColumn {
    Text(Vec<String>),
    Codes(Vec<i8>),
}

impl PresetColumns {
    /// Returns the columns of a preset for a survey with these bands.
    pub(super) fn new(preset: &'static Preset, bands: &[String]) -> Result<Self, SimulateError> {
        if !can_simulate(preset) {
            let known: Vec<&str> = PRESETS.iter().filter(|preset| can_simulate(preset)).map(|p| p.name).collect();
            return Err(SimulateError::UnsupportedPreset { name: preset.name, known: known.join(", ") });
        }
        let code = |label: &String| {
            let found = preset.bands.iter().find(|(_, name)| name == label).and_then(|(code, _)| code.parse().ok());
            found.ok_or_else(|| SimulateError::BandNotInPreset {
                label: label.clone(),
                preset: preset.name,
                known: preset.bands.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", "),
            })
        };
        let bands = match preset.bands {
            [] => BandColumn::Text(bands.to_vec()),
            _ => BandColumn::Codes(bands.iter().map(code).collect::<Result<_, _>>()?),
        };
        Ok(Self { preset, bands })
    }

    /// Returns the schema of the files.
    pub(super) fn schema(&self) -> SchemaRef {
        let of_role = |role, kind| Field::new(self.preset.column(role).unwrap_or_default(), kind, true);
        let band = match self.bands {
            BandColumn::Text(_) => DataType::Utf8,
            BandColumn::Codes(_) => DataType::Int8,
        };
        let mut fields = vec![
            of_role(Role::Id, DataType::Int64),
            of_role(Role::Time, DataType::Float64),
            of_role(Role::Flux, DataType::Float64),
            of_role(Role::Error, DataType::Float64),
            of_role(Role::Band, band),
        ];
        let more = self.position_names().into_iter().flatten().map(|name| Field::new(name, DataType::Float64, true));
        fields.extend(more);
        fields.extend(self.quality().map(|(name, kind)| Field::new(name, kind, true)));
        Arc::new(Schema::new(fields))
    }

    /// Returns the columns of `rows`, in the order of the schema.
    pub(super) fn arrays(&self, rows: Rows) -> Vec<ArrayRef> {
        let code = |&code: &u8| usize::from(code);
        let band: ArrayRef = match &self.bands {
            BandColumn::Text(labels) => {
                Arc::new(StringArray::from_iter_values(rows.band.iter().map(|band| &labels[code(band)])))
            }
            BandColumn::Codes(codes) => {
                Arc::new(Int8Array::from_iter_values(rows.band.iter().map(|band| codes[code(band)])))
            }
        };
        let quality = self.quality().map(|(_, kind)| quality(&kind, &rows.mjd));
        let positions = self.position_names().map(|_| {
            [0, 1].map(|axis| -> ArrayRef {
                Arc::new(Float64Array::from_iter_values(rows.id.iter().map(|&id| position(id, axis))))
            })
        });
        let [flux, error] = self.values(rows.flux, rows.error);
        let mut arrays: Vec<ArrayRef> =
            vec![Arc::new(Int64Array::from(rows.id)), Arc::new(Float64Array::from(rows.mjd)), flux, error, band];
        arrays.extend(positions.into_iter().flatten());
        arrays.extend(quality);
        arrays
    }

    /// Returns fluxes and errors as the preset has them. A flux that is not positive has no magnitude.
    fn values(&self, flux: Vec<f64>, error: Vec<f64>) -> [ArrayRef; 2] {
        match (self.preset.quantity, self.preset.unit) {
            (Quantity::Magnitude, _) => {
                let magnitude = |&flux: &f64| (flux > 0.0).then(|| ZERO_POINT - 2.5 * flux.log10());
                let errors = flux.iter().zip(&error);
                let errors = errors.map(|(&flux, &error)| (flux > 0.0).then(|| 2.5 / 10_f64.ln() * error / flux));
                [
                    Arc::new(flux.iter().map(magnitude).collect::<Float64Array>()),
                    Arc::new(errors.collect::<Float64Array>()),
                ]
            }
            (Quantity::Flux, "Jy") => [flux, error].map(|values| -> ArrayRef {
                Arc::new(Float64Array::from_iter_values(values.iter().map(|x| x * 1e-9)))
            }),
            (Quantity::Flux, _) => [flux, error].map(|values| -> ArrayRef { Arc::new(Float64Array::from(values)) }),
        }
    }

    /// Returns the names of right ascension and declination. The plain preset has no positions.
    fn position_names(&self) -> Option<[&'static str; 2]> {
        match self.preset.name {
            "tape" => None,
            "ztf_dr22" | "ztf_dr23" => Some(["objra", "objdec"]),
            _ => Some(["ra", "dec"]),
        }
    }

    /// Returns the name and the type of the column of the preset's quality cut, if it is not one of a role.
    fn quality(&self) -> Option<(&'static str, DataType)> {
        let (_, after) = self.preset.quality?.split_once('{')?;
        match after.split_once('}')?.0 {
            name if self.preset.columns.contains(&name) => None,
            name if name.ends_with("_flag") => Some((name, DataType::Boolean)),
            name @ "catflags" => Some((name, DataType::Int32)),
            name => Some((name, DataType::Float32)),
        }
    }
}

/// Returns true if a survey can be simulated in the form of a preset: AB magnitudes or fluxes in Jy, in bands.
fn can_simulate(preset: &Preset) -> bool {
    let known_unit = preset.quantity == Quantity::Magnitude || preset.zero_point().is_some();
    known_unit && preset.error_divisor == 1 && preset.also.is_empty() && preset.column(Role::Band).is_some()
}

/// Returns the quality of each epoch, which follows from its time.
fn quality(kind: &DataType, times: &[f64]) -> ArrayRef {
    let is_bad = |&time: &f64| uniform(time.to_bits()) < BAD_QUALITY;
    match kind {
        DataType::Boolean => Arc::new(times.iter().map(|time| Some(is_bad(time))).collect::<BooleanArray>()),
        // 32768 marks the epochs that ZTF advises not to use.
        DataType::Int32 => {
            Arc::new(Int32Array::from_iter_values(times.iter().map(|time| if is_bad(time) { 32768 } else { 0 })))
        }
        _ => Arc::new(Float32Array::from_iter_values(times.iter().map(|time| if is_bad(time) { 0.5 } else { 1.0 }))),
    }
}

/// Returns a coordinate of an object in degrees, which follows from its id.
fn position(id: i64, axis: usize) -> f64 {
    let (centre, half_width) = FIELD;
    let salt = if axis == 0 { 0 } else { u64::MAX / 3 };
    centre[axis] + half_width * (2.0 * uniform(id.cast_unsigned() ^ salt) - 1.0)
}

/// Returns a number from 0 to 1 that looks random, from the SplitMix64 mixing function (Steele et al. 2014,
/// doi:10.1145/2660193.2660195).
#[expect(clippy::cast_precision_loss, reason = "53 bits fit in an f64")]
fn uniform(seed: u64) -> f64 {
    let mut x = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}
