//! Decodes the columns of a row group in parallel. This keeps all workers busy for surveys with few row groups, such as
//! catalogues with a file for each part of the sky.

use tape_core::{Bands, Role, Rows};

use crate::decode::column_reader::{ColumnReader, RowBuffers};
use crate::decode::guard::guarded;
use crate::scan::error::ScanError;

/// Appends the next `n` rows of each column. If several columns fail, returns the error of the first.
pub(super) fn append(
    columns: &mut [(Role, ColumnReader)],
    n: usize,
    rows: &mut Rows,
    null_ids: &mut Vec<bool>,
    bands: &Bands,
) -> Result<(), ScanError> {
    let append = |role: Role, column: &mut ColumnReader, rows: &mut Rows, null_ids: &mut Vec<bool>| {
        let appended = guarded(|| column.append(role, n, &mut RowBuffers { rows, null_ids, bands }));
        appended.map_err(|error| ScanError::Column(role, error))
    };
    // Without other threads there is no gain.
    if tape_pool::current_threads() == 1 || columns.len() == 1 {
        return columns.iter_mut().try_for_each(|(role, column)| append(*role, column, rows, null_ids));
    }
    let mut apart: Vec<(Rows, Vec<bool>)> = columns.iter().map(|_| (rows.new_like(), vec![])).collect();
    let roles: Vec<Role> = columns.iter().map(|(role, _)| *role).collect();
    roles.iter().zip(&mut apart).for_each(|(role, (own, _))| swap(*role, rows, own));
    let appended = tape_pool::map(columns.iter_mut().zip(&mut apart).collect(), |((role, column), (own, null_ids))| {
        append(*role, column, own, null_ids)
    });
    for (role, (mut own, own_null_ids)) in roles.into_iter().zip(apart) {
        swap(role, rows, &mut own);
        null_ids.extend(own_null_ids);
    }
    appended.into_iter().collect()
}

/// Swaps a role's column.
fn swap(role: Role, a: &mut Rows, b: &mut Rows) {
    match role {
        Role::Id => std::mem::swap(&mut a.ids, &mut b.ids),
        Role::Time => std::mem::swap(&mut a.time, &mut b.time),
        Role::Flux => std::mem::swap(&mut a.flux, &mut b.flux),
        Role::Error => std::mem::swap(&mut a.error, &mut b.error),
        Role::Band => std::mem::swap(&mut a.band, &mut b.band),
    }
}
