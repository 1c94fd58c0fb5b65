# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==2.0.0", "numba==0.68.1", "polars==2.1.0", "pyarrow==26.0.1"]
#
# [tool.tape-bench]
# constraints = ["llvmlite==0.50.0", "numpy==2.4.6", "polars-runtime-32==2.1.0"]
#
# [[tool.tape-bench.rows]]
# name = "polars"
# tasks = ["moments"]
# layouts = ["sorted", "shuffled"]
# ///
"""polars: one lazy query for its streaming engine."""

from _harness import Job, serve


def start(job: Job):
    import polars as pl

    flux, weight = pl.col(job.flux), 1 / pl.col(job.error).pow(2)
    query = (
        pl.scan_parquet(job.files)
        .group_by(job.id, job.band)
        .agg(
            n_obs=pl.len(),
            mean=flux.mean(),
            standard_deviation=flux.std(),
            weighted_mean=(flux * weight).sum() / weight.sum(),
        )
    )
    return lambda: query.collect(engine="streaming")


serve(start, lambda frame, _: frame.to_arrow())
