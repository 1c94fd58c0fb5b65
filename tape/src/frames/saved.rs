//! A saved ensemble: a folder with its description and its frames.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use tape_io::internal::{FileSeal, WholeFolder, recover, sync_folder, write_whole};
use tape_io::{TableOptions, TableWriter};

use super::description::{Changed, description, open};
use super::frame::{Content, Frame, Made};
use super::{Frames, check_label};
use crate::ensemble::Ensemble;
use crate::error::{Error, FrameError};
use crate::job::sealed::{Malformed, seal, unseal};
use crate::query::Provenance;

const DESCRIPTION: &str = "ensemble.json";
const FRAMES: &str = "frames";

/// The content of the description file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: String,
    ensemble: Provenance,
    frames: Vec<WrittenFrame>,
    dropped: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFrame {
    label: String,
    made: Made,
    origins: Vec<Provenance>,
    keys: Vec<String>,
    rows: u64,
    columns: Vec<String>,
    bytes: u64,
    checksum: u32,
}

/// The description of a saved ensemble, without its survey and the tables of its frames.
#[derive(Debug)]
pub struct Saved {
    pub(super) folder: PathBuf,
    pub(super) description: Provenance,
    pub(super) frames: Frames,
}

impl Saved {
    /// Opens the saved ensemble in a folder. Only its description is read, so the inputs do not need to exist.
    ///
    /// # Errors
    /// If there is no saved ensemble, or its description is damaged.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        Self::open_if_there(folder)?.ok_or_else(|| FrameError::NotSaved { folder: folder.to_owned() }.into())
    }

    /// Like [`Saved::open`], but returns `None` if there is none.
    pub(super) fn open_if_there(folder: &Path) -> Result<Option<Self>, Error> {
        // Frames are read later, when the working directory may be another.
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        recover(&folder)?;
        let path = folder.join(DESCRIPTION);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(source) => return Err(tape_io::Error::Io { path, action: "read the file", source }.into()),
        };
        let damaged = |error: Malformed| FrameError::Damaged { path: path.clone(), reason: error.reason };
        let Written { ensemble, frames, dropped, .. } = unseal(&bytes).map_err(damaged)?;
        ensemble.query.check().map_err(|reason| damaged(Malformed::new(reason)))?;
        let mut all = Frames { all: vec![], dropped };
        for frame in frames {
            let label = frame.label.clone();
            if check_label(&label).is_err() || all.taken(&label).is_some() {
                return Err(damaged(Malformed::new(format!("no frame can be called '{label}', or two are"))).into());
            }
            all.all.push((label, frame.opened(&folder)));
        }
        Ok(Some(Self { folder, description: ensemble, frames: all }))
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the frames, whose tables are not read yet.
    #[must_use]
    pub const fn frames(&self) -> &Frames {
        &self.frames
    }

    /// Drops a frame of the saved ensemble in a folder.
    ///
    /// # Errors
    /// As [`Saved::open`] and [`Frames::drop_frame`], and if the folder cannot be written to.
    pub fn drop_frame(folder: impl AsRef<Path>, label: &str) -> Result<(), Error> {
        let turn = turn(folder.as_ref());
        let Self { folder, description, mut frames } = Self::open(folder)?;
        frames.drop_frame(label)?;
        check_replaceable(&folder)?;
        let done = write(WholeFolder::beside(&folder)?, description, &frames, true);
        drop(turn);
        done
    }
}

/// Writes an ensemble with its frames to a temporary folder and renames it.
pub(super) fn write(folder: WholeFolder, ensemble: Provenance, frames: &Frames, replaces: bool) -> Result<(), Error> {
    let inside = frames_in(folder.path());
    let made = fs::create_dir_all(&inside);
    made.map_err(|source| tape_io::Error::Io { path: inside.clone(), action: "make the folder", source })?;
    let all = frames.all.iter().map(|(label, frame)| WrittenFrame::write(label, frame, &inside));
    let written = Written {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ensemble,
        frames: all.collect::<Result<_, Error>>()?,
        dropped: frames.dropped.clone(),
    };
    let path = folder.path().join(DESCRIPTION);
    let bytes = seal(&written).map_err(|error| FrameError::Damaged { path: path.clone(), reason: error.reason })?;
    write_whole(&path, &bytes)?;
    sync_folder(&inside)?;
    Ok(folder.place(replaces)?)
}

impl WrittenFrame {
    fn opened(self, folder: &Path) -> Frame {
        let Self { label, made, origins, keys, rows, columns, bytes, checksum } = self;
        let path = path_of(&folder.join(FRAMES), &label);
        let content = Content::File { path, seal: FileSeal { bytes, checksum }, read: OnceLock::new() };
        Frame { made, origins, keys, rows, columns, content }
    }

