//! HATS collections and catalogues, <https://www.ivoa.net/documents/Notes/HATS/>, and HiPSCat catalogues, the older
//! format: detects them and finds the files of their partitions.

use std::path::{Path, PathBuf};

use crate::catalog::sky::{Region, SkyColumns};
use crate::error::Error;
use crate::file::list::{is_folder, small};
use crate::file::opened::is_remote;

/// Files that identify a collection or catalogue.
const COLLECTION: &str = "collection.properties";
const PROPERTIES: &str = "hats.properties";
/// Other tools, unrelated to astronomy, also write files with this name.
const OLD_PROPERTIES: &str = "properties";
const OLD_INFO: &str = "catalog_info.json";
const PARTITIONS: &str = "partition_info.csv";
/// Maximum size of these files in bytes. A list of all pixels of order ten is smaller.
const MOST_BYTES: u64 = 256 << 20;
/// The largest order of a 64-bit HEALPix number.
const DEEPEST: u8 = 29;

/// The kind of a HATS folder, as its properties declare it.
pub(crate) enum Catalogue {
    /// A collection, with the folder of its primary catalogue.
    Collection { primary: PathBuf },
    /// A catalogue of objects or sources, with its properties.
    Objects(Properties),
    /// A catalogue derived from another, such as a margin or an index, which repeats rows or has none.
    Derived { kind: String, of: Option<String> },
}

/// Properties of a catalogue: names and values.
pub(crate) struct Properties(Vec<(String, String)>);

impl Properties {
    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '!']));
        let pairs = lines.filter_map(|line| line.split_once('='));
        Self(pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect())
    }

    fn of_json(text: &str) -> Option<Self> {
        let serde_json::Value::Object(fields) = serde_json::from_str(text).ok()? else { return None };
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some(Self(fields.iter().map(|(name, value)| (name.clone(), text(value))).collect()))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Returns the kind of the catalogue.
    fn kind(&self) -> Option<&str> {
        self.get("dataproduct_type").or_else(|| self.get("catalog_type"))
    }

    /// Returns the columns of sky positions.
    pub(crate) fn sky(&self) -> SkyColumns {
        let column = |names: [&str; 2]| names.iter().find_map(|name| self.get(name)).map(str::to_owned);
        let order = self.get("hats_col_healpix_order").and_then(|order| order.parse().ok()).unwrap_or(DEEPEST);
        let healpix = self.get("hats_col_healpix").map(|name| (name.to_owned(), order));
        let [ra, dec] = [["hats_col_ra", "ra_column"], ["hats_col_dec", "dec_column"]].map(column);
        SkyColumns { ra, dec, healpix }
    }

    /// Returns the catalogue that this one is derived from.
    fn primary(&self) -> Option<&str> {
        self.get("hats_primary_table_url").or_else(|| self.get("primary_catalog"))
    }
}

/// Returns the kind of a folder with the entries `paths`, or `None` if it is not a collection or catalogue.
///
/// # Errors
/// Returns an error if the properties cannot be read or are incomplete.
pub(crate) fn catalogue(folder: &Path, paths: &[PathBuf]) -> Result<Option<Catalogue>, Error> {
    let has = |name: &str| paths.iter().any(|path| path.file_name().is_some_and(|found| found == name));
    let file = |name: &str| text(&folder.join(name));
    if has(COLLECTION) {
        let collection = Properties::parse(&file(COLLECTION)?);
        let Some(primary) = collection.get("hats_primary_table_url") else {
            let reason = "hats_primary_table_url is missing: name the folder of the catalogue itself";
            return Err(wrong(&folder.join(COLLECTION), reason.to_owned()));
        };
        let primary = folder.join(primary.strip_prefix("file://").unwrap_or(primary));
        return Ok(Some(Catalogue::Collection { primary }));
    }
    let properties = if has(PROPERTIES) {
        Properties::parse(&file(PROPERTIES)?)
    } else if has(OLD_PROPERTIES) {
        Properties::parse(&file(OLD_PROPERTIES)?)
    } else if has(OLD_INFO) {
        let json = Properties::of_json(&file(OLD_INFO)?);
        json.ok_or_else(|| wrong(&folder.join(OLD_INFO), "is not JSON: copy the catalogue again".to_owned()))?
    } else {
        return Ok(None);
    };
    Ok(match properties.kind() {
        Some("object" | "source" | "nested") => Some(Catalogue::Objects(properties)),
        Some(kind) => Some(Catalogue::Derived { kind: kind.to_owned(), of: properties.primary().map(str::to_owned) }),
        None if has(PROPERTIES) => Some(Catalogue::Objects(properties)),
        None => None,
    })
}

