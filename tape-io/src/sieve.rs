//! Rows of a row group of which a condition is true, with the columns that are derived of theirs.
//!
//! The columns of expressions are read first. Where it is true of no row, the others are passed over, whole pages of them
//! without being decompressed; a column that also plays a role is decoded once.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Float64Type, Int32Type, Int64Type, UInt64Type};
use parquet::errors::{ParquetError, Result};
use tape_core::{Bands, Columns, IdRef, Ids, NO_BAND, Role, Rows, key_from_u64};

use crate::expressions::{FileExpressions, NotDerived};
use crate::leaf::{Leaf, OpenLeaf};
use crate::objects::ObjectTable;
use crate::predicate::PredicateError;
use crate::schema::{Kind, RoleColumn};

/// The columns of expressions, open, and at the same row.
pub(crate) struct Sieve<'a> {
    expressions: &'a FileExpressions,
    /// What runs ask for.
    wanted: Columns,
    /// Those that are needed.
    leaves: Vec<Option<OpenLeaf>>,
    /// The table of objects, if there is one.
    table: Option<&'a ObjectTable>,
    /// The roles that columns of expressions play, with the place of the column.
    roles: Vec<(Role, Kind, usize)>,
    /// Rows that other columns are behind.
    behind: usize,
}

/// What was read of some rows.
pub(crate) struct Sifted {
    /// Of which the condition is true.
    pub(crate) keep: BooleanBuffer,
    columns: Vec<Option<ArrayRef>>,
}

/// Why rows cannot be sifted.
pub(crate) enum NotSifted {
    /// A column, by its place, cannot be read.
    Column(usize, ParquetError),
    /// The table of objects cannot be read.
    Objects(crate::error::Error),
    /// The condition cannot be evaluated: a pattern is too large, say.
    Condition(PredicateError),
}

impl<'a> Sieve<'a> {
    pub(crate) fn new(
        expressions: &'a FileExpressions,
        wanted: Columns,
        leaves: Vec<Option<OpenLeaf>>,
        table: Option<&'a ObjectTable>,
    ) -> Self {
        Self { expressions, wanted, leaves, table, roles: vec![], behind: 0 }
    }

    /// Lets a column of an expression play a role, if the role's column is among them.
    pub(crate) fn plays(&mut self, role: Role, column: &RoleColumn) -> bool {
        let is_it = |place: &usize| self.leaves[*place].is_some() && self.leaf(*place).index == column.index;
        let place = (0..self.leaves.len()).find(is_it);
        self.roles.extend(place.map(|place| (role, column.kind, place)));
        place.is_some()
    }

    pub(crate) fn leaf(&self, place: usize) -> &Leaf {
        &self.expressions.leaves[place]
    }

    /// Reads `n` rows of the columns, and says of which the condition is true.
    pub(crate) fn sift(&mut self, n: usize) -> std::result::Result<Sifted, NotSifted> {
        let mut columns = Vec::with_capacity(self.leaves.len());
        for (place, leaf) in self.leaves.iter_mut().enumerate() {
            let read = leaf.as_mut().map(|leaf| crate::guard::guarded(|| leaf.read(n))).transpose();
            columns.push(read.map_err(|error| NotSifted::Column(place, error))?);
        }
        self.expressions.join(&mut columns, self.wanted, self.table).map_err(NotSifted::Objects)?;
        let keep = self.expressions.keep(&columns, n).map_err(NotSifted::Condition)?;
        if keep.count_set_bits() == 0 {
            self.behind += n;
        }
        Ok(Sifted { keep, columns })
    }

    /// How many rows other columns are behind; from now on they are not.
    pub(crate) fn catch_up(&mut self) -> usize {
        std::mem::take(&mut self.behind)
    }

    /// Appends all rows to the columns of the roles that columns of expressions play, or what is derived of these.
    pub(crate) fn append(
        &self,
        sifted: &Sifted,
        rows: &mut Rows,
        null_ids: &mut Vec<bool>,
        bands: &Bands,
    ) -> std::result::Result<(), NotDerived> {
        self.expressions.append(self.wanted, &sifted.columns, &sifted.keep, rows, bands)?;
        for &(role, kind, place) in &self.roles {
            let Some(column) = &sifted.columns[place] else { continue };
            let numbers = match role {
                Role::Id => {
                    append_ids(column, &mut rows.ids, null_ids);
                    continue;
                }
                Role::Band => {
                    append_bands(column, &sifted.keep, &mut rows.band, bands)
                        .map_err(|error| NotDerived::Column(role, error))?;
                    continue;
                }
                Role::Time => &mut rows.time,
                Role::Flux => &mut rows.flux,
                Role::Error => &mut rows.error,
            };
            match kind {
                Kind::Scaled(scaled) => scaled.append(column, numbers),
                _ => append_numbers(column, numbers),
            }
        }
        Ok(())
    }
}

