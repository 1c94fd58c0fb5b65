//! The location of light curves in partitions, and the evidence for it.

use std::fmt;

use tape_core::{Columns, IdRange, LeftOut, ObjectId, Observer, Partition, Piece, Rows, Source, Step};

use crate::compute::Job;
use crate::error::{Error, Result};
use crate::plan::config::Config;

/// The source of information about a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evidence {
    /// There is one partition, so nothing can be cut.
    OnePartition,
    /// The smallest and largest id of each row group, according to its footer.
    Statistics,
    /// The rows are declared to be sorted by id.
    DeclaredSorting,
    /// All ids were read.
    Scan,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnePartition => "there is only one partition",
            Self::Statistics => "id statistics of the row groups",
            Self::DeclaredSorting => "declared sorting and id statistics of the row groups",
            Self::Scan => "a scan of all ids",
        })
    }
}

/// The ways in which partitions may split light curves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cohesion {
    /// No light curve is in two partitions.
    Cohesive,
    /// Partitions are in order of id, and light curves cross some of the edges between them.
    CutAtEdges {
        /// The number of such edges, or `None` if partitions have edges inside row groups, which footers do not
        /// describe.
        edges: Option<usize>,
        /// The first object that is cut, and the two partitions that hold it, if known.
        first: Option<(ObjectId, usize, usize)>,
    },
    /// Partitions share ranges of ids. The rows of an object may be in any of them.
    Overlapping,
    /// The footers lack the information.
    Unknown {
        /// The missing information.
        why: String,
    },
}

/// Partitions, in order of id if the order is known, and the information about them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layout {
    /// The partitions.
    pub partitions: Vec<Partition>,
    /// The range of ids of each partition, if known.
    pub ids: Vec<Option<IdRange>>,
    /// The way in which partitions may split light curves.
    pub cohesion: Cohesion,
    /// The source of this information.
    pub evidence: Evidence,
    /// `Some(true)` if rows are known to be sorted by id within each partition, and `None` if it is not known.
    pub sorted: Option<bool>,
}

impl Layout {
    /// Determines the layout of `partitions` from the footers of a source, and sorts them by id.
    #[must_use]
    pub fn from_footers(source: &dyn Source, partitions: Vec<Partition>) -> Self {
        let groups = source.row_groups();
        let partitions: Vec<Partition> = partitions.into_iter().filter(|p| p.rows() > 0).collect();
        let declared = groups.iter().filter(|group| group.rows > 0).all(|group| group.sorted);
        let sorted = declared.then_some(true);
        let ids: Vec<_> = partitions.iter().map(|partition| claimed(source, partition)).collect();
        if partitions.len() <= 1 {
            return Self { partitions, ids, cohesion: Cohesion::Cohesive, evidence: Evidence::OnePartition, sorted };
        }
        let missing = partitions.iter().zip(&ids).find(|(_, ids)| ids.is_none());
        if let Some((partition, _)) = missing {
            let place = source.describe(partition.pieces[0].row_group);
            let cohesion = Cohesion::Unknown { why: format!("{place} has no statistics of ids") };
            return Self { partitions, ids, cohesion, evidence: Evidence::Statistics, sorted };
        }
        if partitions.iter().any(|partition| cuts_row_group(source, partition)) {
            return Self::of_cut_row_groups(partitions, ids, declared);
        }
        Self::judge(partitions, ids, Evidence::Statistics, sorted)
    }

    /// Determines the layout of partitions with edges inside row groups. Footers have no ids at those edges, but may
    /// declare that rows are sorted.
    fn of_cut_row_groups(partitions: Vec<Partition>, ids: Vec<Option<IdRange>>, declared: bool) -> Self {
        let in_order = ids.windows(2).all(|pair| match pair {
            [Some(a), Some(b)] => a.min <= b.min && a.max <= b.max,
            _ => false,
        });
        let (cohesion, evidence) = if declared && in_order {
            (Cohesion::CutAtEdges { edges: None, first: None }, Evidence::DeclaredSorting)
        } else {
            let why = "partitions end inside row groups, and the footers do not declare rows sorted by id".to_owned();
            (Cohesion::Unknown { why }, Evidence::Statistics)
        };
        Self { partitions, ids, cohesion, evidence, sorted: declared.then_some(true) }
    }

    /// Determines the layout from the range of ids of each partition, and sorts the partitions.
    fn judge(partitions: Vec<Partition>, ids: Vec<Option<IdRange>>, evidence: Evidence, sorted: Option<bool>) -> Self {
        let mut both: Vec<_> = partitions.into_iter().zip(ids).collect();
        // A stable sort: pieces of one object keep the order of the files.
        both.sort_by(|(_, a), (_, b)| {
            let key = |ids: &Option<IdRange>| ids.as_ref().map(|ids| (ids.min.clone(), ids.max.clone()));
            key(a).cmp(&key(b))
        });
        let (partitions, ids): (Vec<_>, Vec<_>) = both.into_iter().unzip();
        let mut cohesion = Cohesion::Cohesive;
        let known: Vec<_> = ids.iter().enumerate().filter_map(|(i, ids)| ids.as_ref().map(|ids| (i, ids))).collect();
        for pair in known.windows(2) {
            let [(before, a), (after, b)] = pair else { continue };
            if a.max > b.min || (a.max == b.min && !(a.exact && b.exact)) {
                cohesion = Cohesion::Overlapping;
                break;
            }
            if a.max == b.min {
                cohesion = match cohesion {
                    Cohesion::CutAtEdges { edges, first } => {
                        Cohesion::CutAtEdges { edges: edges.map(|n| n + 1), first }
                    }
                    _ => Cohesion::CutAtEdges { edges: Some(1), first: Some((b.min.clone(), *before, *after)) },
                };
            }
        }
        Self { partitions, ids, cohesion, evidence, sorted }
    }

