# /// script
# requires-python = ">=3.11"
# dependencies = ["light-curve==0.13.3", "polars==2.1.0", "pyarrow==26.0.1"]
#
# [tool.tape-bench]
# constraints = ["numpy==2.4.6", "polars-runtime-32==2.1.0"]
#
# [[tool.tape-bench.rows]]
# name = "light-curve"
# tasks = ["moments", "indices"]
# layouts = ["sorted", "shuffled"]
# sizes = ["s82", "small", "medium", "large"]
# targets = [{ task = "indices", layout = "sorted", least = 2.0 }]
# ///
"""The light-curve package. It has neither grouping nor Stetson J, so polars groups, and its extractor computes.

Light curves are passed without a copy, as Arrow lists of structs.
"""

from _harness import THREADS, Job, serve


def moments():
    import light_curve as lc

    columns = {
        "n_obs": lc.ObservationCount(),
        "mean": lc.Mean(),
        "standard_deviation": lc.StandardDeviation(),
        "weighted_mean": lc.WeightedMean(),
    }
    return list(columns), lc.Extractor(*columns.values())


def indices():
    import light_curve as lc

    # Without PeakToPeakVar, which is implemented in Python and would slow down the loop in Rust.
    plain = [
        *(lc.Amplitude, lc.AndersonDarlingNormal, lc.Cusum, lc.Duration, lc.Eta, lc.EtaE, lc.ExcessVariance),
        *(lc.Kurtosis, lc.LinearFit, lc.LinearTrend, lc.MaximumSlope, lc.MaximumTimeInterval, lc.Mean),
        *(lc.MeanVariance, lc.Median, lc.MedianAbsoluteDeviation, lc.MinimumTimeInterval, lc.ObservationCount),
        *(lc.OtsuSplit, lc.PercentAmplitude, lc.ReducedChi2, lc.Roms, lc.Skew),
        *(lc.StandardDeviation, lc.StetsonK, lc.TimeMean, lc.TimeStandardDeviation, lc.WeightedMean),
    ]
    features = [
        *(feature() for feature in plain),
        *(lc.BeyondNStd(nstd=1.0), lc.BeyondNStd(nstd=2.0)),
        *(lc.InterPercentileRange(quantile=0.1), lc.InterPercentileRange(quantile=0.25)),
        lc.MagnitudePercentageRatio(quantile_numerator=0.4, quantile_denominator=0.05),
        lc.MedianBufferRangePercentage(quantile=0.1),
        lc.PercentDifferenceMagnitudePercentile(quantile=0.05),
    ]
    ours = {"chi2": "reduced_chi2", "stetson_K": "stetson_k"}
    return [ours.get(name, name) for feature in features for name in feature.names], lc.Extractor(*features)


def start(job: Job):
    import polars as pl

    names, extractor = {"moments": moments, "indices": indices}[job.task]()
    # The package requires times in order. Moments do not use them, and indices are computed on sorted surveys.
    roles = {"t": job.time, "m": job.flux, "sigma": job.error}
    query = pl.scan_parquet(job.files).group_by(job.id, job.band).agg(epochs=pl.struct(job.time, job.flux, job.error))

    def run() -> pl.DataFrame:
        frame = query.collect()
        values = extractor.many(
            frame["epochs"], arrow_fields=roles, fill_value=float("nan"), sorted=True, check=False, n_jobs=THREADS
        )
        return frame.select(job.id, job.band).with_columns(**dict(zip(names, values.T, strict=True)))

    return run


serve(start, lambda frame, _: frame.to_arrow())
