//! Inputs that are stored in the folder of a job: rows from the memory of a program, and lists of objects that require
//! a scan of the whole survey.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use serde::{Deserialize, Serialize};
use tape_core::{IdType, Ids, ObjectId};
use tape_io::internal::{FileSeal, is_in_memory, store_in_memory};
use tape_io::{KeyedTable, TableOptions, TableWriter};

use crate::batch::Batch;
use crate::error::{Error, JobError};

/// Subfolder of the job's folder for inputs.
pub(super) const INPUTS: &str = "inputs";
/// Column of ids in stored lists of objects.
const ID: &str = "id";

/// Lengths and checksums of the stored inputs in the folder of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// The rows of each input that was in memory, in order.
    pub in_memory: Vec<FileSeal>,
    /// The objects with enough epochs, if epochs were counted.
    pub counted: Option<FileSeal>,
    /// All selected objects of the object table, if objects without a light curve get a row.
    pub listed: Option<FileSeal>,
}

impl Stored {
    /// Stores the inputs of a batch that are not files in the folder of a job, replacing those of an earlier attempt.
    pub(super) fn write(folder: &Path, batch: &Batch) -> Result<Self, Error> {
        let survey = batch.ensemble.survey();
        let inside = folder.join(INPUTS);
        fs::create_dir_all(&inside).map_err(|source| {
            let (path, action) = (inside, "make the folder");
            tape_io::Error::Io { path, action, source }
        })?;
        let mut stored = Self::default();
        for (number, path) in survey.paths().filter(|path| is_in_memory(path)).enumerate() {
            let place = in_memory(folder, number);
            store_in_memory(path, &place)?;
            stored.in_memory.push(FileSeal::of(&place)?);
        }
        let unread = |source| Error::from_task(tape_exec::Error::Source(source));
        let id_type = survey.id_type();
        let store = |ids: Vec<ObjectId>, path: PathBuf| write_ids(&ids, id_type, &path);
        let counted_ids = survey.counted().map_err(unread)?;
        stored.counted = counted_ids.map(|ids| store(ids, counted(folder))).transpose()?;
        if batch.all_objects {
            let ids = survey.listed().map_err(unread)?;
            let ids = ids.into_iter().map(|id| id.to_owned(id_type)).collect();
            stored.listed = Some(store(ids, listed(folder))?);
        }
        Ok(stored)
    }

    /// Returns the path of the stored rows of an input, after checking that they have not changed.
    pub(super) fn in_memory(&self, folder: &Path, number: usize) -> Result<PathBuf, Error> {
        let path = in_memory(folder, number);
        check(&path, self.in_memory.get(number))?;
        Ok(path)
    }

    /// Returns the objects with enough epochs, if epochs were counted.
    pub(super) fn counted(&self, folder: &Path, id_type: IdType) -> Result<Option<Vec<ObjectId>>, Error> {
        self.counted.as_ref().map(|seal| read_ids(&counted(folder), seal, id_type)).transpose()
    }

    /// Returns the selected objects of the object table, in order, if objects without a light curve get a row.
    pub(super) fn listed(&self, folder: &Path, id_type: IdType) -> Result<Option<Vec<ObjectId>>, Error> {
        self.listed.as_ref().map(|seal| read_ids(&listed(folder), seal, id_type)).transpose()
    }
}

fn in_memory(folder: &Path, number: usize) -> PathBuf {
    folder.join(INPUTS).join(format!("memory-{number}.parquet"))
}

fn counted(folder: &Path) -> PathBuf {
    folder.join(INPUTS).join("counted.parquet")
}

fn listed(folder: &Path) -> PathBuf {
    folder.join(INPUTS).join("listed.parquet")
}

fn check(path: &Path, seal: Option<&FileSeal>) -> Result<(), Error> {
    let is_same = Some(&FileSeal::of(path)?) == seal;
    if is_same { Ok(()) } else { Err(JobError::Stored { path: path.to_owned() }.into()) }
}

fn write_ids(ids: &[ObjectId], id_type: IdType, path: &Path) -> Result<FileSeal, Error> {
    let mut column = Ids::new(id_type);
    for id in ids.iter().filter_map(|id| id.key(id_type)) {
        column.push(id).map_err(|error| Error::from_task(tape_exec::Error::Source(error.into())))?;
    }
    let columns: [(&str, ArrayRef); 1] = [(ID, Arc::clone(&column.to_array(id_type)))];
    let table = RecordBatch::try_from_iter(columns).map_err(|error| Error::Results(error.into()))?;
    let mut writer =
        TableWriter::create(path, table.schema(), TableOptions { overwrite: true, ..TableOptions::default() })?;
    writer.write(&table)?;
    writer.finish()?;
    Ok(FileSeal::of(path)?)
}

fn read_ids(path: &Path, seal: &FileSeal, id_type: IdType) -> Result<Vec<ObjectId>, Error> {
    check(path, Some(seal))?;
    let table = KeyedTable::open_objects(&[path], Some(ID), None, id_type)?;
    Ok(table.ids()?.iter().map(|id| id.to_owned(id_type)).collect())
}
