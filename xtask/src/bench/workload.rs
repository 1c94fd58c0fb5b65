//! The surveys that benchmarks read. `tape simulate` creates them from fixed seeds, outside of the source tree.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::run::{self, Result};

/// Size of a survey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum Size {
    /// Real data: 483 RR Lyrae of SDSS Stripe 82, 136,196 rows, from `../shared`.
    S82,
    /// 1,000 light curves in one band, 150,000 rows.
    Thousand,
    /// 2,000 objects, 300,000 rows.
    Small,
    /// 20,000 objects, 3 million rows.
    Medium,
    /// 200,000 objects, 30 million rows.
    Large,
    /// 6,667 objects.
    #[serde(rename = "1m")]
    #[value(name = "1m")]
    Million,
    /// 66,667 objects.
    #[serde(rename = "10m")]
    #[value(name = "10m")]
    TenMillion,
    /// 666,667 objects.
    #[serde(rename = "100m")]
    #[value(name = "100m")]
    HundredMillion,
}

/// Order and shape of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Layout {
    /// Sorted by id, with each light curve in one file.
    Sorted,
    /// Sorted by id, with light curves split across files.
    SortedSplit,
    /// A file per range of nights, sorted by id within each.
    Nightly,
    /// In random order.
    Shuffled,
    /// Sorted by id, with one row per object and the light curve as a struct of lists.
    Nested,
}

/// Compression of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Compression {
    /// Zstandard.
    Zstd,
    /// No compression.
    None,
}

impl Size {
    /// Returns the name in folders and tables.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::S82 => "s82",
            Self::Thousand => "thousand",
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
            Self::Million => "1m",
            Self::TenMillion => "10m",
            Self::HundredMillion => "100m",
        }
    }

    /// Returns the number of objects of a simulated survey.
    const fn objects(self) -> Option<u32> {
        match self {
            Self::S82 => None,
            Self::Thousand => Some(1_000),
            Self::Small => Some(2_000),
            Self::Medium => Some(20_000),
            Self::Large => Some(200_000),
            Self::Million => Some(6_667),
            Self::TenMillion => Some(66_667),
            Self::HundredMillion => Some(666_667),
        }
    }

    /// Returns the number of files of a simulated survey. Surveys for `bench scale` have four full row groups per file,
    /// whatever their size.
    const fn files(self) -> u32 {
        match self {
            Self::Thousand => 1,
            Self::Million => 2,
            Self::TenMillion => 20,
            Self::HundredMillion => 200,
            Self::S82 | Self::Small | Self::Medium | Self::Large => 8,
        }
    }

    /// Returns the bands of a simulated survey.
    const fn bands(self) -> &'static str {
        match self {
            Self::Thousand => "r",
            _ => "ugrizy",
        }
    }

    /// Returns true if runs are long enough to be timed. Otherwise only results are compared.
    pub(super) const fn is_timed(self) -> bool {
        !matches!(self, Self::S82 | Self::Small)
    }

    /// Returns the columns of id, time, flux, error and band.
    pub(super) const fn columns(self) -> &'static str {
        match self {
            Self::S82 => "id,mjd,mag,magerr,band",
            _ => "id,mjd,flux,error,band",
        }
    }
}

impl Layout {
    /// Returns the name in folders and tables.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sorted => "sorted",
            Self::SortedSplit => "sorted-split",
            Self::Nightly => "nightly",
            Self::Shuffled => "shuffled",
            Self::Nested => "nested",
        }
    }
}

impl Compression {
    /// All compressions.
    pub(super) const ALL: [Self; 2] = [Self::Zstd, Self::None];

    /// Returns the name for `--compression`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::None => "none",
        }
    }
}

/// Returns the folder of all surveys: `TAPE_BENCH_DIR`, or one in the user's cache folder.
pub(super) fn cache() -> Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let in_home = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
    set("TAPE_BENCH_DIR")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("tape-bench")))
        .or_else(|| set("HOME").map(|home| home.join(in_home).join("tape-bench")))
        .ok_or_else(|| "no folder for the surveys: set TAPE_BENCH_DIR".into())
}

/// Number of rows in the real survey.
pub(super) const S82_ROWS: u64 = 136_196;

/// Returns the path of the real survey in a layout: one file, or a folder of files that split light curves.
pub(super) fn s82(layout: Layout) -> PathBuf {
    let name = match layout {
        Layout::Sorted => "flat_sorted.parquet",
        Layout::SortedSplit => "flat_sorted_split",
        // This folder does not exist, so the caller reports it as missing.
        Layout::Nightly => "flat_nightly",
        Layout::Shuffled => "flat_shuffled.parquet",
        Layout::Nested => "struct_of_lists.parquet",
    };
    run::root().join("../shared/data/s82_rrlyrae/shapes").join(name)
}

