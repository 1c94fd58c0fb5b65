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
# name = "nested-pandas map_rows"
# tasks = ["stetson_j", "moments"]
# layouts = ["sorted", "shuffled"]
# sizes = ["s82", "small", "medium"]
#
# [[tool.tape-bench.rows]]
# name = "nested-pandas read_parquet, map_rows"
# tasks = ["stetson_j"]
# layouts = ["nested"]
# sizes = ["s82", "small", "medium"]
# targets = [{ task = "stetson_j", layout = "nested", least = 10.0 }]
# ///
"""nested-pandas packs light curves and maps a function over them, compiled if `map_rows` supports it. Light curves
that are stored as lists are read without packing."""

from _harness import Job, serve


def start(job: Job):
    return start_nested(job) if job.layout == "nested" else start_flat(job)


def start_nested(job: Job):
    import nested_pandas as npd
    import numpy as np
    import pandas as pd

    import _kernels

    roles = [f"lightcurve.{name}" for name in (job.flux, job.error, job.band)]

    def by_band(flux: np.ndarray, error: np.ndarray, band: np.ndarray) -> dict[str, list]:
        """Computes the values of one object, one for each band."""
        bands = pd.unique(band)
        values = [_kernels.stetson_j(flux[band == one], error[band == one]) for one in bands]
        return {f"of.{job.band}": list(bands), f"of.{job.values[0]}": values}

    def run() -> pd.DataFrame:
        nested = npd.read_parquet(job.files, columns=[job.id, *roles])
        values = nested.map_rows(by_band, columns=roles, row_container="args")
        return values["of"].nest.to_flat().join(nested[[job.id]])

    return run


def start_flat(job: Job):
    import nested_pandas as npd
    import numpy as np
    import pandas as pd

    import _kernels

    columns = [job.id, job.band, job.flux, job.error]

    def moments(flux: np.ndarray, error: np.ndarray) -> tuple[float, ...]:
        out = np.empty(len(job.values))
        _kernels.put_moments(flux, error, out)
        return tuple(out)

    # Compiled functions can only return one number. `map_rows` calls other functions once per light curve.
    function, njit = (_kernels.stetson_j, True) if job.task == "stetson_j" else (moments, False)

    def run() -> npd.NestedFrame:
        flat = pd.read_parquet(job.files, columns=columns)
        flat.index = flat.groupby([job.id, job.band], sort=False).ngroup()
        nested = npd.NestedFrame.from_flat(flat, base_columns=[job.id, job.band], name="lc")
        values = nested.map_rows(
            function,
            columns=[f"lc.{job.flux}", f"lc.{job.error}"],
            row_container="args",
            output_names=job.values,
            njit=njit,
        )
        return nested[[job.id, job.band]].join(values)

    return run


def answers(frame, job: Job):
    import pyarrow as pa

    return pa.Table.from_pandas(frame, preserve_index=False)


serve(start, answers)
