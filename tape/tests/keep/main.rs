//! Tests of frames, saved ensembles and workers.

mod frames;
mod join;
mod lazy;
mod saved;
mod workers;

use std::path::{Path, PathBuf};

use tape::Ensemble;
use tape::arrow::array::RecordBatch;
use tape::simulate::{Simulation, SurveyLayout as Layout};
use tempfile::TempDir;

/// A folder with a survey in it.
struct Place(TempDir);

impl Place {
    fn new(objects: u64, layout: Layout) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let simulation = Simulation { objects, files: 3, layout, ..Default::default() };
        simulation.write(&folder.path().join("survey")).expect("it is written");
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn ensemble(&self) -> Ensemble {
        Ensemble::open(self.path("survey")).expect("it is a survey")
    }

    /// Returns the path of one of the survey's files.
    fn file(&self) -> PathBuf {
        self.path("survey/part-000.parquet")
    }

    /// Changes the modification time of a file of the survey.
    fn touch(&self) {
        let file = std::fs::File::options().append(true).open(self.file()).expect("it is there");
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("its time is set");
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn compute(ensemble: &Ensemble, names: &[&str]) -> RecordBatch {
    ensemble.batch_named(names).expect("known").compute().expect("it runs")
}
