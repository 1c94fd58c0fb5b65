# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==2.0.0", "numba==0.68.1", "polars==2.1.0", "pyarrow==26.0.1"]
#
# [tool.tape-bench]
# constraints = ["llvmlite==0.50.0", "numpy==2.4.6", "polars-runtime-32==2.1.0"]
#
# [[tool.tape-bench.rows]]
# name = "DuckDB"
# tasks = ["moments"]
# layouts = ["sorted", "shuffled"]
# targets = [
#     { task = "moments", layout = "sorted", least = 1.0 },
#     { task = "moments", layout = "shuffled", least = 1.0 },
# ]
# ///
"""DuckDB: one query, which its planner distributes over files and threads."""

from _harness import THREADS, Job, serve


def start(job: Job):
    import duckdb

    connection = duckdb.connect(config={"threads": THREADS})
    weighted = f"sum({job.flux} / ({job.error} * {job.error})) / sum(1 / ({job.error} * {job.error}))"
    query = f"""
        SELECT {job.id}, {job.band}, count(*) AS n_obs, avg({job.flux}) AS mean,
               stddev_samp({job.flux}) AS standard_deviation, {weighted} AS weighted_mean
        FROM read_parquet(?) GROUP BY {job.id}, {job.band}
    """
    return lambda: connection.sql(query, params=[job.files]).to_arrow_table()


serve(start)
