"""The statistics as numba loops, for peers that group rows into light curves themselves.

Sums may be reordered, so that the compiler can vectorize. The results stay within the tolerance of the comparison.
"""

import numpy as np
from numba import njit

fast = njit(nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz"})


@fast
def stetson_j(flux: np.ndarray, error: np.ndarray) -> float:
    """Stetson's J around the robust mean of TAPE: at most 20 steps, until it moves by less than 1e-6."""
    n = flux.size
    if n < 2:
        return np.nan
    factor = n / (n - 1)
    weights = 1 / error**2
    mean = (weights * flux).sum() / weights.sum()
    for _ in range(20):
        total, weight = 0.0, 0.0
        for i in range(n):
            robust = weights[i] / (1 + 0.25 * factor * weights[i] * (flux[i] - mean) ** 2)
            total += robust * flux[i]
            weight += robust
        moved = abs(total / weight - mean)
        mean = total / weight
        if mean == 0 or (moved / mean < 1e-6 and moved < 1e-6):
            break
    index = 0.0
    for i in range(n):
        p = factor * weights[i] * (flux[i] - mean) ** 2 - 1
        index += np.copysign(np.sqrt(abs(p)), p)
    return index / n


@fast
def put_stetson_j(flux: np.ndarray, error: np.ndarray, out: np.ndarray) -> None:
    """Writes Stetson's J to a row of the results."""
    out[0] = stetson_j(flux, error)


@fast
def put_moments(flux: np.ndarray, error: np.ndarray, out: np.ndarray) -> None:
    """Writes the number of epochs, mean, standard deviation and weighted mean to a row of the results."""
    n = flux.size
    mean = flux.sum() / n
    squares, total, weights = 0.0, 0.0, 0.0
    for i in range(n):
        squares += (flux[i] - mean) ** 2
        weight = 1 / error[i] ** 2
        total += weight * flux[i]
        weights += weight
    out[0], out[1], out[2], out[3] = n, mean, np.sqrt(squares / (n - 1)), total / weights


#: The kernel of each task.
PUT = {"stetson_j": put_stetson_j, "moments": put_moments}


@njit(nogil=True)
def by_band(put, ids, codes, flux, error, n_bands, out_id, out_band, out) -> int:
    """Writes one result for each id and band of rows that are sorted by id. Returns the number of results.

    A counting sort groups the rows of an object by band.
    """
    n, first = 0, 0
    starts = np.zeros(n_bands + 1, np.int64)
    places = np.zeros(n_bands, np.int64)
    x, e = np.empty(0), np.empty(0)
    while first < ids.size:
        starts[:] = 0
        last = first
        while last < ids.size and ids[last] == ids[first]:
            starts[codes[last] + 1] += 1
            last += 1
        for band in range(n_bands):
            starts[band + 1] += starts[band]
            places[band] = starts[band]
        if x.size < last - first:
            x, e = np.empty(last - first), np.empty(last - first)
        for i in range(first, last):
            place = places[codes[i]]
            x[place], e[place] = flux[i], error[i]
            places[codes[i]] = place + 1
        for band in range(n_bands):
            begin, end = starts[band], starts[band + 1]
            if begin < end:
                out_id[n], out_band[n] = ids[first], band
                put(x[begin:end], e[begin:end], out[n])
                n += 1
        first = last
    return n


def light_curves(put, ids, codes, flux, error, n_bands, n_values):
    """Returns the ids, band codes and values for rows that are sorted by id."""
    rows = len(ids)
    out_id, out_band, out = np.empty(rows, np.int64), np.empty(rows, np.uint32), np.empty((rows, n_values))
    n = by_band(put, ids, codes, flux, error, n_bands, out_id, out_band, out)
    # Copies, to free arrays that have room for one light curve per row.
    return out_id[:n].copy(), out_band[:n].copy(), [values.copy() for values in out[:n].T]
