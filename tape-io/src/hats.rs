//! Catalogues by pixels of the sky, HATS and the older HiPSCat: which files of a folder are their data.
//!
//! Layout: <https://hats.readthedocs.io> and the IVOA note of 2025 on HATS. A collection names its primary catalogue; a
//! catalogue lists its pixels in `partition_info.csv`, and has a file or a folder for each. What lies beside, margin
//! caches, indexes and statistics of the partitions, are no light curves of the catalogue, or the same ones again.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::Error;
use crate::fault::{self, Call};

/// What a folder is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Folder {
    /// No catalogue.
    Plain,
    /// A catalogue, and its data: files, or folders of files.
    Catalogue(Vec<PathBuf>),
    /// Something beside a catalogue, in the words of its properties.
    Beside(String),
}

/// Data products that have the rows of a catalogue; others repeat some of them, or point at them.
const CATALOGUES: [&str; 4] = ["object", "source", "nested", "object_source"];

/// Looks at a folder.
///
/// # Errors
/// If it is a catalogue or a collection of which a part is missing or cannot be read.
pub(crate) fn look(folder: &Path) -> Result<Folder, Error> {
    if let Some(text) = read(&folder.join("collection.properties"))? {
        let path = folder.join("collection.properties");
        let properties = properties(&text);
        let Some(primary) = properties.get("hats_primary_table_url").filter(|url| !url.is_empty()) else {
            return Err(broken(path, "it names no hats_primary_table_url"));
        };
        let catalogue = folder.join(primary);
        return match look(&catalogue)? {
            Folder::Plain => Err(broken(path, &format!("its primary catalogue, {primary}, is not one"))),
            found => Ok(found),
        };
    }
    let Some(product) = product(folder)? else { return Ok(Folder::Plain) };
    if CATALOGUES.contains(&product.kind.as_str()) {
        Ok(Folder::Catalogue(data(folder, &product)?))
    } else {
        Ok(Folder::Beside(product.kind))
    }
}

/// What the properties of a catalogue say.
struct Product {
    kind: String,
    /// What follows the number of a pixel: a slash if it is a folder.
    suffix: String,
}

fn product(folder: &Path) -> Result<Option<Product>, Error> {
    for name in ["hats.properties", "properties"] {
        let Some(text) = read(&folder.join(name))? else { continue };
        let properties = properties(&text);
        if let Some(kind) = properties.get("dataproduct_type") {
            let suffix = properties.get("hats_npix_suffix").map_or(".parquet", String::as_str);
            return Ok(Some(Product { kind: kind.clone(), suffix: suffix.to_owned() }));
        }
    }
    // HiPSCat, from which HATS came.
    let path = folder.join("catalog_info.json");
    let Some(text) = read(&path)? else { return Ok(None) };
    let info: Value = serde_json::from_str(&text).map_err(|error| broken(path.clone(), &error.to_string()))?;
    let Some(kind) = info["catalog_type"].as_str() else { return Err(broken(path, "it has no catalog_type")) };
    Ok(Some(Product { kind: kind.to_owned(), suffix: ".parquet".to_owned() }))
}

/// The file or folder of each pixel.
fn data(folder: &Path, product: &Product) -> Result<Vec<PathBuf>, Error> {
    let list = folder.join("partition_info.csv");
    let Some(text) = read(&list)? else {
        return Err(broken(list, "it is missing, so nothing says which pixels the catalogue has"));
    };
    let dataset = folder.join("dataset");
    let root = if dataset.is_dir() { dataset } else { folder.to_owned() };
    let mut lines = text.lines().map(|line| line.split(',').map(str::trim).collect::<Vec<_>>());
    let header = lines.next().unwrap_or_default();
    let column = |name: &str| header.iter().position(|column| *column == name);
    let (Some(order), Some(pixel)) = (column("Norder"), column("Npix")) else {
        return Err(broken(list, "it has no columns Norder and Npix"));
    };
    let mut files = vec![];
    for (number, line) in lines.enumerate().filter(|(_, line)| line.iter().any(|field| !field.is_empty())) {
        let value = |column: usize| line.get(column).and_then(|field| field.parse::<u64>().ok());
        let (Some(order), Some(pixel)) = (value(order), value(pixel)) else {
            return Err(broken(list, &format!("line {} has no pixel", number + 2)));
        };
        let directory = pixel / 10_000 * 10_000;
        let suffix = product.suffix.trim_end_matches('/');
        let path = root.join(format!("Norder={order}/Dir={directory}/Npix={pixel}{suffix}"));
        if !path.exists() {
            let missing = path.strip_prefix(folder).unwrap_or(&path).display();
            return Err(broken(list, &format!("it lists {missing}, which is missing")));
        }
        files.push(path);
    }
    Ok(files)
}

