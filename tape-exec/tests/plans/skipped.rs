//! Row groups that cannot be read are skipped if the user allows it.

use std::sync::Arc;

use tape_core::{
    Bands, Columns, IdType, MemorySource, ObjectId, Partition, Role, RowGroup, RowReader, Rows, Silent, Source,
    SourceError,
};
use tape_exec::{Config, Error, OnError, Partitioning, PlanChoice, Skipped, plan, run};

use crate::support::{Collected, Put, Row, agrees, both, config, regular, run_both, source, table};

/// A survey with a row group that can only be read in part.
struct Damaged {
    whole: MemorySource,
    row_group: usize,
}

struct BreaksOff<'a>(Box<dyn RowReader + 'a>);

impl RowReader for BreaksOff<'_> {
    fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<usize, SourceError> {
        match self.0.read(rows, max_rows.min(30))? {
            0 => Err("the page is corrupt".into()),
            n => Ok(n),
        }
    }
}

impl Source for Damaged {
    fn id_type(&self) -> IdType {
        self.whole.id_type()
    }

    fn column(&self, role: Role) -> Option<&str> {
        self.whole.column(role)
    }

    fn bands(&self) -> &Bands {
        self.whole.bands()
    }

    fn row_groups(&self) -> &[RowGroup] {
        self.whole.row_groups()
    }

    fn describe(&self, row_group: usize) -> String {
        self.whole.describe(row_group)
    }

    fn bytes(&self, row_group: usize, columns: Columns) -> u64 {
        self.whole.bytes(row_group, columns)
    }

    fn row_bytes(&self) -> u64 {
        self.whole.row_bytes()
    }

    fn read<'a>(&'a self, partition: &Partition, columns: Columns) -> Result<Box<dyn RowReader + 'a>, SourceError> {
        let reader = self.whole.read(partition, columns)?;
        let damaged = partition.pieces.iter().any(|piece| piece.row_group == self.row_group);
        Ok(if damaged { Box::new(BreaksOff(reader)) } else { reader })
    }
}

#[test]
fn an_unreadable_row_group_stops_the_run_or_is_skipped() {
    // Ten row groups of ten objects each, small enough to be scheduled together.
    let rows = regular(100, 8);
    let cuts: Vec<usize> = (1..10).map(|i| i * 80).collect();
    let damaged = Damaged { whole: source(&rows, &cuts), row_group: 4 };
    let others: Vec<Row> = rows.iter().copied().filter(|row| !(40..50).contains(&row.0)).collect();
    for (choice, n) in [(PlanChoice::Map, 1), (PlanChoice::Auto, 10), (PlanChoice::Stitch, 1), (PlanChoice::Shuffle, 1)]
    {
        let partitioning = if n == 1 { Partitioning::RowGroups } else { Partitioning::Count(n) };
        let stop = Config { spill: Some(Arc::new(Put::default())), ..config(choice, partitioning, 2) };
        let planned = plan(&damaged, &both(), &stop, &Silent).expect("footers are fine");
        let mut sink = Collected(vec![]);
        let error = run(&damaged, &both(), &stop, &planned, &mut sink, &Silent).expect_err("a row group is damaged");
        assert!(matches!(error, Error::Source(_)), "{error}");

        let skip = Config { on_error: OnError::Skip, ..stop };
        let mut sink = Collected(vec![]);
        let summary = run_both(&damaged, &both(), &skip, &planned, &mut sink).expect("the row group is skipped");
        assert_eq!(agrees(&table(&damaged, &sink), &others), Ok(()), "{choice:?}");
        let [Skipped::RowGroup { row_group, ids, rows, reason, .. }] = &summary.skipped[..] else {
            panic!("{:?}", summary.skipped)
        };
        assert_eq!((*row_group, *rows, reason.as_str()), (4, 80, "the page is corrupt"));
        assert_eq!(ids.as_ref().map(|ids| &ids.min), Some(&ObjectId::Int(40)));
        assert!(summary.warnings.iter().any(|w| w.contains("row group 4") && w.contains("80 rows")));
        assert_eq!(summary.rows, 720);
    }
}
