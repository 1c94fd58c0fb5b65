//! What is measured: a row of the table is one entry of [`ROWS`].

use super::workload::{Compression, Layout};

/// The threads of every run, the floor's too.
pub(super) const WORKERS: &str = "2";

/// One kind of run.
#[derive(Debug)]
pub(super) struct Row {
    /// What the table calls it.
    pub(super) name: &'static str,
    /// What is started.
    pub(super) run: Run,
    /// The files that it reads.
    pub(super) layout: Layout,
    /// What it must keep to.
    pub(super) targets: &'static [Target],
}

/// What is started.
#[derive(Clone, Copy, Debug)]
pub(super) enum Run {
    /// `tape-floor`: the columns are decoded into nothing.
    Floor,
    /// `tape batch` by this plan.
    Batch {
        /// As `--plan` names it.
        plan: &'static str,
    },
}

/// What a row must keep to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// CPU time, as a multiple of that of another row on the same survey.
    Cpu {
        /// The other row.
        of: &'static str,
        /// The most it may be with zstd.
        zstd: f64,
        /// The most it may be without compression, where there is less decoding to hide behind.
        none: f64,
    },
    /// Peak memory on the large survey, in MB.
    LargePeakMb(f64),
}

impl Target {
    /// The most that CPU time may be, as a multiple of the other row's.
    pub(super) const fn most_cpu(zstd: f64, none: f64, compression: Compression) -> f64 {
        match compression {
            Compression::Zstd => zstd,
            Compression::None => none,
        }
    }
}

/// Every row, each after those that it is compared with.
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
    fn rows_have_names_of_their_own_and_compare_with_earlier_ones() {
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
