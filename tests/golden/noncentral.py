"""Upper tails of the noncentral t and F with 40 digits: needs mpmath and SciPy, and prints noncentral.json."""

import json
import platform

import mpmath as mp
import scipy
from scipy import stats

mp.mp.dps = 40


def t_tail(t, df, delta):
    """P((Z + delta) / sqrt(X / df) > t): the mean over X, chi-square, of the normal tail."""

    def integrand(x):
        log_density = (df / 2 - 1) * mp.log(x) - x / 2 - df / 2 * mp.log(2) - mp.loggamma(df / 2)
        return mp.ncdf(delta - t * mp.sqrt(x / df)) * mp.exp(log_density)

    middle = max(df, 1)
    width = mp.sqrt(2 * middle)
    places = [
        middle / 10,
        middle / 2,
        *(middle + k * width for k in (-6, -3, -1, 0, 1, 3, 6, 12, 40)),
        middle + 40 * width + 100,
    ]
    return mp.quad(integrand, sorted({mp.mpf(0), *(place for place in places if place > 0)}))


def f_tail(x, df1, df2, noncentrality):
    """The sum over Poisson weights."""
    half, z = noncentrality / 2, df2 / (df2 + df1 * x)
    reach = int(14 * mp.sqrt(half + 1))
    total = mp.mpf(0)
    for j in range(max(0, int(half) - reach - 40), int(half) + reach + 60):
        weight = mp.exp(j * mp.log(half) - half - mp.loggamma(j + 1))
        total += weight * mp.betainc(df2 / 2, mp.mpf(df1) / 2 + j, 0, z, regularized=True)
    return total


t = [
    [x, df, delta, float(t_tail(mp.mpf(x), mp.mpf(df), mp.mpf(delta)))]
    for df in (1, 2.5, 6, 18.3, 38, 250, 5000)
    for delta in (-3, -0.5, 0.2, 1, 2.8, 6, 20)
    for x in (-2, 0.5, 2.02, 3.5, 12)
]
f = [
    [x, df1, df2, delta, float(f_tail(mp.mpf(x), df1, mp.mpf(df2), mp.mpf(delta)))]
    for df1 in (1, 2, 5)
    for df2 in (3, 17.5, 60, 4000)
    for delta in (0.01, 2.5, 9, 60, 900)
    for x in (0.4, 3.1, 12)
]
software = {"Python": platform.python_version(), "mpmath": mp.__version__, "SciPy": scipy.__version__}
difference = {
    "t": max(abs(stats.nct.sf(*row[:3]) - row[3]) for row in t),
    "f": max(abs(stats.ncf.sf(*row[:4]) - row[4]) for row in f),
}
print(json.dumps({"software": software, "difference_of_scipy": difference, "t": t, "f": f}))
