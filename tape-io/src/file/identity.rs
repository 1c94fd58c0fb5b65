//! The identity of files: one file stays one file, however its path is written.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::file::opened::is_remote;

/// The identity of a file or folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Identity {
    /// The device and the inode.
    #[cfg(unix)]
    Inode(u64, u64),
    /// The path without links and detours, or a normalised URL.
    Path(PathBuf),
}

/// Files or folders that were met.
#[derive(Debug, Default)]
pub(crate) struct Met(HashSet<Identity>);

impl Met {
    /// Adds a file or folder. Returns false if it was met before, under this name or another.
    pub(crate) fn insert(&mut self, path: &Path) -> bool {
        self.0.insert(identity(path))
    }
}

fn identity(path: &Path) -> Identity {
    if is_remote(path) {
        return Identity::Path(normalised(path));
    }
    #[cfg(unix)]
    if let Ok(metadata) = fs::metadata(path) {
        use std::os::unix::fs::MetadataExt;
        return Identity::Inode(metadata.dev(), metadata.ino());
    }
    Identity::Path(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
}

/// Returns a URL without the spellings that mean the same: empty and `.` segments, `..`, and a scheme and host in capitals.
fn normalised(url: &Path) -> PathBuf {
    let text = url.to_string_lossy();
    let Some((scheme, rest)) = text.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut segments: Vec<&str> = vec![];
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    // Names of buckets and hosts have no capitals.
    PathBuf::from(format!("{}://{}/{}", scheme.to_lowercase(), host.to_lowercase(), segments.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_is_met_once_whatever_its_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.parquet");
        fs::write(&file, b"PAR1").expect("it is written");
        fs::create_dir(folder.path().join("below")).expect("it is made");
        let mut met = Met::default();
        assert!(met.insert(&file));
        assert!(!met.insert(&folder.path().join("./a.parquet")));
        assert!(!met.insert(&folder.path().join("below/../a.parquet")));
        #[cfg(unix)]
        {
            let link = folder.path().join("b.parquet");
            std::os::unix::fs::symlink(&file, &link).expect("it is made");
            assert!(!met.insert(&link));
            let hard = folder.path().join("c.parquet");
            fs::hard_link(&file, &hard).expect("it is made");
            assert!(!met.insert(&hard));
        }
        assert!(met.insert(&folder.path().join("missing.parquet")));
    }

    #[test]
    fn one_url_is_met_once_whatever_its_spelling() {
        let mut met = Met::default();
        assert!(met.insert(Path::new("s3://bucket/a/b.parquet")));
        for same in ["s3://bucket/a//b.parquet", "S3://bucket/./a/b.parquet", "s3://bucket/a/c/../b.parquet"] {
            assert!(!met.insert(Path::new(same)), "{same}");
        }
        assert!(met.insert(Path::new("s3://bucket/A/b.parquet")));
        assert!(met.insert(Path::new("s3://other/a/b.parquet")));
    }
}
