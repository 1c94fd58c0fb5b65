"""Writes astropy.txt. With astropy, numpy and scipy installed: python3 make_astropy.py > astropy.txt"""
import numpy as np, astropy
from astropy.timeseries import LombScargle
from astropy.timeseries.periodograms.lombscargle._statistics import fap_baluev
rng = np.random.default_rng(5)
n = 40
t = np.round(np.sort(rng.uniform(0, 30, n)), 4)
y = np.round(17 + 0.3*np.sin(2*np.pi*t/0.617) + rng.normal(0, 0.2, n), 4)
e = np.round(rng.uniform(0.05, 0.3, n), 4)
f = [0.03, 0.4, 1.0, 1.61, 1.6207, 2.7, 9.99]
print(f"# Powers of astropy {astropy.__version__}, LombScargle(t, y, e, nterms).power(f, normalization, method='slow', or 'chi2' for two terms); without errors, e=None.")
print("# epoch TIME FLUX ERROR; power NORMALISATION TERMS ERRORS FREQUENCY VALUE; probability POWER MAXIMUM_FREQUENCY VALUE (fap_baluev, with the errors)")
for row in zip(t, y, e): print("epoch", *map(float, row))
for norm in ["standard", "model", "log", "psd"]:
    for errors in [True, False]:
        for terms in [1, 2]:
            p = LombScargle(t, y, e if errors else None, nterms=terms).power(np.array(f), normalization=norm, method="slow" if terms == 1 else "chi2")
            for a, b in zip(f, p): print("power", norm, terms, "errors" if errors else "none", a, float(b))
for z in [0.05, 0.2, 0.35, 0.5, 0.7, 0.9]:
    print("probability", z, 10.0, float(fap_baluev(z, 10.0, t, y, e)))
