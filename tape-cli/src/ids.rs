//! The ids that `--ids` names: in the argument itself, or in a file.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tape::Ensemble;
use tape::core::{ObjectId, Role};

use super::failure::Failure;

/// Reads ids of the type of the survey's ids.
pub(crate) fn of(arguments: &[String], ensemble: &Ensemble) -> Result<Vec<ObjectId>, Failure> {
    let mut ids = vec![];
    for argument in arguments {
        if let Some(file) = argument.strip_prefix('@') {
            for id in in_file(file, ensemble.survey().title(Role::Id))? {
                ids.push(parsed(&id, ensemble)?);
            }
            continue;
        }
        let all = split(argument);
        for id in &all {
            ids.push(parsed(id, ensemble)?);
        }
        // An id of text can hold commas itself.
        if all.len() > 1 && matches!(ids.last(), Some(ObjectId::Text(_))) {
            ids.push(ObjectId::Text(argument.trim().into()));
        }
    }
    Ok(ids)
}

/// Parses an id as the type of the survey's ids.
fn parsed(id: &str, ensemble: &Ensemble) -> Result<ObjectId, Failure> {
    let survey = ensemble.survey();
    ObjectId::parse(id, survey.id_type()).ok_or_else(|| {
        let column = survey.title(Role::Id).unwrap_or("id");
        Failure::usage(format!("--ids {id}: the ids in {column} are integers, and this value does not fit"))
    })
}

/// Splits a list at commas, except within double quotes. Two double quotes within quotes stand for one.
fn split(list: &str) -> Vec<String> {
    let (mut ids, mut id, mut quoted) = (vec![], String::new(), false);
    let mut was_quoted = false;
    let mut characters = list.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                id.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if id.trim().is_empty() => (quoted, was_quoted, id) = (true, true, String::new()),
            ',' if !quoted => {
                let end = std::mem::take(&mut id);
                ids.push(if was_quoted { end } else { end.trim().to_owned() });
                was_quoted = false;
            }
            // Spaces after the closing quote.
            ' ' if was_quoted && !quoted => {}
            other => id.push(other),
        }
    }
    ids.push(if was_quoted { id } else { id.trim().to_owned() });
    ids
}

/// Reads the ids of `PATH`, one per line, or those of `PATH:COLUMN` of a Parquet file. Without a column, that of the
/// survey's ids is read, or the only one.
fn in_file(argument: &str, id_column: Option<&str>) -> Result<Vec<String>, Failure> {
    let (path, column) = match argument.rsplit_once(':') {
        Some((path, column)) if !Path::new(argument).exists() => (path, Some(column)),
        _ => (argument, None),
    };
    let failed = |reason: &dyn std::fmt::Display| Failure::usage(format!("--ids @{argument}: {reason}"));
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => failed(&"no such file: name one with an id per line, or a Parquet file"),
        _ => failed(&error),
    })?;
    if !bytes.starts_with(b"PAR1") {
        let text = String::from_utf8(bytes).map_err(|_| failed(&"the file is neither Parquet nor text"))?;
        let ids = text.lines().map(str::trim).filter(|line| !line.is_empty());
        return Ok(ids.map(str::to_owned).collect());
    }
    let file = File::open(path).map_err(|error| failed(&error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| failed(&error))?;
    let schema = builder.schema().clone();
    let only = (schema.fields().len() == 1).then(|| schema.field(0).name().as_str());
    let place = column.or(id_column.filter(|name| schema.index_of(name).is_ok())).or(only);
    let place = place.and_then(|name| schema.index_of(name).ok()).ok_or_else(|| {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        failed(&format!("no such column; columns: {}. Name one, as in @ids.parquet:objectid", names.join(", ")))
    })?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), [place]);
    let mut ids = vec![];
    for batch in builder.with_projection(mask).build().map_err(|error| failed(&error))? {
        let batch = batch.map_err(|error| failed(&error))?;
        let texts = cast(batch.column(0), &DataType::Utf8).map_err(|error| failed(&error))?;
        ids.extend(texts.as_string::<i32>().iter().flatten().map(str::to_owned));
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn quotes_hold_commas_together() {
        for (list, ids) in [
            ("1,2, 3", vec!["1", "2", "3"]),
            (r#""Smith, 12",b"#, vec!["Smith, 12", "b"]),
            (r#"a, " b" ,"say ""x""""#, vec!["a", " b", r#"say "x""#]),
            ("V* RR Lyr", vec!["V* RR Lyr"]),
            (r#"5" disk"#, vec![r#"5" disk"#]),
            ("", vec![""]),
        ] {
            assert_eq!(split(list), ids, "{list}");
        }
    }
}
