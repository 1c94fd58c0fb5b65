//! Formats of files, by their first bytes: what a file is that is not Parquet, and how to make Parquet of it.

use std::path::Path;

use crate::error::Error;
use crate::file::opened::open;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileFormat {
    Parquet,
    /// Parquet with an encrypted footer.
    Encrypted,
    /// Parquet that does not end as it must.
    CutParquet,
    Empty,
    Arrow,
    Feather1,
    Avro,
    Orc,
    Fits,
    VoTable,
    Xml,
    Html,
    Json,
    Ecsv,
    Csv,
    Tsv,
    Text,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Zip,
    Hdf5,
    Sqlite,
    Numpy,
    Pickle,
    LfsPointer,
    Unknown,
}

use FileFormat::{
    Arrow, Avro, Bzip2, Csv, CutParquet, Ecsv, Empty, Encrypted, Feather1, Fits, Gzip, Hdf5, Html, Json, LfsPointer,
    Numpy, Orc, Parquet, Pickle, Sqlite, Text, Tsv, Unknown, VoTable, Xml, Xz, Zip, Zstd,
};

/// Bytes at the beginning of a file that are enough to tell its format.
const HEAD: usize = 512;

/// Signatures of binary formats.
const SIGNATURES: &[(&[u8], FileFormat)] = &[
    (b"PARE", Encrypted),
    (b"ARROW1", Arrow),
    (b"\xff\xff\xff\xff", Arrow),
    (b"FEA1", Feather1),
    (b"Obj\x01", Avro),
    (b"ORC", Orc),
    (b"SIMPLE  =", Fits),
    (b"\x1f\x8b", Gzip),
    (b"\x28\xb5\x2f\xfd", Zstd),
    (b"BZh", Bzip2),
    (b"\xfd7zXZ", Xz),
    (b"PK\x03\x04", Zip),
    (b"\x89HDF", Hdf5),
    (b"SQLite format 3", Sqlite),
    (b"\x93NUMPY", Numpy),
    (b"version https://git-lfs", LfsPointer),
];

impl FileFormat {
    /// Reads the format of a file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let (file, stamp) = open(path)?;
        let read = |at: u64, most: usize| {
            let mut bytes = Vec::with_capacity(most);
            while bytes.len() < bytes.capacity() {
                let next = at + bytes.len() as u64;
                let (n, _) = file.append_at(&mut bytes, next)?;
                if n == 0 {
                    break;
                }
            }
            Ok::<_, std::io::Error>(bytes)
        };
        let unreadable = |error| Error::io(path, "read the file", error);
        let head = read(0, HEAD).map_err(unreadable)?;
        let tail = read(stamp.bytes.saturating_sub(4), 4).map_err(unreadable)?;
        Ok(Self::detect(&head, &tail))
    }

    /// Detects the format from the first bytes of a file and its last four.
    pub(crate) fn detect(head: &[u8], tail: &[u8]) -> Self {
        if head.is_empty() {
            return Empty;
        }
        if tail == b"PARE" {
            return Encrypted;
        }
        // A file that is just being written can consist of the first signature only.
        if tail == b"PAR1" && head.len() >= 8 {
            return Parquet;
        }
        if head.starts_with(b"PAR1") {
            return CutParquet;
        }
        if let Some((_, format)) = SIGNATURES.iter().find(|(signature, _)| head.starts_with(signature)) {
            return *format;
        }
        // The second byte of a pickle is the version of its protocol.
        if matches!(head, [0x80, 2..=5, ..]) {
            return Pickle;
        }
        text_format(head)
    }

    /// Says what the file is and what to do.
    pub(crate) fn advice(self, path: &Path) -> (&'static str, String) {
        let from = path.display();
        let mut to = path.with_extension("parquet");
        if to == path {
            to = path.with_extension("converted.parquet");
        }
        let to = to.display();
        let duckdb = |reader: &str| format!("duckdb -c \"COPY (FROM {reader}('{from}')) TO '{to}'\"");
        let python = |code: String| format!("python -c \"{code}\"");
        let astropy = |format: &str| {
            let read = format!("Table.read('{from}'{format})");
            python(format!("from astropy.table import Table; {read}.write('{to}')"))
        };
        let convert = |command: String| format!("convert it to Parquet first, for example with: {command}");
        match self {
            Parquet => ("a Parquet file", String::new()),
            Encrypted => {
                let read = "name.to_parquet(...)";
                ("an encrypted Parquet file", format!("decrypt it first, where you have its key ({read} in pyarrow)"))
            }
            CutParquet => (
                "a Parquet file without its end",
                "it is still being written, or was cut: wait for its writer, or copy it again".to_owned(),
            ),
            Empty => ("an empty file", "copy or write it again, or exclude it".to_owned()),
            Arrow => (
                "an Arrow (Feather) file",
                convert(python(format!(
                    "import pyarrow.feather as f, pyarrow.parquet as p; p.write_table(f.read_table('{from}'), '{to}')"
                ))),
            ),
            Feather1 => (
                "a Feather file of version 1",
                convert(python(format!("import pandas as p; p.read_feather('{from}').to_parquet('{to}')"))),
            ),
            Avro => (
                "an Avro file",
                convert(python(format!("import polars as p; p.read_avro('{from}').write_parquet('{to}')"))),
            ),
            Orc => {
                ("an ORC file", convert(python(format!("import pandas as p; p.read_orc('{from}').to_parquet('{to}')"))))
            }
            Fits => ("a FITS file", convert(astropy(""))),
            VoTable => ("a VOTable", convert(astropy(", format='votable'"))),
            Xml => ("an XML file", "convert it to Parquet first".to_owned()),
            Html => ("a web page", "download the file itself: its link gave a page".to_owned()),
            Json => ("a JSON file", convert(duckdb("read_json_auto"))),
            Ecsv => ("an ECSV file", convert(astropy(", format='ascii.ecsv'"))),
            Csv => ("a CSV file", convert(duckdb("read_csv_auto"))),
            Tsv => ("a table of tab-separated values", convert(duckdb("read_csv_auto"))),
            Text => ("a text file", convert(astropy(", format='ascii'"))),
            Gzip if is_fits(path) => ("a compressed FITS file", convert(astropy(""))),
            Gzip => ("compressed with gzip", format!("decompress it first: gunzip '{from}'")),
            Zstd => ("compressed with zstd", format!("decompress it first: zstd -d '{from}'")),
            Bzip2 => ("compressed with bzip2", format!("decompress it first: bunzip2 '{from}'")),
            Xz => ("compressed with xz", format!("decompress it first: unxz '{from}'")),
            Zip => ("a zip archive", format!("unpack it first: unzip '{from}'")),
            Hdf5 => (
                "an HDF5 file",
                convert(python(format!("import pandas as p; p.read_hdf('{from}').to_parquet('{to}')"))),
            ),
            Sqlite => ("an SQLite database", convert(duckdb("sqlite_scan"))),
            Numpy => ("a NumPy array", "write its columns as Parquet, for example with pyarrow".to_owned()),
            Pickle => (
                "a Python pickle",
                convert(python(format!("import pandas as p; p.read_pickle('{from}').to_parquet('{to}')"))),
            ),
            LfsPointer => ("a pointer of Git LFS, not the file itself", "fetch the file: git lfs pull".to_owned()),
            Unknown => ("a file of an unknown format", "convert it to Parquet first, or exclude it".to_owned()),
        }
    }
}

