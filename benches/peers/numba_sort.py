# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==2.0.0", "numba==0.68.1", "polars==2.1.0", "pyarrow==26.0.1"]
#
# [tool.tape-bench]
# constraints = ["llvmlite==0.50.0", "numpy==2.4.6", "polars-runtime-32==2.1.0"]
#
# [[tool.tape-bench.rows]]
# name = "polars sort, numba"
# tasks = ["stetson_j", "moments"]
# layouts = ["shuffled"]
# targets = [{ task = "stetson_j", layout = "shuffled", least = 1.8 }]
# ///
"""polars sorts by id, four times as fast as by id and band. numba separates bands and computes, on two threads."""

from concurrent.futures import ThreadPoolExecutor

from _harness import THREADS, Job, serve


def start(job: Job):
    import numpy as np
    import polars as pl

    import _kernels

    band = pl.col(job.band).cast(pl.Categorical)
    query = pl.scan_parquet(job.files).select(job.id, band, job.flux, job.error).sort(job.id)

    def run() -> pl.DataFrame:
        frame = query.collect()
        codes = frame[job.band].to_physical()
        ids, codes, flux, error = (c.to_numpy() for c in (frame[job.id], codes, frame[job.flux], frame[job.error]))
        n_bands = int(codes.max()) + 1
        # Rows of each thread, which start at the first row of an object.
        shares = [np.searchsorted(ids, ids[len(ids) * i // THREADS]) for i in range(THREADS)] + [len(ids)]

        def run_share(begin: int, end: int) -> pl.DataFrame:
            columns = (column[begin:end] for column in (ids, codes, flux, error))
            out = _kernels.light_curves(_kernels.PUT[job.task], *columns, n_bands, len(job.values))
            bands = pl.Series(out[1]).cat.to(pl.Categorical)
            return pl.DataFrame({job.id: out[0], job.band: bands, **dict(zip(job.values, out[2]))})

        return pl.concat(pool.map(run_share, shares[:-1], shares[1:]))

    pool = ThreadPoolExecutor(THREADS)
    return run


serve(start, lambda frame, job: frame.with_columns(frame[job.band].cast(str)).to_arrow())
