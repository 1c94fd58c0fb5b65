//! Numbers that are stored as integers of something else: decimals, counts of a small unit, times since 1970.

use std::fmt;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal128Type, Float16Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt64Type,
};
use parquet::basic::{LogicalType, TimeUnit as ParquetUnit, Type as Physical};
use parquet::data_type::FixedLenByteArray;
use parquet::schema::types::ColumnDescriptor;

type HalfFloat = <Float16Type as ArrowPrimitiveType>::Native;

/// The Modified Julian Date of 1970-01-01.
const MJD_OF_1970: f64 = 40_587.0;

/// What an integer of a column stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scaled {
    /// So many digits after the point.
    Decimal(u8),
    /// Times since 1970, in the time scale of the file; read as Modified Julian Dates.
    Time(TimeUnit),
    /// Days since 1970, read in the same way.
    Day,
    /// So many to the unit; unsigned ones by themselves.
    Parts { per_unit: u32, unsigned: bool },
    /// A float of 16 bits.
    Half,
}

impl Scaled {
    /// What a column of numbers is, if it is one of these.
    pub(crate) fn of(column: &ColumnDescriptor) -> Option<Self> {
        match (column.physical_type(), column.logical_type_ref()?) {
            (Physical::INT32, LogicalType::Date) => Some(Self::Day),
            (Physical::INT64, LogicalType::Timestamp(timestamp)) => Some(Self::Time(match timestamp.unit {
                ParquetUnit::MILLIS => TimeUnit::Millisecond,
                ParquetUnit::MICROS => TimeUnit::Microsecond,
                ParquetUnit::NANOS => TimeUnit::Nanosecond,
            })),
            (Physical::FIXED_LEN_BYTE_ARRAY, LogicalType::Float16) => (column.type_length() == 2).then_some(Self::Half),
            (physical, LogicalType::Decimal(decimal)) => {
                let fits = match physical {
                    Physical::INT32 | Physical::INT64 => true,
                    // As in conditions: dictionaries of narrower values are refused as claiming too many.
                    Physical::FIXED_LEN_BYTE_ARRAY => (4..=16).contains(&column.type_length()),
                    _ => false,
                };
                u8::try_from(decimal.scale).ok().filter(|scale| fits && *scale <= 38).map(Self::Decimal)
            }
            _ => None,
        }
    }

    /// Whether it is a time, and no other number.
    pub(crate) const fn is_time(self) -> bool {
        matches!(self, Self::Time(_) | Self::Day)
    }

    /// The number that an integer stands for, rounded once.
    #[expect(clippy::cast_precision_loss, reason = "times, fluxes and errors are f64 from here on")]
    pub(crate) fn value(self, stored: i128) -> f64 {
        match self {
            Self::Decimal(scale) => stored as f64 / 10_f64.powi(scale.into()),
            Self::Time(unit) => mjd(stored, unit),
            Self::Day => stored as f64 + MJD_OF_1970,
            Self::Parts { per_unit, .. } => stored as f64 / f64::from(per_unit),
            Self::Half => f64::NAN,
        }
    }

    /// The same of the bytes of a fixed length.
    pub(crate) fn of_bytes(self, stored: &FixedLenByteArray) -> f64 {
        match (self, stored.data()) {
            (Self::Half, [low, high]) => HalfFloat::from_le_bytes([*low, *high]).to_f64(),
            (Self::Half, _) => f64::NAN,
            (_, bytes) => self.value(crate::decode::leaf::big_endian(bytes)),
        }
    }

    /// The numbers of a column as conditions have it, with NaN for null.
    pub(crate) fn append(self, column: &ArrayRef, out: &mut Vec<f64>) {
        let from = out.len();
        macro_rules! all {
            ($of:ty, $value:expr) => {
                out.extend(column.as_primitive::<$of>().values().iter().map(|&stored| $value(i128::from(stored))))
            };
        }
        match column.data_type() {
            DataType::Decimal128(..) => all!(Decimal128Type, |stored| self.value(stored)),
            DataType::UInt64 => all!(UInt64Type, |stored| self.value(stored)),
            DataType::Timestamp(TimeUnit::Second, _) => all!(TimestampSecondType, |at| mjd(at, TimeUnit::Second)),
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                all!(TimestampMillisecondType, |at| mjd(at, TimeUnit::Millisecond));
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                all!(TimestampMicrosecondType, |at| mjd(at, TimeUnit::Microsecond));
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                all!(TimestampNanosecondType, |at| mjd(at, TimeUnit::Nanosecond));
            }
            _ => all!(Int64Type, |stored| self.value(stored)),
        }
        if let Some(nulls) = column.nulls() {
            out[from..].iter_mut().zip(nulls).filter(|(_, valid)| !valid).for_each(|(value, _)| *value = f64::NAN);
        }
    }
}

/// The Modified Julian Date of a time since 1970: whole days are exact, so that there is one rounding.
#[expect(clippy::cast_precision_loss, reason = "days since 1970, and a part of one")]
fn mjd(since_1970: i128, unit: TimeUnit) -> f64 {
    let per_day: i128 = 86_400
        * match unit {
            TimeUnit::Second => 1,
            TimeUnit::Millisecond => 1000,
            TimeUnit::Microsecond => 1_000_000,
            TimeUnit::Nanosecond => 1_000_000_000,
        };
    let (days, rest) = (since_1970.div_euclid(per_day), since_1970.rem_euclid(per_day));
    MJD_OF_1970 + days as f64 + rest as f64 / per_day as f64
}

impl fmt::Display for Scaled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal(scale) => write!(f, "decimal with {scale} digits"),
            Self::Time(_) => f.write_str("timestamp, read as MJD"),
            Self::Day => f.write_str("date, read as MJD"),
            Self::Parts { per_unit, .. } => write!(f, "integer, {per_unit} to the unit"),
            Self::Half => f.write_str("float16"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_modified_julian_dates_to_the_last_digit() {
        // 2023-02-25 12:00 is MJD 60,000.5.
        let noon = 1_677_326_400_i128;
        assert_eq!(mjd(noon, TimeUnit::Second), 60_000.5);
        assert_eq!(mjd(noon * 1_000_000_000, TimeUnit::Nanosecond), 60_000.5);
        assert_eq!(mjd(noon * 1000 + 432, TimeUnit::Millisecond), 60_000.500_005);
        assert_eq!(mjd(-1, TimeUnit::Second), MJD_OF_1970 - 1.0 / 86_400.0);
        assert_eq!(Scaled::Day.value(19_413), 60_000.0);
    }

    #[test]
    fn counts_of_a_small_unit_are_rounded_once() {
        let parts = Scaled::Parts { per_unit: 10_000, unsigned: true };
        assert_eq!([123, 7, 0].map(|stored| parts.value(stored)), [0.0123, 0.0007, 0.0]);
        assert_eq!(Scaled::Decimal(3).value(-20_125), -20.125);
        assert_eq!(Scaled::Half.of_bytes(&vec![0x00, 0x3c].into()), 1.0);
    }
}
