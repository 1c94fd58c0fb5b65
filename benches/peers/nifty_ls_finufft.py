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
"""Periodograms, light curve by light curve, on our grids: nifty-ls, and the fast method of astropy.

A run finds the highest point of each grid. Our own run also refines peaks between grid points. Here that happens
afterwards and is not timed.
"""

from concurrent.futures import ThreadPoolExecutor

from _harness import THREADS, Job, serve

MINIMUM_PERIOD = 0.365
SAMPLES_PER_PEAK = 5


def grid(time):
    """Returns the first frequency, the step and the number of steps, from one cycle per baseline to the shortest period."""
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


#: The highest of five grid points per peak is at most this far below its top, with a small margin.
LOSS = 0.07


def grid_power(row: str):
    """Returns the power on the grid of a light curve."""
    import nifty_ls
    import numpy as np
    from astropy.timeseries import LombScargle

    def by_nifty(curve):
        first, step, number = grid(curve[0])
        last = first + (number - 1) * step
        return nifty_ls.lombscargle(*curve, fmin=first, fmax=last, Nf=number, nthreads=1).power

    def by_astropy(curve):
        first, step, number = grid(curve[0])
        frequencies = first + step * np.arange(number)
        return LombScargle(*curve).power(frequencies, method="fast", assume_regular_frequency=True)

    return by_nifty if row == "nifty-ls" else by_astropy


def start(job: Job):
    power = grid_power(job.row)

    def run():
        ids, band, curves = light_curves(job)
        with ThreadPoolExecutor(THREADS) as pool:
            return ids, band, curves, list(pool.map(lambda curve: power(curve).argmax(), curves))

    return run


def refined(curve, power, highest):
    """Returns the period and power at the top of the highest peak."""
    import numpy as np
    from astropy.timeseries import LombScargle
    from scipy.optimize import minimize_scalar

    first, step, number = grid(curve[0])
    assert power.argmax() == highest
    inner = power[1:-1]
    peaks = 1 + np.flatnonzero((inner >= power[:-2]) & (inner >= power[2:]) & (inner > (1 - LOSS) * power[highest]))
    exact = LombScargle(*curve)
    tops = []
    for peak in {*peaks.tolist(), highest}:
        bounds = (first + max(peak - 1, 0) * step, first + min(peak + 1, number - 1) * step)
        below = lambda frequency: -float(exact.power(frequency, method="cython"))
        top = minimize_scalar(below, bounds=bounds, method="bounded", options={"xatol": 1e-12})
        tops.append((-top.fun, 1 / top.x))
    power, period = max(tops)
    return period, power


def answers(result, job: Job):
    import pyarrow as pa

    ids, band, curves, highest = result
    power = grid_power(job.row)
    tops = [refined(curve, power(curve), at) for curve, at in zip(curves, highest)]
    columns = dict(zip(job.values, zip(*tops)))
    return pa.table({job.id: ids, job.band: [band] * len(ids), **columns})


serve(start, answers)
