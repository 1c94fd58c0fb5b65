//! Patterns over local paths, such as `survey/*/part-[0-9].parquet` and `survey/**/*.pq`. Names that are not Unicode are
//! matched too, by their closest Unicode spelling.

use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::error::Error;
use crate::file::list::list;

const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// Returns all paths that match a pattern.
///
/// # Errors
/// Returns an error if the pattern is malformed, or if a folder cannot be listed.
pub(super) fn matching(pattern: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut paths = vec![PathBuf::new()];
    for component in pattern.components() {
        let Component::Normal(name) = component else {
            paths.iter_mut().for_each(|path| path.push(component));
            continue;
        };
        let name = name.to_string_lossy();
        if !name.contains(['*', '?', '[']) {
            paths.iter_mut().for_each(|path| path.push(component));
            paths.retain(|path| path.exists());
        } else if name == "**" {
            paths = below(paths)?;
        } else {
            paths = entries(paths, &parse(pattern, &name)?)?;
        }
    }
    Ok(paths)
}

fn parse(pattern: &Path, name: &str) -> Result<Pattern, Error> {
    let bad = |error: glob::PatternError| Error::BadPattern {
        pattern: pattern.display().to_string(),
        reason: error.to_string(),
    };
    Pattern::new(name).map_err(bad)
}

/// Returns the entries of folders whose names match.
fn entries(folders: Vec<PathBuf>, name: &Pattern) -> Result<Vec<PathBuf>, Error> {
    let mut all = vec![];
    for folder in folders {
        for entry in listed(&folder)? {
            let matches = entry.file_name().is_some_and(|own| name.matches_with(&own.to_string_lossy(), OPTIONS));
            if matches {
                all.push(folder.join(entry.file_name().unwrap_or_default()));
            }
        }
    }
    Ok(all)
}

/// Returns folders with all folders below them. Links to folders are not followed.
fn below(folders: Vec<PathBuf>) -> Result<Vec<PathBuf>, Error> {
    let (mut all, mut open) = (vec![], folders);
    while let Some(folder) = open.pop() {
        for entry in listed(&folder)? {
            if entry.is_dir() && !entry.is_symlink() {
                open.push(folder.join(entry.file_name().unwrap_or_default()));
            }
        }
        all.push(folder);
    }
    Ok(all)
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if here.is_dir() { list(here) } else { Ok(vec![]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path, pattern: &str) -> Vec<String> {
        let found = matching(&folder.join(pattern)).expect("it is a pattern");
        let name = |path: PathBuf| path.strip_prefix(folder).expect("it lies there").to_string_lossy().into_owned();
        let mut all: Vec<String> = found.into_iter().map(name).collect();
        all.sort();
        all
    }

    #[test]
    fn patterns_match_names_and_folders() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        std::fs::create_dir_all(path.join("g/deep")).expect("it is made");
        std::fs::create_dir_all(path.join("r")).expect("it is made");
        for name in ["a.pq", "g/1.pq", "g/deep/2.pq", "r/3.pq", "r/4.csv"] {
            std::fs::write(path.join(name), b"").expect("it is written");
        }
        assert_eq!(names(path, "*/*.pq"), ["g/1.pq", "r/3.pq"]);
        assert_eq!(names(path, "**/*.pq"), ["a.pq", "g/1.pq", "g/deep/2.pq", "r/3.pq"]);
        assert_eq!(names(path, "[gx]/**/?.pq"), ["g/1.pq", "g/deep/2.pq"]);
        assert_eq!(names(path, "*/deep/2.pq"), ["g/deep/2.pq"]);
        assert_eq!(names(path, "*.fits"), [""; 0]);
        assert!(matches!(matching(&path.join("[")), Err(Error::BadPattern { .. })));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_need_not_be_unicode() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().expect("a folder");
        let name = std::ffi::OsStr::from_bytes(b"caf\xe9.parquet");
        std::fs::write(folder.path().join(name), b"").expect("it is written");
        assert_eq!(matching(&folder.path().join("*.parquet")).expect("a pattern"), [folder.path().join(name)]);
    }
}