    /// Writes the table of a frame into a folder, or links it if it was saved before.
    fn write(label: &str, frame: &Frame, folder: &Path) -> Result<Self, Error> {
        let path = path_of(folder, label);
        let seal = match &frame.content {
            Content::Memory(table) => {
                let options = TableOptions { unsorted: frame.made == Made::Given, ..TableOptions::default() };
                let mut writer = TableWriter::create(&path, table.schema(), options)?;
                writer.write(table)?;
                writer.finish()?;
                FileSeal::of(&path)?
            }
            // The frame that was just computed is already in the folder.
            Content::File { path: from, seal, .. } if *from == path => *seal,
            Content::File { path: from, seal, .. } => {
                // Not all file systems have hard links.
                let linked = fs::hard_link(from, &path).or_else(|_| fs::copy(from, &path).map(drop));
                linked.map_err(|source| unreadable(from, source))?;
                *seal
            }
        };
        Ok(Self {
            label: label.to_owned(),
            made: frame.made,
            origins: frame.origins.clone(),
            keys: frame.keys.clone(),
            rows: frame.rows,
            columns: frame.columns.clone(),
            bytes: seal.bytes,
            checksum: seal.checksum,
        })
    }
}

impl Ensemble {
    /// Saves this ensemble with its frames in a folder: the query, the names, sizes and modification times of its
    /// inputs, and the frames with their provenance. An existing saved ensemble is replaced atomically. A folder with
    /// other content is never replaced.
    ///
    /// # Errors
    /// If the folder holds something else, if it cannot be written to, or if a frame cannot be read.
    pub fn save(&self, folder: impl AsRef<Path>, frames: &Frames) -> Result<(), Error> {
        let folder = std::path::absolute(folder.as_ref()).unwrap_or_else(|_| folder.as_ref().to_owned());
        let ensemble = description(self)?;
        let turn = turn(&folder);
        let replaces = check_replaceable(&folder)?;
        let done = write(WholeFolder::beside(&folder)?, ensemble, frames, replaces);
        drop(turn);
        done
    }

    /// Opens a saved ensemble: the survey with its query, and its frames. Only footers are read; frames are read on
    /// demand.
    ///
    /// # Errors
    /// If there is no saved ensemble, it is damaged, or an input is missing or changed: see
    /// [`Ensemble::open_saved_with`].
    pub fn open_saved(folder: impl AsRef<Path>) -> Result<(Self, Frames), Error> {
        Self::open_saved_with(folder, Changed::Refuse)
    }

    /// Like [`Ensemble::open_saved`], with a choice for inputs that have changed.
    ///
    /// # Errors
    /// See [`Ensemble::open_saved`].
    pub fn open_saved_with(folder: impl AsRef<Path>, changed: Changed) -> Result<(Self, Frames), Error> {
        let Saved { folder, description, frames } = Saved::open(folder)?;
        Ok((open(&description, &folder, changed)?, frames))
    }
}

/// Returns the path of a frame's file.
pub(super) fn path_of(folder: &Path, label: &str) -> PathBuf {
    folder.join(format!("{label}.parquet"))
}

/// Returns the folder of frames in that of an ensemble.
pub(super) fn frames_in(folder: &Path) -> PathBuf {
    folder.join(FRAMES)
}

/// Returns true if the folder has a saved ensemble, which may be replaced, or an error if it has other content.
pub(super) fn check_replaceable(folder: &Path) -> Result<bool, Error> {
    recover(folder)?;
    let occupied = |what: String| Err(FrameError::Occupied { folder: folder.to_owned(), what }.into());
    let names = match list(folder) {
        Ok(names) => names,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) if error.kind() == ErrorKind::NotADirectory => return occupied("is a file".to_owned()),
        Err(source) => return Err(unreadable(folder, source)),
    };
    if names.is_empty() {
        return Ok(false);
    }
    let Some(saved) = Saved::open_if_there(folder)? else { return occupied(format!("contains '{}'", names[0])) };
    let is_own = |name: &String| name == DESCRIPTION || name == FRAMES;
    if let Some(other) = names.iter().find(|name| !is_own(name)) {
        return occupied(format!("contains '{other}'"));
    }
    let inside = frames_in(folder);
    let is_frame = |name: &String| saved.frames.all.iter().any(|(label, _)| *name == format!("{label}.parquet"));
    match list(&inside) {
        Ok(names) => match names.iter().find(|name| !is_frame(name)) {
            Some(other) => occupied(format!("contains '{FRAMES}/{other}'")),
            None => Ok(true),
        },
        Err(source) => Err(unreadable(&inside, source)),
    }
}

fn list(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = vec![];
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn unreadable(path: &Path, source: io::Error) -> Error {
    tape_io::Error::Io { path: path.to_owned(), action: "read it", source }.into()
}

/// Locks the parent folder, so that only one process at a time changes saved ensembles in it. The lock is held until
/// the file is dropped. On file systems without locks, the last writer wins.
pub(super) fn turn(folder: &Path) -> Option<File> {
    let around = folder.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(around).ok().filter(|around| around.lock().is_ok())
}

#[cfg(test)]
mod tests;
