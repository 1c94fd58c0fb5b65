# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==2.0.0", "numba==0.68.1", "polars==2.1.0", "pyarrow==26.0.1"]
#
# [tool.tape-bench]
# constraints = ["llvmlite==0.50.0", "numpy==2.4.6", "polars-runtime-32==2.1.0"]
#
# [[tool.tape-bench.rows]]
# name = "numba hash partition"
# tasks = ["stetson_j", "moments"]
# layouts = ["shuffled"]
# ///
"""numba without a sort: each of two threads processes the objects with its half of the hashes, in its own table."""

from concurrent.futures import ThreadPoolExecutor

from _harness import THREADS, Job, serve


def start(job: Job):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    from numba import njit

    import _kernels

    pa.set_cpu_count(1)  # The threads are ours.
    columns = [job.id, job.flux, job.error, job.band]

    @njit(nogil=True)
    def number(ids, share, shares):
        """Returns the number of each row's object, or -1 for objects of the other thread, and the ids of the objects."""
        size, n = 1 << 10, 0
        keys, values = np.empty(size, np.int64), np.full(size, -1)
        objects, of_row = np.empty(size, np.int64), np.full(ids.size, -1, np.int32)
        for row in range(ids.size):
            key = ids[row]
            mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
            if np.int64((mixed >> np.uint64(32)) % np.uint64(shares)) != share:
                continue
            slot = np.int64(mixed >> np.uint64(40)) & (size - 1)
            while values[slot] >= 0 and keys[slot] != key:
                slot = (slot + 1) & (size - 1)
            if values[slot] < 0:
                keys[slot], values[slot], objects[n] = key, n, key
                n += 1
            of_row[row] = values[slot]
            if 2 * n > size:
                size *= 4
                keys, values = np.empty(size, np.int64), np.full(size, -1)
                objects = np.append(objects[:n], np.empty(size - n, np.int64))
                for i in range(n):
                    mixed = np.uint64(objects[i]) * np.uint64(0x9E3779B97F4A7C15)
                    slot = np.int64(mixed >> np.uint64(40)) & (size - 1)
                    while values[slot] >= 0:
                        slot = (slot + 1) & (size - 1)
                    keys[slot], values[slot] = objects[i], i
        return of_row, objects[:n]

    @njit(nogil=True)
    def gather(put, of_row, objects, codes, flux, error, n_bands, n_values):
        """Groups rows by a counting sort on (object, band), and computes."""
        starts = np.zeros(objects.size * n_bands + 1, np.int64)
        for row in range(of_row.size):
            if of_row[row] >= 0:
                starts[of_row[row] * n_bands + codes[row] + 1] += 1
        starts = np.cumsum(starts)
        places = starts[:-1].copy()
        x, e = np.empty(starts[-1]), np.empty(starts[-1])
        for row in range(of_row.size):
            if of_row[row] >= 0:
                curve = of_row[row] * n_bands + codes[row]
                x[places[curve]], e[places[curve]] = flux[row], error[row]
                places[curve] += 1
        curves = np.flatnonzero(np.diff(starts))
        out = np.empty((n_values, curves.size)).T
        for i, curve in enumerate(curves):
            put(x[starts[curve] : starts[curve + 1]], e[starts[curve] : starts[curve + 1]], out[i])
        return objects[curves // n_bands], (curves % n_bands).astype(np.uint32), out

    def read(path: str) -> pa.Table:
        return pq.ParquetFile(path, read_dictionary=[job.band]).read(columns, use_threads=False)

    def run() -> pa.Table:
        table = pa.concat_tables(pool.map(read, job.files)).unify_dictionaries().combine_chunks()
        band = table[job.band].chunk(0)
        ids, flux, error = (table[name].to_numpy() for name in columns[:3])
        codes, n_bands = band.indices.to_numpy(), len(band.dictionary)

        def run_share(share: int) -> pa.Table:
            of_row, objects = number(ids, share, THREADS)
            put = _kernels.PUT[job.task]
            ids_, codes_, out = gather(put, of_row, objects, codes, flux, error, n_bands, len(job.values))
            bands = pa.DictionaryArray.from_arrays(codes_, band.dictionary)
            return pa.table([ids_, bands, *out.T], names=[job.id, job.band, *job.values])

        return pa.concat_tables(pool.map(run_share, range(THREADS)))

    pool = ThreadPoolExecutor(THREADS)
    return run


serve(start)
