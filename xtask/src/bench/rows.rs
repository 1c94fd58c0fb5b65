//! The rows of the benchmark: each row of the table is one entry of [`ROWS`].

use super::workload::{Compression, Layout};

/// Number of threads of every run, including the floor.
pub(super) const WORKERS: &str = "2";

/// A row of the benchmark.
#[derive(Debug)]
pub(super) struct Row {
    /// Name in the table.
    pub(super) name: &'static str,
    /// The program to run.
    pub(super) run: Run,
    /// Layout of the files to read.
    pub(super) layout: Layout,
    /// Targets to meet.
    pub(super) targets: &'static [Target],
}

/// The program to run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Run {
    /// `tape-floor`, which only decodes the columns.
    Floor,
    /// `tape batch` with a plan.
    Batch {
        /// Name of the plan, as for `--plan`.
        plan: &'static str,
    },
}

/// A target of a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// Largest ratio of the CPU time to that of another row on the same survey.
    Cpu {
        /// Name of the other row.
        of: &'static str,
        /// Largest ratio with zstd.
        zstd: f64,
        /// Largest ratio without compression, where decoding takes less of the time.
        none: f64,
    },
    /// Largest peak memory on the large survey, in MB.
    LargePeakMb(f64),
}

impl Target {
    /// Returns the largest ratio of CPU times.
    pub(super) const fn most_cpu(zstd: f64, none: f64, compression: Compression) -> f64 {
        match compression {
            Compression::Zstd => zstd,
            Compression::None => none,
        }
    }
}

/// All rows. Each comes after the rows that it is compared with.
pub(super) const ROWS: &[Row] = &[
    Row { name: "floor sorted", run: Run::Floor, layout: Layout::Sorted, targets: &[] },
    Row { name: "floor split", run: Run::Floor, layout: Layout::SortedSplit, targets: &[] },
    Row { name: "floor shuffled", run: Run::Floor, layout: Layout::Shuffled, targets: &[] },
    Row {
        name: "map",
        run: Run::Batch { plan: "map" },
        layout: Layout::Sorted,
        targets: &[Target::Cpu { of: "floor sorted", zstd: 1.5, none: 2.0 }, Target::LargePeakMb(300.0)],
    },
    Row {
        name: "stitch",
        run: Run::Batch { plan: "stitch" },
        layout: Layout::SortedSplit,
        targets: &[Target::Cpu { of: "map", zstd: 1.10, none: 1.10 }],
    },
    Row {
        name: "nested",
        run: Run::Batch { plan: "map" },
        layout: Layout::Nested,
        targets: &[Target::Cpu { of: "map", zstd: 1.3, none: 1.3 }],
    },
    Row {
        name: "shuffle",
        run: Run::Batch { plan: "shuffle" },
        layout: Layout::Shuffled,
        targets: &[Target::Cpu { of: "floor shuffled", zstd: 3.0, none: 3.0 }],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_distinct_names_and_compare_with_earlier_ones() {
        for (i, row) in ROWS.iter().enumerate() {
            assert!(ROWS[..i].iter().all(|other| other.name != row.name), "{}", row.name);
            for target in row.targets {
                if let Target::Cpu { of, .. } = target {
                    assert!(ROWS[..i].iter().any(|other| other.name == *of), "{} of {of}", row.name);
                }
            }
        }
    }
}