fn is_fits(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    [".fits.gz", ".fit.gz", ".fz"].iter().any(|ending| name.ends_with(ending))
}

/// Tells formats of text apart.
fn text_format(head: &[u8]) -> FileFormat {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    // The last character can be cut.
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or(""),
        Err(_) => return Unknown,
    };
    if text.chars().any(|letter| letter.is_control() && !letter.is_whitespace()) {
        return Unknown;
    }
    let start = text.trim_start();
    let lower = start.to_ascii_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return Html;
    }
    if lower.starts_with("<?xml") || lower.starts_with("<votable") {
        return if lower.contains("<votable") { VoTable } else { Xml };
    }
    if start.starts_with("# %ECSV") {
        return Ecsv;
    }
    if start.starts_with(['{', '[']) {
        return Json;
    }
    let first = start.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
    match (first.contains('\t'), first.contains([',', ';'])) {
        (true, _) => Tsv,
        (_, true) => Csv,
        _ if start.is_empty() => Unknown,
        _ => Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_content() {
        let cases: &[(&[u8], FileFormat)] = &[
            (b"", Empty),
            (b"PAR1 and so on, cut", CutParquet),
            (b"PARE....", Encrypted),
            (b"ARROW1\0\0", Arrow),
            (b"Obj\x01", Avro),
            (b"SIMPLE  =                    T", Fits),
            (b"\x1f\x8b\x08\0", Gzip),
            (b"id,mjd,mag\n1,2,3\n", Csv),
            (b"id;mjd\n1;2\n", Csv),
            (b"\xef\xbb\xbfid,mjd\n", Csv),
            (b"# a comment, with a comma\nid\tmjd\n", Tsv),
            (b"# %ECSV 1.0\n# ---\n", Ecsv),
            (b"id mjd mag\n1 2 3\n", Text),
            (b"{\"id\": 1}", Json),
            (b"  [{\"id\": 1}]", Json),
            (b"<!DOCTYPE html><html>", Html),
            (b"<?xml version='1.0'?>\n<VOTABLE version='1.4'>", VoTable),
            (b"<?xml version='1.0'?><a/>", Xml),
            (b"version https://git-lfs.github.com/spec/v1\noid", LfsPointer),
            (b"\x89HDF\r\n\x1a\n", Hdf5),
            (b"\x80\x04\x95", Pickle),
            (b"\x00\x01\x02\x03", Unknown),
        ];
        for (head, format) in cases {
            assert_eq!(FileFormat::detect(head, b"...."), *format, "{:?}", String::from_utf8_lossy(head));
        }
        assert_eq!(FileFormat::detect(b"PAR1....PAR1", b"PAR1"), Parquet);
        assert_eq!(FileFormat::detect(b"PAR1....PARE", b"PARE"), Encrypted);
        // A character of two bytes that the last byte read cuts.
        let mut cut = b"id,name\n1,caf\xc3\xa9".to_vec();
        cut.pop();
        assert_eq!(FileFormat::detect(&cut, b"...."), Csv);
    }
}