fn append_ids(column: &ArrayRef, ids: &mut Ids, null_ids: &mut Vec<bool>) {
    if let Some(nulls) = column.nulls() {
        null_ids.clear();
        null_ids.extend(nulls.iter().map(|valid| !valid));
    }
    match ids {
        Ids::Int(keys) => match column.as_primitive_opt::<UInt64Type>() {
            Some(values) => keys.extend(values.values().iter().map(|&value| key_from_u64(value))),
            None => keys.extend_from_slice(column.as_primitive::<Int64Type>().values()),
        },
        Ids::Text(_) => {
            let texts = column.as_dictionary::<Int32Type>();
            let texts = texts.downcast_dict::<arrow::array::StringArray>();
            texts.into_iter().flatten().for_each(|text| ids.push(IdRef::Text(text.unwrap_or_default())));
        }
    }
}

/// Labels of rows that are dropped are not learned.
pub(crate) fn append_bands(column: &ArrayRef, keep: &BooleanBuffer, codes: &mut Vec<u8>, bands: &Bands) -> Result<()> {
    let learn = |label: &str| bands.code(label).map_err(|error| ParquetError::General(error.to_string()));
    let mut known: Vec<(i64, u8)> = vec![];
    let mut code = |value: i64, label: &dyn Fn() -> String| -> Result<u8> {
        match known.iter().find(|(met, _)| *met == value) {
            Some((_, code)) => Ok(*code),
            None => {
                let code = learn(&label())?;
                known.push((value, code));
                Ok(code)
            }
        }
    };
    if let Some(texts) = column.as_dictionary_opt::<Int32Type>() {
        let labels = texts.values().as_string::<i32>();
        for (row, key) in texts.keys().iter().enumerate() {
            codes.push(match key {
                Some(key) if keep.value(row) => {
                    code(key.into(), &|| labels.value(usize::try_from(key).unwrap_or_default()).to_owned())?
                }
                _ => NO_BAND,
            });
        }
        return Ok(());
    }
    if let Some(texts) = column.as_string_opt::<i32>() {
        let mut last: Option<(&str, u8)> = None;
        for (row, text) in texts.iter().enumerate() {
            codes.push(match (text.filter(|_| keep.value(row)), last) {
                (None, _) => NO_BAND,
                (Some(text), Some((label, code))) if label == text => code,
                (Some(text), _) => last.insert((text, learn(text)?)).1,
            });
        }
        return Ok(());
    }
    let unsigned = column.as_primitive_opt::<UInt64Type>();
    let number = |row| match unsigned {
        Some(values) => key_from_u64(values.value(row)),
        None => column.as_primitive::<Int64Type>().value(row),
    };
    let label = |row| match unsigned {
        Some(values) => values.value(row).to_string(),
        None => number(row).to_string(),
    };
    for row in 0..column.len() {
        let kept = keep.value(row) && column.is_valid(row);
        codes.push(if kept { code(number(row), &|| label(row))? } else { NO_BAND });
    }
    Ok(())
}

/// Null is NaN.
#[expect(clippy::cast_precision_loss, reason = "times, fluxes and errors are f64 from here on")]
pub(crate) fn append_numbers(column: &ArrayRef, out: &mut Vec<f64>) {
    let from = out.len();
    if let Some(values) = column.as_primitive_opt::<Float64Type>() {
        out.extend_from_slice(values.values());
    } else if let Some(values) = column.as_primitive_opt::<UInt64Type>() {
        out.extend(values.values().iter().map(|&value| value as f64));
    } else {
        out.extend(column.as_primitive::<Int64Type>().values().iter().map(|&value| value as f64));
    }
    if let Some(nulls) = column.nulls() {
        out[from..].iter_mut().zip(nulls).filter(|(_, valid)| !valid).for_each(|(value, _)| *value = f64::NAN);
    }
}
