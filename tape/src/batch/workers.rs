//! Threads, memory limit and device of runs, as a value that several ensembles can share.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::ThreadPool;
use tape_exec::Threads;
use tape_io::internal::SpillFolder;

use super::Batch;
use crate::error::Error;

/// The threads, memory limit and device of runs. Clones share the threads, which are started once. Runs of several
/// ensembles can use them at the same time. Results do not depend on the workers.
///
/// ```
/// # use tape::prelude::*;
/// # let folder = tempfile::tempdir()?;
/// # let out = folder.path().join("survey");
/// # tape::simulate::Simulation { objects: 20, files: 2, ..Default::default() }.write(&out)?;
/// # let survey = out.to_str().unwrap();
/// let workers = Workers::local(2, 2)?.memory(1 << 30, std::env::temp_dir());
/// println!("{}", workers.client_info());
/// let table = Ensemble::open(survey)?.batch(&[statistic("stetson_j")?]).on(&workers).compute()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Workers {
    workers: usize,
    threads: Threads,
    memory: Option<u64>,
    spill: Option<(PathBuf, Arc<SpillFolder>)>,
    #[cfg(feature = "gpu")]
    device: Option<crate::Device>,
}

/// Properties of [`Workers`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientInfo {
    /// Number of tasks that each run executes at the same time.
    pub workers: usize,
    /// Number of threads over all workers; 1 for [`Workers::serial`], which uses the caller's thread.
    pub threads: usize,
    /// Memory limit of each run in bytes, in addition to the program itself, or `None` for no limit.
    pub memory: Option<u64>,
    /// Folder for spilled rows.
    pub spill_dir: Option<PathBuf>,
    /// Device that computes statistics with a kernel.
    pub device: Option<String>,
}

impl Workers {
    /// Creates workers that use only the caller's thread.
    #[must_use]
    pub const fn serial() -> Self {
        Self::with(1, Threads::Caller)
    }

    /// Creates `n_workers` workers on this machine (one per core if 0), with `threads_per_worker` threads each. A
    /// worker runs its own tasks, and its other threads decode columns in parallel. The threads live as long as this
    /// value and its clones.
    ///
    /// # Errors
    /// If the system cannot start the threads.
    pub fn local(n_workers: usize, threads_per_worker: usize) -> Result<Self, Error> {
        let workers = if n_workers == 0 { tape_exec::default_workers() } else { n_workers };
        Ok(Self::with(workers, Threads::pool(workers.saturating_mul(threads_per_worker.max(1)))?))
    }

    /// Creates workers from a rayon pool, one task per thread. Other work can use the pool at the same time, and a run
    /// can be started from inside it.
    #[must_use]
    pub fn shared(pool: Arc<ThreadPool>) -> Self {
        Self::with(pool.current_num_threads(), Threads::Pool(pool))
    }

    const fn with(workers: usize, threads: Threads) -> Self {
        Self {
            workers,
            threads,
            memory: None,
            spill: None,
            #[cfg(feature = "gpu")]
            device: None,
        }
    }

    /// Limits the memory of each run to `bytes`, with a folder for spilled rows: see [`Batch::memory`]. The limit
    /// applies to each of several concurrent runs.
    #[must_use]
    pub fn memory(mut self, bytes: u64, spill_dir: impl AsRef<Path>) -> Self {
        let spill_dir = spill_dir.as_ref();
        self.memory = Some(bytes);
        self.spill = Some((spill_dir.to_owned(), Arc::new(SpillFolder::new(spill_dir))));
        self
    }

    /// Computes statistics that have a kernel on a device: see [`Batch::device`].
    #[cfg(feature = "gpu")]
    #[must_use]
    pub fn device(mut self, device: &crate::Device) -> Self {
        self.device = Some(device.clone());
        self
    }

    /// Returns the properties of the workers, which can be printed.
    #[must_use]
    pub fn client_info(&self) -> ClientInfo {
        let threads = match &self.threads {
            Threads::Pool(pool) => pool.current_num_threads(),
            Threads::Own | Threads::Caller => self.workers,
        };
        #[cfg(feature = "gpu")]
        let device = self.device.as_ref().map(|device| device.report().name);
        #[cfg(not(feature = "gpu"))]
        let device = None;
        let spill_dir = self.spill.as_ref().map(|(path, _)| path.clone());
        ClientInfo { workers: self.workers, threads, memory: self.memory, spill_dir, device }
    }
}

impl fmt::Display for ClientInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let Self { workers, threads, .. } = self;
        writeln!(f, "workers    {workers} worker{}, {threads} thread{}", plural(*workers), plural(*threads))?;
        match self.memory {
            Some(bytes) => writeln!(f, "memory     {} MiB per run", bytes >> 20)?,
            None => writeln!(f, "memory     no limit")?,
        }
        match &self.spill_dir {
            Some(path) => writeln!(f, "spill      rows that do not fit are spilled to {}", path.display())?,
            None => writeln!(f, "spill      never")?,
        }
        write!(f, "device     {}", self.device.as_deref().unwrap_or("none"))
    }
}

impl Batch {
    /// Runs the batch on these workers. Their settings replace earlier settings of workers, memory and device.
    #[must_use]
    pub fn on(mut self, workers: &Workers) -> Self {
        self.config.workers = workers.workers;
        self.config.threads = workers.threads.clone();
        if let (Some(bytes), Some((_, spill))) = (workers.memory, &workers.spill) {
            self.config.memory = Some(bytes);
            let spill: Arc<dyn tape_core::Spill> = Arc::<SpillFolder>::clone(spill);
            self.config.spill = Some(spill);
        }
        #[cfg(feature = "gpu")]
        if let Some(device) = &workers.device {
            self = self.device(device);
        }
        self
    }
}