    /// Determines the layout of `partitions` by reading all ids. Other `columns` can be read in the same pass, such as
    /// bands to learn their labels.
    ///
    /// # Errors
    /// If a file cannot be read, or the observer requests a stop.
    pub fn from_scan(
        source: &dyn Source,
        partitions: Vec<Partition>,
        columns: Columns,
        workers: usize,
        observer: &dyn Observer,
    ) -> Result<Scan> {
        Self::scanned(source, partitions, columns, &Config { workers, ..Config::default() }, observer)
    }

    /// Like [`Layout::from_scan`], with the threads of a run.
    pub(crate) fn scanned(
        source: &dyn Source,
        partitions: Vec<Partition>,
        columns: Columns,
        config: &Config,
        observer: &dyn Observer,
    ) -> Result<Scan> {
        let job = Job { reads_for: Step::Scan, ..config.job(source, &[], observer) };
        job.ahead(Step::Scan, rows_of(&partitions));
        let mut scanned = Vec::new();
        let scan = |(): &mut (), i: usize| scan_one(&job, &partitions[i], columns);
        job.executor.in_order(
            partitions.len(),
            || (),
            scan,
            |one| {
                scanned.push(one);
                Ok(())
            },
        )?;
        let sorted = scanned.iter().all(|one| one.sorted);
        let objects = sorted.then(|| scanned.iter().map(|one| one.runs).sum::<u64>());
        let null_ids = scanned.iter().map(|one| one.left_out.null_id).sum();
        let no_epoch = scanned.iter().map(|one| one.left_out.no_epoch).sum();
        let ids = scanned.into_iter().map(|one| one.ids).collect();
        let mut layout = Self::judge(partitions, ids, Evidence::Scan, Some(sorted));
        if layout.partitions.len() == 1 {
            layout.evidence = Evidence::OnePartition;
        }
        // An object that is cut at k edges was counted k + 1 times.
        let objects = match (&layout.cohesion, objects) {
            (Cohesion::Cohesive, Some(runs)) => Some(runs),
            (Cohesion::CutAtEdges { edges: Some(edges), .. }, Some(runs)) => runs.checked_sub(*edges as u64),
            _ => None,
        };
        Ok(Scan { layout, objects, null_ids, no_epoch })
    }
}

/// The result of a scan of all ids.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scan {
    /// The layout of the partitions.
    pub layout: Layout,
    /// The number of objects, or `None` if rows are not sorted by id.
    pub objects: Option<u64>,
    /// Rows with a null id.
    pub null_ids: u64,
    /// Light curves in lists that are null or empty.
    pub no_epoch: u64,
}

struct Scanned {
    ids: Option<IdRange>,
    sorted: bool,
    runs: u64,
    left_out: LeftOut,
}

fn scan_one(job: &Job<'_>, partition: &Partition, columns: Columns) -> Result<Scanned> {
    let id_type = job.source.id_type();
    let mut reader = job.source.read(partition, columns).map_err(Error::Source)?;
    let mut rows = Rows::new(id_type);
    let mut out = Scanned { ids: None, sorted: true, runs: 0, left_out: LeftOut::default() };
    let mut last: Option<ObjectId> = None;
    while job.read(reader.as_mut(), &mut rows, &mut out.left_out)? > 0 {
        let ids = || (0..rows.len()).map(|row| rows.ids.get(row));
        if let Some((min, max)) = ids().min().zip(ids().max()) {
            let range = IdRange { min: min.to_owned(id_type), max: max.to_owned(id_type), exact: true };
            let first = rows.ids.get(0).to_owned(id_type);
            out.runs += u64::from(last.as_ref() != Some(&first));
            out.runs += ids().zip(ids().skip(1)).filter(|(a, b)| a != b).count() as u64;
            out.sorted &= ids().is_sorted() && last.as_ref().is_none_or(|last| *last <= first);
            last = Some(rows.ids.get(rows.len() - 1).to_owned(id_type));
            out.ids = Some(match out.ids.take() {
                Some(before) => before.union(range),
                None => range,
            });
        }
        rows.clear();
    }
    Ok(out)
}

/// Adds up the rows of all partitions without overflow, because footers may claim any number.
pub(crate) fn rows_of(partitions: &[Partition]) -> u64 {
    partitions.iter().map(Partition::rows).fold(0, u64::saturating_add)
}

/// Returns the range of ids that footers claim for a partition.
fn claimed(source: &dyn Source, partition: &Partition) -> Option<IdRange> {
    let of = |piece: &Piece| {
        let mut range = source.row_groups()[piece.row_group].ids.clone()?;
        range.exact &= is_whole(source, piece) || range.min == range.max;
        Some(range)
    };
    let mut ranges = partition.pieces.iter().map(of);
    let first = ranges.next()??;
    ranges.try_fold(first, |range, next| Some(range.union(next?)))
}

fn is_whole(source: &dyn Source, piece: &Piece) -> bool {
    piece.rows == (0..source.row_groups()[piece.row_group].rows)
}

fn cuts_row_group(source: &dyn Source, partition: &Partition) -> bool {
    partition.pieces.iter().any(|piece| !is_whole(source, piece))
}
