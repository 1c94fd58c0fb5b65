//! `file:` URLs. They also write down paths that are not Unicode, with escapes.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

const SCHEME: &str = "file://";
/// Characters to escape in a path.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'=');

/// Returns true for a `file:` URL.
pub(crate) fn is_local_url(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.starts_with(SCHEME))
}

/// Returns the path of a `file:` URL, with its escapes decoded, and any other path as it is.
pub(crate) fn local_path(path: &Path) -> Cow<'_, Path> {
    let Some(rest) = path.to_str().and_then(|text| text.strip_prefix(SCHEME)) else { return path.into() };
    let rest = rest.strip_prefix("localhost").filter(|path| path.starts_with('/')).unwrap_or(rest);
    let written = Path::new(rest);
    // A path with a percent sign in its name that was only prefixed is taken as it is.
    if written.exists() { written.into() } else { from_bytes(percent_decode_str(rest).collect()).into() }
}

/// Returns a path as Unicode text, a `file:` URL if it must be.
#[must_use]
pub fn text_of_path(path: &Path) -> String {
    match path.to_str() {
        Some(text) => text.to_owned(),
        None => format!("{SCHEME}{}", percent_encode(path.as_os_str().as_encoded_bytes(), ESCAPED)),
    }
}

#[cfg(unix)]
fn from_bytes(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn from_bytes(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded() {
        for (url, path) in [
            ("file:///a%20b/c.parquet", "/a b/c.parquet"),
            ("file://localhost/a.parquet", "/a.parquet"),
            ("file:///caf%C3%A9", "/café"),
            ("/a%20b", "/a%20b"),
        ] {
            assert_eq!(local_path(Path::new(url)), Path::new(path));
        }
    }

    #[cfg(unix)]
    #[test]
    fn any_path_comes_back_from_text() {
        use std::os::unix::ffi::OsStrExt;
        for bytes in [&b"/a b%20/c=d.parquet"[..], b"/caf\xe9/x%.parquet"] {
            let path = Path::new(std::ffi::OsStr::from_bytes(bytes));
            assert_eq!(local_path(Path::new(&text_of_path(path))), path);
        }
    }
}
