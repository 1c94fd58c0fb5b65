//! A temporary folder for each test, and the command run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;

/// A folder, and the command in it.
pub(crate) struct Place {
    folder: TempDir,
}

/// The output of a run.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command with these words, split at spaces.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tape"));
        command.current_dir(self.folder.path()).args(words.split_whitespace());
        command
    }

    pub(crate) fn tape(&self, words: &str) -> Said {
        Said::of(self.command(words).output().expect("the command starts"))
    }

    /// Runs a command that must succeed, and returns its output.
    pub(crate) fn ok(&self, words: &str) -> String {
        let said = self.tape(words);
        assert_eq!(said.code, Some(0), "tape {words}: {said:?}");
        said.out
    }

    /// Runs a command that must succeed, and parses its JSON output.
    pub(crate) fn json(&self, words: &str) -> serde_json::Value {
        serde_json::from_str(&self.ok(words)).expect("JSON")
    }

    /// Runs a command that must fail with exit code 1 and one message, without a panic or new files, and returns the message.
    pub(crate) fn fails(&self, words: &str) -> String {
        let before = self.listing();
        let said = self.tape(words);
        assert_eq!(said.code, Some(1), "tape {words}: {said:?}");
        assert_eq!(said.err.matches("error: ").count(), 1, "one message: {said:?}");
        assert!(!said.err.contains("panicked at"), "{said:?}");
        assert_eq!(self.listing(), before, "tape {words} left something behind");
        said.err
    }

    /// All files, with their sizes.
    pub(crate) fn listing(&self) -> Vec<(PathBuf, u64)> {
        fn walk(folder: &Path, files: &mut Vec<(PathBuf, u64)>) {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let size = entry.metadata().map_or(0, |m| m.len());
                if path.is_dir() { walk(&path, files) } else { files.push((path, size)) }
            }
        }
        let mut files = Vec::new();
        walk(self.folder.path(), &mut files);
        files.sort();
        files
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("the file is there")
    }

    /// A Parquet file of these columns.
    pub(crate) fn parquet(&self, name: &str, columns: Vec<(&str, ArrayRef)>) {
        self.parquet_with(name, columns, WriterProperties::builder().build());
    }

    pub(crate) fn parquet_with(&self, name: &str, columns: Vec<(&str, ArrayRef)>, properties: WriterProperties) {
        let batch =
            RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, Arc::clone(&a), true)));
        let batch = batch.expect("columns of one length");
        if let Some(parent) = self.path(name).parent() {
            fs::create_dir_all(parent).expect("a folder");
        }
        let file = fs::File::create(self.path(name)).expect("a file");
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
        writer.write(&batch).expect("rows are written");
        writer.close().expect("the file is closed");
    }

    /// The lines of a CSV file, without its header.
    pub(crate) fn csv(&self, name: &str) -> Vec<Vec<String>> {
        let text = String::from_utf8(self.read(name)).expect("text");
        text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }
}

impl Said {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// The lines of the blocks of a language on a page.
pub(crate) fn documented(page: &str, language: &str) -> Vec<String> {
    let blocks = page.split("```").skip(1).step_by(2);
    let lines = blocks.filter_map(|block| block.strip_prefix(&format!("{language}\n"))).flat_map(str::lines);
    lines.map(str::to_owned).collect()
}
