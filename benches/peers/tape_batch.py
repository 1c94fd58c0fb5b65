# /// script
# requires-python = ">=3.11"
# dependencies = ["lf-tape==0.4.1", "lsdb==0.4.6", "cdshealpix==0.9.0", "numpy==2.2.6", "pandas==2.2.3", "pyarrow==19.0.1", "setuptools==65.5.0"]
#
# [tool.tape-bench]
# constraints = [
#     "aiohappyeyeballs==2.7.1", "aiohttp==3.14.5", "aiosignal==1.4.0", "annotated-types==0.8.0", "astropy==8.0.2",
#     "astropy-iers-data==0.2026.11.2.0.34.55", "attrs==26.1.0", "bokeh==3.9.2",
#     "certifi==2026.10.18", "charset-normalizer==3.5.2", "click==8.5.1", "cloudpickle==3.1.2", "contourpy==1.3.3",
#     "coverage==7.17.3", "cycler==0.12.1", "dask==2024.4.1", "dask-expr==1.0.10", "Deprecated==1.3.1",
#     "distributed==2024.4.1", "fonttools==4.68.0", "frozenlist==1.8.0", "fsspec==2026.9.0", "hats==0.5.1",
#     "idna==3.20", "importlib_metadata==10.2.0", "Jinja2==3.1.6", "jproperties==2.1.2", "kiwisolver==1.5.1",
#     "lazy-importer==0.1.0", "light-curve==0.9.6", "llvmlite==0.50.0", "locket==1.0.0", "lz4==4.4.5",
#     "MarkupSafe==3.0.4", "matplotlib==3.11.2", "mocpy==0.21.0", "msgpack==1.2.4", "multidict==7.2.1",
#     "narwhals==2.29.0", "nested-dask==0.3.0", "nested-pandas==0.3.9", "numba==0.68.1", "packaging==26.3",
#     "partd==1.4.2", "pathlib_abc==0.5.2", "pillow==13.0.0", "propcache==0.5.4", "psutil==7.2.2",
#     "pyarrow-hotfix==0.7", "pydantic==2.14.3", "pydantic_core==2.50.4", "pyerfa==2.0.1.5", "pyparsing==3.3.3",
#     "python-dateutil==4.0.0", "pytz==2026.6", "pyvo==1.9.1", "PyYAML==6.0.3", "requests==2.34.2", "scipy==1.17.1",
#     "six==1.17.0", "sortedcontainers==2.4.0", "tblib==3.2.2", "toolz==1.2.0", "tornado==6.6.1",
#     "typing-inspection==0.4.5", "typing_extensions==4.16.0", "tzdata==2026.6", "universal_pathlib==0.3.10",
#     "urllib3==2.8.0", "wrapt==2.5.2", "xyzservices==2026.9.1", "yarl==1.25.1", "zict==3.0.0", "zipp==4.1.2",
# ]
#
# [[tool.tape-bench.rows]]
# name = "TAPE map"
# tasks = ["stetson_j", "structure_function"]
# layouts = ["sorted", "shuffled"]
# sizes = ["s82", "small", "medium", "thousand"]
# targets = [
#     { task = "structure_function", layout = "sorted", least = 100.0 },
#     { task = "stetson_j", layout = "sorted", least = 250.0 },
#     { task = "stetson_j", layout = "shuffled", least = 100.0 },
# ]
#
# [[tool.tape-bench.rows]]
# name = "TAPE map, cluster"
# tasks = ["stetson_j"]
# layouts = ["sorted", "shuffled"]
# sizes = ["s82", "small", "medium"]
#
# [[tool.tape-bench.rows]]
# name = "TAPE shuffle"
# tasks = ["stetson_j"]
# layouts = ["shuffled"]
# sizes = ["s82", "small", "medium"]
# targets = [{ task = "stetson_j", layout = "shuffled", least = 100.0 }]
#
# [[tool.tape-bench.rows]]
# name = "TAPE shuffle, cluster"
# tasks = ["stetson_j"]
# layouts = ["shuffled"]
# sizes = ["s82", "small", "medium"]
# ///
"""TAPE 0.4.1: `Ensemble.batch` with and without `use_map`, for which unsorted surveys are sorted first.

It uses TAPE's own Stetson J and structure function, because a user-defined function takes minutes.
"""

from _harness import THREADS, Job, serve


def start(job: Job):
    import dask
    from dask.distributed import Client
    from tape import Ensemble
    from tape.analysis.stetsonj import calc_stetson_J
    from tape.analysis.structurefunction2 import calc_sf2

    dask.config.set(num_workers=THREADS)
    client = Client(n_workers=THREADS, threads_per_worker=1) if job.row.endswith("cluster") else False
    use_map = job.row.startswith("TAPE map")
    order = {"sorted": use_map and job.layout == "sorted", "sort": use_map and job.layout == "shuffled"}
    columns = dict(id_col=job.id, time_col=job.time, flux_col=job.flux, err_col=job.error, band_col=job.band)

    def run():
        ensemble = Ensemble(client=client)
        # An ensemble would close the workers, which all runs share.
        ensemble.cleanup_client = False
        ensemble.from_parquet(job.files, **order, **columns)
        analysis = calc_stetson_J if job.task == "stetson_j" else calc_sf2
        return ensemble.batch(analysis, use_map=use_map).compute()

    return run


def answers(frame, job: Job):
    import pandas as pd
    import pyarrow as pa

    if job.task == "structure_function":
        frame = frame.rename(columns={"lc_id": job.id, "band": job.band}).reset_index(drop=True)
        frame["bin"] = frame.groupby([job.id, job.band]).cumcount()
        return pa.Table.from_pandas(frame, preserve_index=False)
    rows = ((id, band, j) for id, by_band in frame["stetsonJ"].items() for band, j in by_band.items())
    return pa.Table.from_pandas(pd.DataFrame(rows, columns=[job.id, job.band, "stetson_j"]), preserve_index=False)


if __name__ == "__main__":  # Workers of the cluster import this file.
    serve(start, answers)
