# /// script
# requires-python = ">=3.11"
# dependencies = ["lsdb==0.11.1", "nested-pandas==0.7.2", "numba==0.68.1", "pyarrow==26.0.1"]
#
# [tool.tape-bench]
# constraints = [
#     "aiohappyeyeballs==2.7.1", "aiohttp==3.14.5", "aiosignal==1.4.0", "annotated-types==0.8.0", "astropy==8.0.2",
#     "astropy-iers-data==0.2026.11.2.0.34.55", "attrs==26.1.0", "bokeh==3.9.2", "cdshealpix==0.9.0", "click==8.5.1",
#     "cloudpickle==3.1.2", "contourpy==1.3.3", "dask==2026.8.0", "Deprecated==1.3.1", "distributed==2026.8.0",
#     "frozenlist==1.8.0", "fsspec==2026.9.0", "hats==0.11.1", "human-readable==2.0.3", "idna==3.20",
#     "importlib_metadata==10.2.0", "Jinja2==3.1.6", "jproperties==2.1.2", "lazy-importer==0.1.0", "llvmlite==0.50.0",
#     "locket==1.0.0", "lz4==4.4.5", "MarkupSafe==3.0.4", "mocpy==0.21.0", "msgpack==1.2.4", "multidict==7.2.1",
#     "narwhals==2.29.0", "numpy==2.4.6", "packaging==26.3", "pandas==3.1.1", "partd==1.4.2", "pathlib_abc==0.5.2",
#     "pillow==13.0.0", "propcache==0.5.4", "psutil==7.2.2", "pydantic==2.14.3", "pydantic_core==2.50.4",
#     "pyerfa==2.0.1.5", "python-dateutil==4.0.0", "PyYAML==6.0.3", "scipy==1.17.1", "six==1.17.0",
#     "sortedcontainers==2.4.0", "tabulate==0.10.0", "tblib==3.2.2", "toolz==1.2.0", "tornado==6.6.1", "tqdm==4.70.1",
#     "typing-inspection==0.4.5", "typing_extensions==4.16.0", "tzdata==2026.6", "universal_pathlib==0.3.10",
#     "wrapt==2.5.2", "xyzservices==2026.9.1", "yarl==1.25.1", "zict==3.0.0", "zipp==4.1.2",
# ]
#
# [[tool.tape-bench.rows]]
# name = "LSDB map_rows"
# tasks = ["stetson_j", "moments"]
# layouts = ["sorted"]
# sizes = ["s82", "small", "medium"]
# ///
"""LSDB maps a function over the objects of a HATS catalogue, its own format, on a local cluster.

The catalogue has one row per object with a nested light curve. It is created from the survey beforehand, so timed runs
include neither its creation nor any grouping. Our surveys have no positions, so objects are spread over the sky.
"""

from tempfile import mkdtemp

from _harness import THREADS, Job, serve


def make_catalogue(job: Job, path: str) -> None:
    import lsdb
    import nested_pandas as npd
    import numpy as np
    import pandas as pd

    flat = pd.read_parquet(job.files, columns=[job.id, job.band, job.flux, job.error])
    objects = npd.NestedFrame.from_flat(flat, base_columns=[], on=job.id, name="lc").reset_index()
    objects["ra"] = np.linspace(0, 360, len(objects), endpoint=False)
    objects["dec"] = np.degrees(np.arcsin(np.random.default_rng(1).uniform(-1, 1, len(objects))))
    parts = lsdb.from_dataframe(objects, margin_threshold=None)
    parts.write_catalog(path, catalog_name="survey", as_collection=False, overwrite=True)


def start(job: Job):
    import lsdb
    import numpy as np
    import pandas as pd
    from dask.distributed import Client

    import _kernels

    path = mkdtemp()
    make_catalogue(job, path)
    client = Client(n_workers=THREADS, threads_per_worker=1)
    put = _kernels.PUT[job.task]

    def statistics(id: int, bands: np.ndarray, flux: np.ndarray, error: np.ndarray) -> dict[str, object]:
        labels, codes = np.unique(bands.astype(str), return_inverse=True)
        out = np.empty((len(labels), len(job.values)))
        for code in range(len(labels)):
            put(flux[codes == code], error[codes == code], out[code])
        return {"id": id, "of.band": labels, **{f"of.{name}": out[:, i] for i, name in enumerate(job.values)}}

    columns = [job.id, *(f"lc.{name}" for name in (job.band, job.flux, job.error))]
    # The type of the result, inferred from one object.
    meta = lsdb.open_catalog(path).head(1).map_rows(statistics, columns=columns, row_container="args").iloc[:0]

    def run():
        catalogue = lsdb.open_catalog(path, columns=[job.id, "lc"])
        return catalogue.map_rows(statistics, columns=columns, row_container="args", meta=meta).compute()

    run.client = client  # Kept for as long as the runs are.
    return run


def answers(frame, job: Job):
    import pyarrow as pa

    return pa.Table.from_pandas(frame.set_index("id")["of"].nest.to_flat().reset_index())


if __name__ == "__main__":  # Workers of the cluster import this file.
    serve(start, answers)
