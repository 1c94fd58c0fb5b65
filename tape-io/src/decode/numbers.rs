//! Columns of numbers, appended to plain vectors.

use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result};

use crate::decode::fixed_width::Stored;
use crate::decode::scaled::Scaled;

/// One column chunk of a physical type.
pub(crate) struct Typed<T: DataType> {
    reader: ColumnReaderImpl<T>,
    levels: Vec<i16>,
    scratch: Vec<T::T>,
}

impl<T: DataType> Typed<T> {
    pub(crate) fn new(reader: ColumnReaderImpl<T>) -> Self {
        Self { reader, levels: vec![], scratch: vec![] }
    }

    pub(crate) fn skip(&mut self, n: usize) -> Result<()> {
        let skipped = self.reader.skip_records(n)?;
        complete(skipped, n)
    }

    /// Reads `n` rows: their levels, and their values to `values` or, without it, to the scratch buffer. Returns how many
    /// values are not null.
    fn read(&mut self, n: usize, values: Option<&mut Vec<T::T>>) -> Result<usize> {
        self.levels.clear();
        let values = values.unwrap_or_else(|| {
            self.scratch.clear();
            &mut self.scratch
        });
        let (rows, present, _) = self.reader.read_records(n, Some(&mut self.levels), None, values)?;
        complete(rows, n)?;
        Ok(present)
    }

    /// Appends `n` rows as `convert` makes them of values, with `null` for nulls. Returns whether there were nulls.
    pub(crate) fn append<V: Copy>(
        &mut self,
        n: usize,
        out: &mut Vec<V>,
        null: V,
        convert: impl Fn(&T::T) -> V,
    ) -> Result<bool> {
        let base = out.len();
        let present = self.read(n, None)?;
        out.extend(self.scratch.iter().map(convert));
        self.spread(n, present, out, base, null)
    }

    /// The same without a detour for values that need no conversion.
    pub(crate) fn append_as_is(&mut self, n: usize, out: &mut Vec<T::T>, null: T::T) -> Result<bool>
    where
        T::T: Copy,
    {
        let base = out.len();
        let present = self.read(n, Some(out))?;
        self.spread(n, present, out, base, null)
    }

    /// Moves the `present` values from `base` on to their rows, with `null` between them.
    fn spread<V: Copy>(&self, n: usize, present: usize, out: &mut Vec<V>, base: usize, null: V) -> Result<bool> {
        if present == n {
            return Ok(false);
        }
        // Whole bytes can hold more than the levels that there are.
        if self.levels.iter().filter(|&&level| level != 0).count() != present {
            return Err(ParquetError::General("levels that do not agree with the values".to_owned()));
        }
        out.resize(base + n, null);
        let mut from = present;
        for (row, &level) in self.levels.iter().enumerate().rev() {
            out[base + row] = if level == 0 {
                null
            } else {
                from -= 1;
                out[base + from]
            };
        }
        Ok(true)
    }

    /// Whether each of the rows read last is null, for a column of which some are.
    pub(crate) fn is_null(&self) -> impl Iterator<Item = bool> + '_ {
        self.levels.iter().map(|&level| level == 0)
    }
}

pub(crate) fn complete(rows: usize, wanted: usize) -> Result<()> {
    if rows == wanted {
        return Ok(());
    }
    Err(ParquetError::EOF(format!("it ends {} rows before the other columns", wanted - rows)))
}

/// A column of numbers, read as f64 with NaN for null.
pub(crate) enum Numbers {
    Stored(Box<Stored<f64>>),
    F64(Typed<DoubleType>),
    F32(Typed<FloatType>),
    I32(Typed<Int32Type>),
    I64(Typed<Int64Type>),
    U32(Typed<Int32Type>),
    U64(Typed<Int64Type>),
    /// Integers that stand for something else, by their physical type.
    Scaled32(Typed<Int32Type>, Scaled),
    Scaled64(Typed<Int64Type>, Scaled),
    ScaledBytes(Typed<FixedLenByteArrayType>, Scaled),
}

impl Numbers {
    pub(crate) fn skip(&mut self, n: usize) -> Result<()> {
        match self {
            Self::Stored(c) => c.skip(n),
            Self::F64(c) => c.skip(n),
            Self::F32(c) => c.skip(n),
            Self::I32(c) | Self::U32(c) | Self::Scaled32(c, _) => c.skip(n),
            Self::I64(c) | Self::U64(c) | Self::Scaled64(c, _) => c.skip(n),
            Self::ScaledBytes(c, _) => c.skip(n),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "times, fluxes and errors are f64 from here on")]
    pub(crate) fn append(&mut self, n: usize, out: &mut Vec<f64>) -> Result<()> {
        match self {
            Self::Stored(c) => return c.append(n, out, f64::NAN, |_| {}),
            Self::F64(c) => c.append_as_is(n, out, f64::NAN),
            Self::F32(c) => c.append(n, out, f64::NAN, |&v| f64::from(v)),
            Self::I32(c) => c.append(n, out, f64::NAN, |&v| f64::from(v)),
            Self::U32(c) => c.append(n, out, f64::NAN, |&v| f64::from(v.cast_unsigned())),
            Self::I64(c) => c.append(n, out, f64::NAN, |&v| v as f64),
            Self::U64(c) => c.append(n, out, f64::NAN, |&v| v.cast_unsigned() as f64),
            Self::Scaled32(c, of @ Scaled::Parts { unsigned: true, .. }) => {
                c.append(n, out, f64::NAN, |&v| of.value(v.cast_unsigned().into()))
            }
            Self::Scaled64(c, of @ Scaled::Parts { unsigned: true, .. }) => {
                c.append(n, out, f64::NAN, |&v| of.value(v.cast_unsigned().into()))
            }
            Self::Scaled32(c, of) => c.append(n, out, f64::NAN, |&v| of.value(v.into())),
            Self::Scaled64(c, of) => c.append(n, out, f64::NAN, |&v| of.value(v.into())),
            Self::ScaledBytes(c, of) => c.append(n, out, f64::NAN, |v| of.of_bytes(v)),
        }
        .map(drop)
    }
}
