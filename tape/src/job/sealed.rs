//! JSON with a checksum, so that every changed byte is detected.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Format version of the files of jobs and saved ensembles. Files of other versions are refused.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed<T> {
    format: u32,
    /// CRC-32 of the content as serialized here.
    checksum: String,
    content: T,
}

/// The fields that all formats have.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

/// An error about the content of a file of a job or a saved ensemble.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Malformed {
    /// The problem.
    pub reason: String,
}

impl Malformed {
    pub(crate) fn new(reason: impl std::fmt::Display) -> Self {
        Self { reason: reason.to_string() }
    }
}

/// Returns the bytes of a file with this content.
pub(crate) fn seal<T: Serialize>(content: &T) -> Result<Vec<u8>, Malformed> {
    let sealed = Sealed { format: FORMAT, checksum: format!("{:08x}", digest(content)?), content };
    let mut bytes = serde_json::to_vec(&sealed).map_err(Malformed::new)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Returns a digest that identifies a content.
pub(super) fn digest<T: Serialize>(content: &T) -> Result<u32, Malformed> {
    Ok(tape_io::internal::checksum(&serde_json::to_vec(content).map_err(Malformed::new)?))
}

/// Parses the content of a file. The bytes must be exactly those that [`seal`] gives for the content.
pub(crate) fn unseal<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    let head: Head = serde_json::from_slice(bytes).map_err(Malformed::new)?;
    if head.format != FORMAT {
        let reason = format!("it is of format {}, and this version of tape knows format {FORMAT}", head.format);
        return Err(Malformed { reason });
    }
    let sealed: Sealed<T> = serde_json::from_slice(bytes).map_err(Malformed::new)?;
    if seal(&sealed.content)? == bytes {
        Ok(sealed.content)
    } else {
        Err(Malformed::new("it is not what was written: its checksum is wrong"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Content {
        name: String,
        numbers: Vec<u64>,
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let content = Content { name: "ä \"b\"".to_owned(), numbers: vec![0, 7, u64::MAX] };
        let bytes = seal(&content).expect("plain");
        assert_eq!(unseal::<Content>(&bytes), Ok(content));
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[at] ^= 1 << bit;
                assert!(unseal::<Content>(&bad).is_err(), "{}", String::from_utf8_lossy(&bad));
            }
        }
        let spaced = String::from_utf8(bytes).expect("text").replace(':', ": ");
        assert!(unseal::<Content>(spaced.as_bytes()).is_err(), "the same content in other bytes");
    }

    #[test]
    fn another_format_is_named() {
        let error = unseal::<Content>(br#"{"format":2,"more":[]}"#).expect_err("unknown");
        assert!(error.reason.contains("format 2"), "{error}");
    }
}
