# /// script
# requires-python = ">=3.11"
# dependencies = ["nifty-ls==1.1.0", "astropy==8.0.2", "scipy==1.17.1", "pyarrow==26.0.1"]
#
# [tool.tape-bench]
# constraints = [
#     "astropy-iers-data==0.2026.11.2.0.34.55", "finufft==2.5.1", "numpy==2.4.6", "packaging==26.3", "pyerfa==2.0.1.5",
#     "PyYAML==6.0.3",
# ]
#
# [[tool.tape-bench.rows]]
# name = "nifty-ls"
# tasks = ["lomb_scargle"]
# layouts = ["sorted"]
# sizes = ["thousand"]
# targets = [{ task = "lomb_scargle", layout = "sorted", least = 1.0 }]
#
# [[tool.tape-bench.rows]]
# name = "astropy, fast"
# tasks = ["lomb_scargle"]
# layouts = ["sorted"]
# sizes = ["thousand"]
# ///
"""Periodograms of one light curve after another, on our grids: nifty-ls, and astropy's own fast method.

A run finds the highest point of each grid; the peak is refined afterwards, as ours is in its run.
"""

from concurrent.futures import ThreadPoolExecutor

from _harness import THREADS, Job, serve

MINIMUM_PERIOD = 0.365
SAMPLES_PER_PEAK = 5


def grid(time):
    """The first frequency, the step and the number of steps: from one cycle in the baseline to the shortest period."""
    baseline = time[-1] - time[0]
    first, step = 1 / baseline, 1 / (SAMPLES_PER_PEAK * baseline)
    return first, step, 1 + round((1 / MINIMUM_PERIOD - first) / step)


def light_curves(job: Job):
    import numpy as np
    import pyarrow.parquet as pq

    table = pq.read_table(job.files, columns=[job.id, job.time, job.flux, job.error, job.band])
    ids = table[job.id].to_numpy()
    edges = np.flatnonzero(np.diff(ids)) + 1
    columns = [np.split(table[name].to_numpy(), edges) for name in (job.time, job.flux, job.error)]
    by_time = [np.argsort(time, kind="stable") for time in columns[0]]
    curves = [[values[order] for values in curve] for order, *curve in zip(by_time, *columns)]
    return ids[np.r_[0, edges]], table[job.band][0].as_py(), curves


def start(job: Job):
    import nifty_ls
    import numpy as np
    from astropy.timeseries import LombScargle

    def by_nifty(curve) -> float:
        first, step, number = grid(curve[0])
        last = first + (number - 1) * step
        power = nifty_ls.lombscargle(*curve, fmin=first, fmax=last, Nf=number, nthreads=1).power
        return first + step * np.argmax(power)

    def by_astropy(curve) -> float:
        first, step, number = grid(curve[0])
        frequencies = first + step * np.arange(number)
        power = LombScargle(*curve).power(frequencies, method="fast", assume_regular_frequency=True)
        return frequencies[np.argmax(power)]

    highest = by_nifty if job.row == "nifty-ls" else by_astropy

    def run():
        ids, band, curves = light_curves(job)
        with ThreadPoolExecutor(THREADS) as pool:
            return ids, band, curves, list(pool.map(highest, curves))

    return run


def answers(result, job: Job):
    import pyarrow as pa
    from astropy.timeseries import LombScargle
    from scipy.optimize import minimize_scalar

    ids, band, curves, frequencies = result
    periods, powers = [], []
    for curve, frequency in zip(curves, frequencies):
        step = grid(curve[0])[1]
        exact = LombScargle(*curve)
        bounds = (frequency - step, frequency + step)
        peak = minimize_scalar(
            lambda f: -float(exact.power(f, method="cython")), bounds=bounds, method="bounded", options={"xatol": 1e-12}
        )
        periods.append(1 / peak.x)
        powers.append(-peak.fun)
    period, power = job.values
    return pa.table({job.id: ids, job.band: [band] * len(ids), period: periods, power: powers})


serve(start, answers)