/// Lists the files of a survey.
pub(super) fn files(survey: &Path) -> Result<Vec<PathBuf>> {
    let named = |error: std::io::Error| format!("{}: {error}", survey.display());
    if !survey.is_dir() {
        return Ok(vec![survey.to_owned()]);
    }
    let is_data = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".parquet") && !name.starts_with(['_', '.'])
    };
    let entries = fs::read_dir(survey).map_err(named)?;
    let mut files: Vec<PathBuf> =
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>().map_err(named)?;
    files.retain(is_data);
    files.sort();
    Ok(files)
}

/// Returns the files and row groups for `tape simulate`. Many nights share their ids, and their row groups are small,
/// so each file of a million rows has several, and a range of ids in a hundred million rows touches only a few.
fn shape(size: Size, layout: Layout) -> String {
    match layout {
        Layout::Nightly => "--files 50 --row-group-rows 4096".to_owned(),
        _ => format!("--files {}", size.files()),
    }
}

/// Returns the other arguments of `tape simulate`, or of `tape convert` for lists.
fn arguments(size: Size, objects: u32, layout: Layout, compression: Compression) -> String {
    let compression = compression.name();
    if layout == Layout::Nested {
        return format!("--shape struct-of-lists --compression {compression}");
    }
    let (bands, name, shape) = (size.bands(), layout.name(), shape(size, layout));
    format!(
        "--objects {objects} --epochs 150 --bands {bands} --seed 1 --layout {name} {shape} --compression {compression}"
    )
}

/// Returns the folder of a survey. Simulated surveys are created with the program `tape` unless they exist.
pub(super) fn survey(
    cache: &Path,
    tape: &Path,
    size: Size,
    layout: Layout,
    compression: Compression,
) -> Result<PathBuf> {
    let Some(objects) = size.objects() else {
        let survey = s82(layout);
        return if survey.exists() { Ok(survey) } else { Err(format!("{} is missing", survey.display()).into()) };
    };
    let folder = cache.join([size.name(), layout.name(), compression.name()].join("-"));
    let survey = folder.join("survey");
    // The stamp is written last and holds the arguments, so that incomplete or outdated surveys are created again.
    let stamp = folder.join(".complete");
    let arguments = arguments(size, objects, layout, compression);
    if fs::read_to_string(&stamp).is_ok_and(|made| made == arguments) {
        return Ok(survey);
    }
    // Light curves in lists are converted from the flat survey.
    let flat = (layout == Layout::Nested).then(|| self::survey(cache, tape, size, Layout::Sorted, compression));
    let flat = flat.transpose()?;
    println!("creating {}", folder.display());
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed)?;
    }
    fs::create_dir_all(&folder).map_err(failed)?;
    let mut command = Command::new(tape);
    match &flat {
        Some(flat) => command.arg("convert").arg(flat),
        None => command.arg("simulate"),
    };
    run::read(command.arg(&survey).args(arguments.split(' ')))?;
    fs::write(stamp, arguments).map_err(failed)?;
    Ok(survey)
}

#[cfg(test)]
mod tests {
    use super::super::fake;
    use super::*;

    #[test]
    fn a_survey_is_created_once_and_again_if_incomplete_or_outdated() {
        let cache = tempfile::tempdir().expect("a folder");
        let log = cache.path().join("log");
        let script = format!("#!/bin/sh\necho \"$@\" >> '{}'\nmkdir \"$2\"\n", log.display());
        let tape = fake::program(cache.path(), "tape", &script);
        let make = || survey(cache.path(), &tape, Size::Medium, Layout::SortedSplit, Compression::None);
        let folder = make().expect("created");
        assert_eq!(make().expect("it exists"), folder);
        let stamp = cache.path().join("medium-sorted-split-none/.complete");
        fs::write(&stamp, "--objects 3").expect("can be written");
        make().expect("created again");
        fs::remove_file(&stamp).expect("it exists");
        make().expect("created again");
        let runs = fs::read_to_string(log).expect("it was written");
        let expected = format!(
            "simulate {} --objects 20000 --epochs 150 --bands ugrizy --seed 1 --layout sorted-split --files 8 \
             --compression none\n",
            folder.display()
        );
        assert_eq!(runs, expected.repeat(3));
    }

    #[test]
    fn files_grow_with_the_survey_and_nights_do_not() {
        assert_eq!(shape(Size::Million, Layout::Sorted), "--files 2");
        assert_eq!(shape(Size::HundredMillion, Layout::Shuffled), "--files 200");
        let nights = shape(Size::Million, Layout::Nightly);
        assert_eq!(nights, "--files 50 --row-group-rows 4096");
        assert_eq!(shape(Size::HundredMillion, Layout::Nightly), nights);
    }

    #[test]
    fn a_failed_survey_is_an_error_and_leaves_no_stamp() {
        let cache = tempfile::tempdir().expect("a folder");
        let tape = fake::program(cache.path(), "tape", "#!/bin/sh\necho no space >&2\nexit 1\n");
        let made = survey(cache.path(), &tape, Size::Medium, Layout::Sorted, Compression::Zstd);
        assert!(made.expect_err("it fails").to_string().contains("no space"));
        assert!(!cache.path().join("medium-sorted-zstd/.complete").exists());
    }
}
