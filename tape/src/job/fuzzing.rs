//! Entry points for fuzzing the files of jobs. They exist only in builds with `--cfg fuzzing`, which `cargo xtask fuzz`
//! makes, and in tests, which feed them all earlier findings.

use std::path::Path;

use tape_io::internal::BlockFile;

use super::{FailureNote, Job, Manifest, Receipt};
use crate::statistics::statistics_named;

/// Feeds a manifest: as the bytes of its file, and as content with a correct checksum.
pub fn manifest(data: &[u8]) {
    drop(Manifest::parse(data));
    let Ok(content) = serde_json::from_slice::<Manifest>(data) else { return };
    let sealed = content.to_bytes().expect("it was JSON");
    let Ok(manifest) = Manifest::parse(&sealed) else { return };
    assert_eq!(manifest.to_bytes().expect("it was JSON"), sealed, "another manifest");
    let tasks = manifest.tasks();
    let rows: u64 = tasks.partitions.iter().map(tape_core::Partition::rows).sum();
    assert_eq!(rows, manifest.rows, "rows that are in no task, or in two");
    for reduce in 0..tasks.reduces {
        assert!(tasks.buckets_of(reduce).end <= tasks.buckets, "buckets that there are not");
    }
    for &(row_group, ..) in manifest.partitions.iter().flatten() {
        assert!(manifest.place(row_group).is_some(), "a row group of no file: {}", manifest.describe(row_group));
    }
    drop(manifest.query().column_map());
    let Ok(statistics) = statistics_named(&manifest.query().statistics) else { return };
    if let Ok(job) = Job::new(Path::new("/no/such/folder"), manifest, statistics, None) {
        let status = job.status();
        assert_eq!((status.done, status.left.len()), (0, status.tasks), "tasks of a folder that is not there");
    }
}

/// Feeds a receipt or a note of a failure: as the bytes of its file, and as content with a correct checksum.
pub fn receipt(data: &[u8]) {
    drop((Receipt::parse(data), FailureNote::parse(data)));
    if let Ok(note) = serde_json::from_slice::<FailureNote>(data) {
        assert_eq!(FailureNote::parse(&note.to_bytes().expect("it was JSON")), Ok(note), "another note");
    }
    let Ok(content) = serde_json::from_slice::<Receipt>(data) else { return };
    let Ok(receipt) = Receipt::parse(&content.to_bytes().expect("it was JSON")) else { return };
    assert_eq!(receipt, content, "another receipt");
    // The output may be anything, because the receipt is untrusted.
    let output = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(output.path(), data).expect("it can be written");
    let mut written = receipt.written();
    written.bytes = data.len() as u64;
    if let Ok(file) = BlockFile::open(output.path(), written, receipt.job) {
        assert!(file.verify().is_err() || data.is_empty(), "JSON that is a file of blocks");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::manifest::tests::manifest as a_manifest;
    use super::*;

    #[test]
    fn every_input_that_is_kept_is_borne() {
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
        for (target, feed) in [("manifest", manifest as fn(&[u8])), ("receipt", receipt)] {
            let folders = ["corpus", "regressions"].map(|kind| fuzz.join(kind).join(target));
            let files = folders.into_iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten());
            let inputs: Vec<_> = files.map(|entry| fs::read(entry.expect("an entry").path()).expect("read")).collect();
            assert!(!inputs.is_empty(), "no input of {target}");
            inputs.iter().for_each(|input| feed(input));
        }
        // Some input must pass the checksum, or the code after it is not tested.
        manifest(&serde_json::to_vec(&a_manifest()).expect("JSON"));
    }
}
