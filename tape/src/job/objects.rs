//! The table of objects of a job, as it was when the job was planned.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tape_core::IdType;
use tape_io::{FileStamp, ObjectTable, Survey};

use crate::error::{Error, JobError};
use crate::query::absolute;

/// Which objects are meant, and what of them stands beside results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedObjects {
    /// The files of the table.
    pub files: Vec<ObjectFile>,
    /// The column of the id.
    pub id: String,
    /// The condition on its rows, if there is one.
    pub filter: Option<String>,
    /// The columns that stand beside results.
    pub joined: Vec<String>,
}

/// A file of the table, or of a survey, as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectFile {
    /// Where it lies, absolute.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last written, where the system knows: seconds and nanoseconds since 1970.
    pub modified: Option<(u64, u32)>,
}

impl PlannedObjects {
    /// The table of a survey, of which these columns stand beside results.
    pub(crate) fn of(table: &ObjectTable, joined: &[String]) -> Result<Self, Error> {
        let file = |(path, stamp): (&Path, FileStamp)| {
            Ok(ObjectFile { path: absolute(path)?, bytes: stamp.bytes, modified: stamp.modified })
        };
        let files = table.paths().zip(table.stamps()).map(file).collect::<Result<_, Error>>()?;
        let (id, filter) = (table.id().to_owned(), table.filter().map(str::to_owned));
        Ok(Self { files, id, filter, joined: joined.to_vec() })
    }

    /// The same survey, of the objects that are meant.
    pub(super) fn of_survey(&self, survey: Survey) -> Result<Survey, Error> {
        let mut survey = survey.with_objects(&self.paths(), Some(&self.id))?;
        if let Some(filter) = &self.filter {
            survey = survey.objects_filtered(filter)?;
        }
        survey.objects().map_or(Ok(()), |table| self.check(table))?;
        Ok(survey)
    }

    /// The table alone.
    pub(super) fn table(&self, id_type: IdType) -> Result<ObjectTable, Error> {
        let mut table = ObjectTable::open(&self.paths(), Some(&self.id), None, id_type)?;
        if let Some(filter) = &self.filter {
            table = table.filtered(filter)?;
        }
        self.check(&table)?;
        Ok(table)
    }

    fn paths(&self) -> Vec<String> {
        self.files.iter().map(|file| file.path.clone()).collect()
    }

    /// That its files are what they were.
    fn check(&self, table: &ObjectTable) -> Result<(), Error> {
        let stamp = |file: &ObjectFile| FileStamp { bytes: file.bytes, modified: file.modified };
        match self.files.iter().zip(table.stamps()).find(|(file, now)| stamp(file) != *now) {
            Some((file, _)) => Err(JobError::Changed { path: PathBuf::from(&file.path) }.into()),
            None => Ok(()),
        }
    }
}
