//! A source whose ids do not have the declared type gives an error that names an id.

use tape_core::{
    Bands, Columns, IdRef, IdType, Ids, Inputs, MemorySource, Partition, Piece, Results, RowReader, Rows, Silent, Sink,
    Source, SourceError, Statistic,
};
use tape_exec::{Config, Error, PlanChoice, plan, run};

struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: Results) -> Result<(), SourceError> {
        Ok(())
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        Ok(())
    }
}

fn rows(id_type: IdType) -> Rows {
    let mut rows = Rows::new(id_type);
    for i in 0..40_i32 {
        let text = format!("o{:02}", i / 4);
        let id = if id_type == IdType::Utf8 { IdRef::Text(&text) } else { IdRef::Int((i / 4).into()) };
        rows.ids.push(id).expect("an id of this type");
        rows.flux.push(i.into());
    }
    rows
}

/// A source that declares integer ids, but whose readers give text.
struct Liar(MemorySource);

struct LyingReader<'a>(Box<dyn RowReader + 'a>);

impl RowReader for LyingReader<'_> {
    fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<usize, SourceError> {
        let n = self.0.read(rows, max_rows)?;
        let mut ids = Ids::new(IdType::Utf8);
        (0..rows.len()).try_for_each(|_| ids.push(IdRef::Text("ZTF7")))?;
        rows.ids = ids;
        Ok(n)
    }
}

impl Source for Liar {
    fn id_type(&self) -> IdType {
        self.0.id_type()
    }

    fn row_groups(&self) -> &[tape_core::RowGroup] {
        self.0.row_groups()
    }

    fn bands(&self) -> &Bands {
        self.0.bands()
    }

    fn column(&self, role: tape_core::Role) -> Option<&str> {
        self.0.column(role)
    }

    fn describe(&self, row_group: usize) -> String {
        self.0.describe(row_group)
    }

    fn bytes(&self, row_group: usize, columns: Columns) -> u64 {
        self.0.bytes(row_group, columns)
    }

    fn row_bytes(&self) -> u64 {
        self.0.row_bytes()
    }

    fn read<'a>(&'a self, partition: &Partition, columns: Columns) -> Result<Box<dyn RowReader + 'a>, SourceError> {
        Ok(Box::new(LyingReader(self.0.read(partition, columns)?)))
    }
}

#[test]
fn every_plan_rejects_ids_of_an_undeclared_type() {
    let statistics = [Statistic::from_fn("sum", Inputs::FLUX, |light_curve| light_curve.flux().iter().sum::<f64>())];
    let source = Liar(MemorySource::new(IdType::Int64, rows(IdType::Int64), Bands::default(), &[10, 20]));
    for choice in [PlanChoice::MapUnchecked, PlanChoice::Stitch, PlanChoice::Shuffle] {
        let config = Config { plan: choice, workers: 2, ..Config::default() };
        let plan = plan(&source, &statistics, &config, &Silent).expect("plans");
        let error = run(&source, &statistics, &config, &plan, &mut Nowhere, &Silent).expect_err("it has text");
        assert!(matches!(error, Error::Source(_)), "{choice:?}: {error:?}");
        let told = "the id 'ZTF7' is text, but the ids of this column are integers";
        assert_eq!(error.to_string(), told, "{choice:?}");
    }
}

#[test]
fn rows_in_memory_cannot_be_read_as_ids_of_another_type() {
    let source = MemorySource::new(IdType::Utf8, rows(IdType::Utf8), Bands::default(), &[]);
    let partition = Partition { pieces: vec![Piece { row_group: 0, rows: 0..40 }] };
    let mut reader = source.read(&partition, Columns { flux: true, ..Columns::default() }).expect("it opens");
    let mut integers = Rows::new(IdType::Int64);
    let error = reader.read(&mut integers, 10).expect_err("it has text");
    assert!(error.to_string().contains("'o00' is text"), "{error}");
    assert!(integers.is_empty());
}
