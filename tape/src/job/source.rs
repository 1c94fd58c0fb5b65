//! A replacement for the survey if no rows are read: in tasks of the second round, and when results are gathered.

use tape_core::{Bands, Columns, IdType, Partition, Role, RowGroup, RowReader, Source, SourceError};

use super::manifest::Manifest;
use super::sealed::Malformed;

/// A source with the properties of the planned survey. The inputs do not need to exist.
pub(super) struct Planned<'a> {
    manifest: &'a Manifest,
    bands: Bands,
}

impl<'a> Planned<'a> {
    /// Creates the source of a manifest, with all bands that tasks found.
    pub(super) fn new<'m>(manifest: &'a Manifest, met: impl Iterator<Item = &'m String>) -> Result<Self, Malformed> {
        let bands = Bands::default();
        for label in met {
            bands.code(label).map_err(Malformed::new)?;
        }
        Ok(Self { manifest, bands })
    }
}

impl Source for Planned<'_> {
    fn id_type(&self) -> IdType {
        self.manifest.task_id_type()
    }

    fn column(&self, role: Role) -> Option<&str> {
        self.manifest.columns[role as usize].as_deref()
    }

    fn title(&self, role: Role) -> Option<&str> {
        self.manifest.titles[role as usize].as_deref()
    }

    fn bands(&self) -> &Bands {
        &self.bands
    }

    fn row_groups(&self) -> &[RowGroup] {
        &[]
    }

    fn describe(&self, row_group: usize) -> String {
        self.manifest.describe(row_group)
    }

    fn bytes(&self, _: usize, _: Columns) -> u64 {
        0
    }

    fn row_bytes(&self) -> u64 {
        // The lengths of text ids are not in the manifest. This is a generous estimate.
        64
    }

    fn read<'b>(&'b self, _: &Partition, _: Columns) -> Result<Box<dyn RowReader + 'b>, SourceError> {
        Err("no row of the survey is read here".into())
    }
}
