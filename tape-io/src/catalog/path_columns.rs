//! Columns in the path of a file, such as `band=g/night=59000/part.parquet`, as Hive, Spark, pyarrow, polars and DuckDB
//! write them.

use std::path::{Component, Path};

use percent_encoding::percent_decode_str;

/// The name of a folder whose value is null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";
/// Folders of HATS catalogues. They say where on the sky a file lies, which its rows also say.
const OF_CATALOGUES: [&str; 3] = ["Norder", "Dir", "Npix"];

/// Returns the columns in the path of a file, with their values, in the order of the folders. Escapes are decoded, and a
/// null value is `None`.
pub(crate) fn path_columns(path: &Path) -> Vec<(String, Option<String>)> {
    let mut columns: Vec<(String, Option<String>)> = vec![];
    for component in path.parent().into_iter().flat_map(Path::components) {
        let Component::Normal(name) = component else { continue };
        let Some((name, value)) = name.to_str().and_then(|name| name.split_once('=')) else { continue };
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(std::borrow::Cow::into_owned).ok();
        let Some(name) = decoded(name).filter(|name| !name.is_empty()) else { continue };
        if OF_CATALOGUES.contains(&name.as_str()) {
            continue;
        }
        let value = if value == NULL { None } else { Some(decoded(value).unwrap_or_else(|| value.to_owned())) };
        // The innermost folder says most of its files.
        columns.retain(|(other, _)| *other != name);
        columns.push((name, value));
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_with_an_equals_sign_are_columns() {
        let of = |path: &str| path_columns(Path::new(path));
        let column = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
        assert_eq!(
            of("data/band=g%20prime/night=59000/a=b.parquet"),
            [column("band", Some("g prime")), column("night", Some("59000"))]
        );
        assert_eq!(of("band=__HIVE_DEFAULT_PARTITION__/a.parquet"), [column("band", None)]);
        assert_eq!(of("s3://bucket/x=a%3Db/y=/a.parquet"), [column("x", Some("a=b")), column("y", Some(""))]);
        assert_eq!(of("b=1/c/b=2/a.parquet"), [column("b", Some("2"))]);
        assert!(of("dataset/Norder=5/Dir=0/Npix=7.parquet").is_empty());
        assert!(of("=x/plain/a.parquet").is_empty());
    }
}