/// Returns the paths of the partitions that a catalogue lists, each with true if it is a folder of files. With a
/// region, returns only partitions that overlap with it, or the first partition if none does.
///
/// # Errors
/// Returns an error if the list of partitions is missing or cannot be read, or if a partition is missing.
pub(crate) fn partitions(
    folder: &Path,
    catalogue: &Properties,
    region: Option<&Region>,
) -> Result<Vec<(PathBuf, bool)>, Error> {
    let listed = folder.join(PARTITIONS);
    // For a remote catalogue, reading the list reports that it is missing.
    if !is_remote(&listed) && is_folder(&listed)?.is_none() {
        let reason = format!("{PARTITIONS} is missing: copy the catalogue again, or name its data folder");
        return Err(wrong(folder, reason));
    }
    let mut pixels = pixels(&text(&listed)?).map_err(|reason| wrong(&listed, reason))?;
    if let Some(region) = region {
        let first = pixels.first().copied();
        pixels.retain(|(order, pixel)| region.touches(*order, *pixel));
        if pixels.is_empty() {
            // The schema must be known even if no row is in the region.
            pixels.extend(first);
        }
    }
    let suffix = catalogue.get("hats_npix_suffix").unwrap_or(".parquet");
    if is_remote(folder) {
        // One request per partition would take longer than reading many of them.
        return remote_partitions(folder, &pixels, suffix);
    }
    let path = |&(order, pixel): &(u8, u64)| {
        let names = names(order, pixel, suffix);
        for place in names.iter().flat_map(|name| [folder.join("dataset").join(name), folder.join(name)]) {
            if let Some(is_folder) = is_folder(&place)? {
                return Ok((place, is_folder));
            }
        }
        let reason = format!("lists Norder={order}, Npix={pixel}, but {} is missing", names[0]);
        Err(wrong(&listed, format!("{reason}: copy the catalogue again, or name the files that exist")))
    };
    pixels.iter().map(path).collect()
}

/// Returns the partitions of a remote catalogue. The first partition shows which naming scheme all of them follow.
fn remote_partitions(folder: &Path, pixels: &[(u8, u64)], suffix: &str) -> Result<Vec<(PathBuf, bool)>, Error> {
    let Some(&(order, pixel)) = pixels.first() else { return Ok(vec![]) };
    let folders = [folder.join("dataset"), folder.to_path_buf()];
    for (kind, name) in names(order, pixel, suffix).iter().enumerate() {
        for parent in &folders {
            if let Some(is_folder) = is_folder(&parent.join(name))? {
                let place = |&(order, pixel): &(u8, u64)| (parent.join(&names(order, pixel, suffix)[kind]), is_folder);
                return Ok(pixels.iter().map(place).collect());
            }
        }
    }
    let first = names(order, pixel, suffix);
    let reason = format!("lists Norder={order}, Npix={pixel}, but {} is missing: name the files that exist", first[0]);
    Err(wrong(&folder.join(PARTITIONS), reason))
}

/// Returns the paths below the catalogue that a partition can have, in the naming schemes of HATS and HiPSCat.
fn names(order: u8, pixel: u64, suffix: &str) -> [String; 5] {
    let folder = pixel / 10_000 * 10_000;
    let new = format!("Norder={order}/Dir={folder}/Npix={pixel}");
    [
        format!("{new}{}", suffix.trim_end_matches('/')),
        format!("{new}.parquet"),
        new,
        format!("Norder{order}/Dir{folder}/Npix{pixel}.parquet"),
        format!("Norder{order}/Npix{pixel}/catalog.parquet"),
    ]
}

/// Parses the order and number of each pixel in a list of partitions.
fn pixels(list: &str) -> Result<Vec<(u8, u64)>, String> {
    let mut lines = list.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let head = lines.next().map(|(_, line)| line).unwrap_or_default();
    let column = |names: [&str; 2]| {
        let found =
            head.split(',').position(|name| names.iter().any(|wanted| name.trim().eq_ignore_ascii_case(wanted)));
        found.ok_or_else(|| format!("has no column {}: copy the catalogue again", names[0]))
    };
    let (order, pixel) = (column(["Norder", "order"])?, column(["Npix", "pixel"])?);
    lines
        .map(|(number, line)| {
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            let order = fields.get(order).and_then(|field| field.parse().ok()).filter(|&order: &u8| order <= DEEPEST);
            let pixel = fields.get(pixel).and_then(|field| field.parse().ok());
            let within = |&(order, pixel): &(u8, u64)| pixel < 12 << (2 * u32::from(order));
            order.zip(pixel).filter(within).ok_or_else(|| {
                format!("line {} is '{line}', which is not a pixel: copy the catalogue again", number + 1)
            })
        })
        .collect()
}

/// Makes the error for an input that is a derived catalogue.
pub(crate) fn derived(folder: &Path, kind: &str, of: Option<&str>) -> Error {
    let of = of.map(|of| format!(" of '{of}'")).unwrap_or_default();
    wrong(folder, format!("is a HATS catalogue of type {kind}{of}: name a catalogue of objects or sources instead"))
}

pub(crate) fn wrong(path: &Path, reason: String) -> Error {
    Error::Catalogue { path: path.to_owned(), reason }
}

/// Reads a small text file.
fn text(path: &Path) -> Result<String, Error> {
    let bytes = small(path, MOST_BYTES)?.map_err(|bytes| {
        wrong(path, format!("has {bytes} bytes, too many for this kind of file: name the data folder instead"))
    })?;
    String::from_utf8(bytes).map_err(|_| wrong(path, "is not text: copy the catalogue again".to_owned()))
}

/// Files that identify a collection or catalogue on a server that does not list files.
pub(crate) const KNOWN_BY: [&str; 4] = [COLLECTION, PROPERTIES, OLD_PROPERTIES, OLD_INFO];

#[cfg(test)]
mod tests;
