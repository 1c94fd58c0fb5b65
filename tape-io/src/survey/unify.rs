//! Makes the files of a survey alike: adds the columns in their paths, and those that only other files have.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use arrow::compute::kernels::cast_utils::Parser;
use arrow::datatypes::Date32Type;
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor};

use crate::catalog::path_columns::path_columns;
use crate::decode::constant_columns::{Constant, ConstantColumn, ConstantType};
use crate::decode::footer::OpenedFile;
use crate::decode::schema_paths::{NamedLeaf, leaves};
use crate::error::Error;

/// Opens files, and gives all of them the same columns.
pub(crate) fn open_alike(paths: Vec<PathBuf>) -> Result<Vec<OpenedFile>, Error> {
    let files = tape_pool::try_map(paths, OpenedFile::read)?;
    let added = added_columns(&files)?;
    let files = files.into_iter().zip(added);
    files.map(|(file, added)| if added.is_empty() { Ok(file) } else { file.with_constants(&added) }).collect()
}

/// Returns the columns that each file lacks.
fn added_columns(files: &[OpenedFile]) -> Result<Vec<Vec<ConstantColumn>>, Error> {
    let of_paths: Vec<_> = files.iter().map(|file| path_columns(&file.path)).collect();
    let types = types_of(of_paths.iter().flatten());
    let union = Union::of(files);
    let mut added = Vec::with_capacity(files.len());
    for (file, in_path) in files.iter().zip(of_paths) {
        let failed = |error: parquet::errors::ParquetError| Error::NotParquet {
            path: file.path.clone(),
            reason: error.to_string(),
        };
        // A column of the file goes before one of the same name in its path.
        let schema = file.metadata.file_metadata().schema_descr();
        let own: HashSet<&str> = schema.root_schema().get_fields().iter().map(|field| field.name()).collect();
        let mut of_file = vec![];
        let values: HashMap<String, Option<String>> = in_path.into_iter().collect();
        for (name, constant_type) in types.iter().filter(|(name, _)| !own.contains(name.as_str())) {
            let value = values.get(name).cloned().flatten();
            let value = value.map_or(Constant::Null, |value| constant(&value, *constant_type));
            of_file.push(ConstantColumn::new(name, *constant_type, value).map_err(failed)?);
        }
        for (name, column) in union.missing_in(schema) {
            if !types.contains_key(name) {
                of_file.push(ConstantColumn::missing(name, column).map_err(failed)?);
            }
        }
        added.push(of_file);
    }
    Ok(added)
}

/// The leaf columns of all files, if files differ.
struct Union<'a> {
    columns: Vec<(String, &'a ColumnDescPtr)>,
}

impl<'a> Union<'a> {
    fn of(files: &'a [OpenedFile]) -> Self {
        let mut union = Self { columns: vec![] };
        let schema = |file: &'a OpenedFile| file.metadata.file_metadata().schema_descr();
        if !files.windows(2).any(|pair| schema(&pair[0]).root_schema() != schema(&pair[1]).root_schema()) {
            return union;
        }
        let mut met = HashSet::new();
        for file in files {
            for (leaf, column) in leaves(schema(file)).iter().zip(schema(file).columns()) {
                if met.insert(leaf.name()) {
                    union.columns.push((leaf.name(), column));
                }
            }
        }
        union
    }

    fn missing_in(&self, schema: &SchemaDescriptor) -> Vec<&(String, &'a ColumnDescPtr)> {
        if self.columns.is_empty() {
            return vec![];
        }
        let own: HashSet<String> = leaves(schema).iter().map(NamedLeaf::name).collect();
        self.columns.iter().filter(|(name, _)| !own.contains(name)).collect()
    }
}

/// Returns the type of each column in paths, which all of its values have.
fn types_of<'a>(values: impl Iterator<Item = &'a (String, Option<String>)>) -> BTreeMap<String, ConstantType> {
    let mut all: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, value) in values {
        all.entry(name.clone()).or_default().extend(value.as_deref());
    }
    let fits = |values: &[&str], constant_type| {
        let is_one = |value: &&str| constant(value, constant_type) != Constant::Null;
        !values.is_empty() && values.iter().all(is_one)
    };
    let type_of = |values: &[&str]| {
        let types = [ConstantType::Integer, ConstantType::Number, ConstantType::Day];
        types.into_iter().find(|&constant_type| fits(values, constant_type)).unwrap_or(ConstantType::Text)
    };
    all.into_iter().map(|(name, values)| (name, type_of(&values))).collect()
}

/// Reads a value of a type: null if it is not of that type.
fn constant(text: &str, constant_type: ConstantType) -> Constant {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let value = match constant_type {
        ConstantType::Integer => text.parse().ok().map(Constant::Integer),
        ConstantType::Number => text.parse().ok().filter(|_| is_number).map(Constant::Number),
        ConstantType::Day => {
            let is_day = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            Date32Type::parse(text).filter(|_| is_day).map(Constant::Day)
        }
        ConstantType::Text => Some(Constant::Text(text.to_owned())),
    };
    value.unwrap_or(Constant::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_paths_have_the_type_that_all_of_them_have() {
        let type_of = |values: &[&str]| {
            let values: Vec<_> = values.iter().map(|value| ("x".to_owned(), Some((*value).to_owned()))).collect();
            types_of(values.iter())["x"]
        };
        assert_eq!(type_of(&["1", "-20", "007"]), ConstantType::Integer);
        assert_eq!(type_of(&["1", "0.5", "1e3"]), ConstantType::Number);
        assert_eq!(type_of(&["2020-01-02", "1999-12-31"]), ConstantType::Day);
        for values in [["1", "g"], ["2020-01-02", "1"], ["nan", "inf"], ["2020-13-41", "2020-01-01"], ["", "1"]] {
            assert_eq!(type_of(&values), ConstantType::Text, "{values:?}");
        }
        assert_eq!(types_of([("x".to_owned(), None)].iter())["x"], ConstantType::Text);
    }
}
