# /// script
# requires-python = ">=3.11"
# dependencies = ["light-curve==0.13.3", "polars==2.1.0", "pyarrow==26.0.1"]
#
# [tool.tape-bench]
# constraints = ["numpy==2.4.6", "polars-runtime-32==2.1.0"]
#
# [[tool.tape-bench.rows]]
# name = "light-curve"
# tasks = ["moments"]
# layouts = ["sorted", "shuffled"]
# ///
"""The light-curve package, which has no grouping of its own and no Stetson J: polars groups, its extractor computes.

Light curves go from one to the other without a copy, as lists of structs in Arrow.
"""

from _harness import THREADS, Job, serve


def start(job: Job):
    import light_curve as lc
    import polars as pl

    features = {
        "n_obs": lc.ObservationCount(),
        "mean": lc.Mean(),
        "standard_deviation": lc.StandardDeviation(),
        "weighted_mean": lc.WeightedMean(),
    }
    extractor = lc.Extractor(*features.values())
    # The package asks for the time, which none of these features looks at, nor at its order.
    roles = {"t": job.time, "m": job.flux, "sigma": job.error}
    query = pl.scan_parquet(job.files).group_by(job.id, job.band).agg(epochs=pl.struct(job.time, job.flux, job.error))

    def run() -> pl.DataFrame:
        frame = query.collect()
        values = extractor.many(
            frame["epochs"], arrow_fields=roles, fill_value=float("nan"), sorted=True, check=False, n_jobs=THREADS
        )
        return frame.select(job.id, job.band).with_columns(**dict(zip(features, values.T, strict=True)))

    return run


serve(start, lambda frame, _: frame.to_arrow())