/// The text of a file, if there is one.
fn read(path: &Path) -> Result<Option<String>, Error> {
    match fault::before(Call::Open).and_then(|()| fs::read_to_string(path)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Error::io(path, "read it", error)),
    }
}

/// Keys and values, one line each.
fn properties(text: &str) -> HashMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '!']));
    let pairs = lines.filter_map(|line| line.split_once(['=', ':']));
    pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect()
}

fn broken(path: PathBuf, reason: &str) -> Error {
    Error::Catalogue { path, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A catalogue with two pixels, one of them beyond ten thousand.
    fn catalogue(folder: &Path, root: &str, suffix: &str) -> Vec<PathBuf> {
        let pixels = [(4, 0, 1171), (6, 10_000, 12_345)];
        let paths = pixels.map(|(order, directory, pixel)| {
            folder.join(root).join(format!("Norder={order}/Dir={directory}/Npix={pixel}{suffix}"))
        });
        for path in &paths {
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            if suffix.is_empty() { fs::create_dir(path) } else { fs::write(path, "") }.expect("a file or folder");
        }
        fs::write(folder.join("partition_info.csv"), "Norder,Npix\n4,1171\n6,12345\n\n").expect("a list");
        paths.to_vec()
    }

    #[test]
    fn a_collection_is_its_primary_catalogue_and_what_lies_beside_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let files = catalogue(&root.join("stars"), "dataset", ".parquet");
        catalogue(&root.join("stars_5arcs"), "dataset", ".parquet");
        fs::write(root.join("collection.properties"), "#HATS\nhats_primary_table_url = stars\n").expect("properties");
        fs::write(root.join("stars/hats.properties"), "dataproduct_type=object\n").expect("properties");
        fs::write(root.join("stars_5arcs/hats.properties"), "dataproduct_type=margin\n").expect("properties");
        for path in [root.to_owned(), root.join("stars")] {
            assert_eq!(look(&path).expect("whole"), Folder::Catalogue(files.clone()));
        }
        assert_eq!(look(&root.join("stars_5arcs")).expect("whole"), Folder::Beside("margin".to_owned()));
        assert_eq!(look(&root.join("stars/dataset")).expect("no catalogue"), Folder::Plain);
    }

    #[test]
    fn pixels_may_be_folders_and_old_names_are_understood() {
        let folder = tempfile::tempdir().expect("a folder");
        let (new, old) = (folder.path().join("new"), folder.path().join("old"));
        let folders = catalogue(&new, "dataset", "");
        fs::write(new.join("properties"), "dataproduct_type=source\nhats_npix_suffix=/\n").expect("properties");
        assert_eq!(look(&new).expect("whole"), Folder::Catalogue(folders));
        let files = catalogue(&old, "", ".parquet");
        fs::write(old.join("catalog_info.json"), r#"{"catalog_type": "object"}"#).expect("properties");
        assert_eq!(look(&old).expect("whole"), Folder::Catalogue(files));
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let message = |path: &Path| look(path).expect_err("it is not whole").to_string();
        fs::write(root.join("hats.properties"), "dataproduct_type=object\n").expect("properties");
        assert!(message(root).contains("partition_info.csv") && message(root).contains("missing"), "{}", message(root));
        let files = catalogue(root, "dataset", ".parquet");
        fs::remove_file(&files[1]).expect("it is there");
        assert!(message(root).contains("Npix=12345.parquet, which is missing"), "{}", message(root));
        fs::write(root.join("partition_info.csv"), "Norder,Npix\n4,x\n").expect("a list");
        assert!(message(root).contains("line 2"), "{}", message(root));
        fs::write(root.join("partition_info.csv"), "a,b\n").expect("a list");
        assert!(message(root).contains("Norder"), "{}", message(root));
        fs::write(root.join("collection.properties"), "hats_primary_table_url=nothing\n").expect("properties");
        assert!(message(root).contains("nothing, is not one"), "{}", message(root));
    }
}
