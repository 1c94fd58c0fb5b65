//! Implements [`Source`] for [`Survey`], the interface that plans use.

use tape_core::{Bands, Columns, IdType, Partition, Role, RowGroup, RowReader, RowUnit, Source, SourceError};

use crate::scan::converted::Converted;
use crate::survey::Survey;

impl Source for Survey {
    fn id_type(&self) -> IdType {
        self.id_type()
    }

    fn column(&self, role: Role) -> Option<&str> {
        self.column(role)
    }

    fn title(&self, role: Role) -> Option<&str> {
        self.title(role)
    }

    fn bands(&self) -> &Bands {
        self.bands()
    }

    fn row_groups(&self) -> &[RowGroup] {
        self.row_groups()
    }

    fn describe(&self, row_group: usize) -> String {
        let (footer, index) = self.footer(row_group);
        format!("{}, row group {index}", footer.path.display())
    }

    fn bytes(&self, row_group: usize, columns: Columns) -> u64 {
        if self.skips(row_group) {
            return 0;
        }
        let (footer, index) = self.footer(row_group);
        let (group, all) = (footer.metadata.row_group(index), self.leaves_read(row_group, columns));
        let size = |index: usize| u64::try_from(group.column(index).compressed_size()).unwrap_or(0);
        all.into_iter().map(size).fold(0, u64::saturating_add)
    }

    fn row_bytes(&self) -> u64 {
        let of_role = |role| match self.played(role) {
            Some(_) => Some(8),
            None => self.files[0].role(role).map(|column| column.leaf.column_type.bytes()),
        };
        Role::ALL.into_iter().filter_map(of_role).sum()
    }

    fn row_unit(&self) -> RowUnit {
        self.shape().row_unit()
    }

    fn read<'a>(&'a self, partition: &Partition, columns: Columns) -> Result<Box<dyn RowReader + 'a>, SourceError> {
        let rows = self.read_wanted(partition, columns, self.selections.len())?;
        let rows = self.counting_sentinels(rows, partition, columns);
        Ok(match self.conversion {
            Some(conversion) => Box::new(Converted { rows, conversion }),
            None => rows,
        })
    }
}
