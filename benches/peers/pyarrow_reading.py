# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==2.0.0", "numba==0.68.1", "polars==2.1.0", "pyarrow==26.0.1"]
#
# [tool.tape-bench]
# constraints = ["llvmlite==0.50.0", "numpy==2.4.6", "polars-runtime-32==2.1.0"]
#
# [[tool.tape-bench.rows]]
# name = "pyarrow, reading only"
# tasks = ["stetson_j"]
# layouts = ["sorted", "shuffled"]
# answers = false
# targets = [{ task = "stetson_j", layout = "sorted", least = 1.0 }]
# ///
"""pyarrow only reads the four columns that Stetson J needs. No peer that uses it can be faster."""

from concurrent.futures import ThreadPoolExecutor

from _harness import THREADS, Job, serve


def start(job: Job):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_cpu_count(1)  # The threads are ours: each has a file of its own.
    columns = [job.id, job.flux, job.error, job.band]

    def read(path: str) -> int:
        return pq.ParquetFile(path, read_dictionary=[job.band]).read(columns, use_threads=False).num_rows

    pool = ThreadPoolExecutor(THREADS)
    return lambda: sum(pool.map(read, job.files))


serve(start)
