//! The map and stitch plans: each partition is computed where it is, and light curves that partition edges cut are
//! joined.

use tape_core::{Partition, Sink};

use crate::compute::Job;
use crate::compute::skipped::or_skip;
use crate::error::Result;
use crate::order::edge_stitcher::{EdgeStitcher, Edges, Totals};
use crate::plan::budget::WorkerBudget;
use crate::strategy::partition::compute;

pub(crate) fn run(
    job: &Job<'_>,
    budget: WorkerBudget,
    partitions: &[Partition],
    edges: Edges,
    sink: &mut dyn Sink,
) -> Result<Totals> {
    let mut stitcher = EdgeStitcher::new(job, partitions, edges, budget.light_curve, sink);
    let compute = |partition: &Partition, worker: &mut _| compute(worker, partition, budget, edges == Edges::Stitched);
    job.executor.in_order(
        partitions.len(),
        || job.worker(),
        |worker, i| or_skip(job, &partitions[i], |partition| compute(partition, worker)),
        |output| stitcher.take(output.partition, |write| output.results.write(job, write)),
    )?;
    stitcher.finish()
}
