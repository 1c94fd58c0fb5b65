# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==2.0.0", "numba==0.68.1", "polars==2.1.0", "pyarrow==26.0.1"]
#
# [tool.tape-bench]
# constraints = ["llvmlite==0.50.0", "numpy==2.4.6", "polars-runtime-32==2.1.0"]
#
# [[tool.tape-bench.rows]]
# name = "numba streaming"
# tasks = ["stetson_j", "moments"]
# layouts = ["sorted"]
# targets = [{ task = "stetson_j", layout = "sorted", least = 2.2 }]
# ///
"""numba as an expert would write it for sorted files that split no light curve: file by file, on two threads."""

from concurrent.futures import ThreadPoolExecutor

from _harness import THREADS, Job, serve


def start(job: Job):
    import pyarrow as pa
    import pyarrow.parquet as pq

    import _kernels

    pa.set_cpu_count(1)  # The threads are ours: each has a file of its own.
    columns = [job.id, job.flux, job.error, job.band]

    def run_file(path: str) -> pa.Table:
        table = pq.ParquetFile(path, read_dictionary=[job.band]).read(columns, use_threads=False)
        table = table.unify_dictionaries().combine_chunks()
        bands = table[job.band].chunk(0)
        ids, flux, error = (table[name].to_numpy() for name in columns[:3])
        ids, codes, values = _kernels.light_curves(
            _kernels.PUT[job.task], ids, bands.indices.to_numpy(), flux, error, len(bands.dictionary), len(job.values)
        )
        bands = pa.DictionaryArray.from_arrays(codes, bands.dictionary)
        return pa.table([ids, bands, *values], names=[job.id, job.band, *job.values])

    pool = ThreadPoolExecutor(THREADS)
    return lambda: pa.concat_tables(pool.map(run_file, job.files))


serve(start)
