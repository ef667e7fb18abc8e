"""Posteriors by quadrature: python posteriors_exact.py > posteriors_exact.json (NumPy and SciPy).

Given the variance parameters, coefficients are normal; over those it integrates by Gauss-Legendre points.  `points` is
about how many each has, `apart` the largest difference from two thirds as many, in posterior standard deviations.  The
designs are balanced, so that V is known by its eigenvalues.  Models and priors are those of posteriors.R.
"""

import csv
import json
import platform
from pathlib import Path

import numpy as np
import scipy
from numpy.polynomial import Legendre
from scipy import optimize, stats

HERE = Path(__file__).parent
QUANTILES = {"q5": 0.05, "q50": 0.5, "q95": 0.95}


def column(dataset, name):
    with (HERE / f"../../python/hlmrs/datasets/data/{dataset}.csv").open() as file:
        return np.array([row[name] for row in csv.DictReader(file)])


class Axis:
    """Points of one parameter: on an interval, or on (0, inf) as scale t / (1 - t)."""

    def __init__(self, n, low=None, high=None, scale=None):
        x, w = np.polynomial.legendre.leggauss(n)
        self.x, self.weights, self.ends, self.scale = x, w, (low, high), scale
        self.at = self.value(x)
        self.slope = (high - low) / 2 + 0 * x if scale is None else 2 * scale / (1 - x) ** 2

    def value(self, x):
        if self.scale is not None:
            return self.scale * (1 + x) / (1 - x)
        low, high = self.ends
        return low + (high - low) * (x + 1) / 2

    def described(self, mass):
        """Mean, sd and quantiles from the probabilities of the points."""
        mean = float(mass @ self.at)
        result = {"mean": mean, "sd": float(np.sqrt(mass @ (self.at - mean) ** 2))}
        series = Legendre([(2 * k + 1) / 2 * (mass @ Legendre.basis(k)(self.x)) for k in range(len(self.x))])
        below = series.integ(lbnd=-1)
        for name, p in QUANTILES.items():
            result[name] = float(self.value(optimize.brentq(lambda x, p=p: below(x) - p, -1, 1, xtol=1e-14)))
        return result


def dyestuff2(tau, sigma):
    y = column("Dyestuff2", "Yield").astype(float).reshape(6, 5)
    means, level = y.mean(axis=1), sigma**2 + 5 * tau**2
    within = ((y - means[:, None]) ** 2).sum()
    logdet = 24 * np.log(sigma**2) + 6 * np.log(level)
    yy = within / sigma**2 + 5 * (means**2).sum() / level
    return logdet, [[30 / level]], [30 * y.mean() / level], yy


def penicillin(plate, sample, sigma):
    y = np.zeros((24, 6))
    plates, samples = column("Penicillin", "plate"), column("Penicillin", "sample")
    places = np.unique(plates, return_inverse=True)[1], np.unique(samples, return_inverse=True)[1]
    y[places] = column("Penicillin", "diameter").astype(float)
    mean, rows, columns = y.mean(), y.mean(axis=1) - y.mean(), y.mean(axis=0) - y.mean()
    error = ((y - mean - rows[:, None] - columns) ** 2).sum()
    of_rows, of_columns = sigma**2 + 6 * plate**2, sigma**2 + 24 * sample**2
    of_mean = of_rows + of_columns - sigma**2
    logdet = np.log(of_mean) + 23 * np.log(of_rows) + 5 * np.log(of_columns) + 115 * np.log(sigma**2)
    squares = 144 * mean**2 / of_mean + 6 * (rows**2).sum() / of_rows + 24 * (columns**2).sum() / of_columns
    return logdet, [[144 / of_mean]], [144 * mean / of_mean], squares + error / sigma**2


def sleepstudy(tau0, tau1, rho, sigma):
    """Each subject has the same Z = X: its least squares b have the covariance T + sigma² (Z'Z)^-1."""
    z = np.column_stack([np.ones(10), np.arange(10.0)])
    assert (column("sleepstudy", "Days").astype(float).reshape(18, 10) == z[:, 1]).all()
    y = column("sleepstudy", "Reaction").astype(float).reshape(18, 10)
    inverse = np.linalg.inv(z.T @ z)
    b = y @ z @ inverse
    left = ((y - b @ z.T) ** 2).sum()
    c00, c11 = tau0**2 + sigma**2 * inverse[0, 0], tau1**2 + sigma**2 * inverse[1, 1]
    c01 = rho * tau0 * tau1 + sigma**2 * inverse[0, 1]
    det = c00 * c11 - c01**2
    m00, m01, m11 = c11 / det, -c01 / det, c00 / det
    s, q = b.sum(axis=0), b.T @ b
    logdet = 18 * (8 * np.log(sigma**2) + np.log(det))
    yy = left / sigma**2 + m00 * q[0, 0] + 2 * m01 * q[0, 1] + m11 * q[1, 1]
    xx = [[18 * m00, 18 * m01], [18 * m01, 18 * m11]]
    return logdet, xx, [m00 * s[0] + m01 * s[1], m01 * s[0] + m11 * s[1]], yy


def log_prior(prior, x):
    if prior["kind"] == "lkj":  # of two effects
        return (prior["eta"] - 1) * np.log1p(-(x**2))
    assert prior["kind"] == "half_student_t"
    return stats.t.logpdf(x, prior["df"], scale=prior["scale"])


def precision(priors, means):
    """Precision of the prior of the coefficients, and that times its mean; the intercept is that at the means."""
    p = len(means)
    total, shift = np.zeros((p, p)), np.zeros(p)
    for k, prior in enumerate(priors):
        if prior["kind"] == "normal":
            along = np.array(means) if k == 0 else np.eye(p)[k]
            total += np.outer(along, along) / prior["sd"] ** 2
            shift += along * prior["mean"] / prior["sd"] ** 2
    return total, shift


def conditional(sums, prior):
    """Log density of the variance parameters, and moments of the coefficients given them."""
    logdet, xx, xy, yy = sums
    p = len(xy)
    shape = np.shape(yy)
    a = np.stack([np.stack([xx[i][j] + prior[0][i, j] + np.zeros(shape) for j in range(p)], -1) for i in range(p)], -2)
    h = np.stack([xy[i] + prior[1][i] + np.zeros(shape) for i in range(p)], -1)
    covariance = np.linalg.inv(a)
    mean = np.einsum("...ij,...j->...i", covariance, h)
    density = -0.5 * (logdet + np.linalg.slogdet(a)[1] + yy - (h * mean).sum(-1))
    return density, mean, np.sqrt(np.einsum("...ii->...i", covariance))


def posterior(model, n):
    axes = {name: Axis(max(int(n * share), 8), **where) for name, (share, where) in model["axes"].items()}
    prior = precision(list(model["priors"].values())[: len(model["means"])], model["means"])
    logs, means, sds = [], [], []
    *names, last = axes
    grid = np.meshgrid(*[axes[name].at for name in names], indexing="ij")
    for value in axes[last].at:  # in slices, for memory
        density, mean, sd = conditional(model["sums"](*grid, value), prior)
        for name, x in zip(axes, [*grid, value], strict=True):
            density = density + log_prior(model["priors"][model["prior_of"].get(name, name)], x)
        logs.append(density)
        keep = density > -np.inf
        means.append(mean[keep]), sds.append(sd[keep])
    log_density = np.stack(logs, -1)
    weights = np.ones(())
    for axis in axes.values():
        weights = np.multiply.outer(weights, axis.weights * axis.slope)
    mass = np.exp(log_density - log_density.max()) * weights
    mass /= mass.sum()
    order = np.concatenate([mass[..., k].ravel() for k in range(mass.shape[-1])])
    result = coefficients(model, order, np.concatenate(means), np.concatenate(sds))
    for k, (name, axis) in enumerate(axes.items()):
        result[name] = axis.described(mass.sum(axis=tuple(j for j in range(mass.ndim) if j != k)))
    return result


def coefficients(model, mass, means, sds):
    keep = mass > 1e-16
    mass, means, sds = mass[keep] / mass[keep].sum(), means[keep], sds[keep]
    result = {}
    for k, name in enumerate(list(model["priors"])[: means.shape[1]]):
        mean = float(mass @ means[:, k])
        sd = float(np.sqrt(mass @ (sds[:, k] ** 2 + (means[:, k] - mean) ** 2)))
        result[name] = {"mean": mean, "sd": sd}
        for key, p in QUANTILES.items():
            below = lambda x, k=k, p=p: mass @ stats.norm.cdf(x, means[:, k], sds[:, k]) - p  # noqa: E731
            result[name][key] = float(optimize.brentq(below, mean - 9 * sd, mean + 9 * sd, xtol=1e-10 * sd))
    return result


def apart(one, other):
    return max(abs(one[name][key] - other[name][key]) / one[name]["sd"] for name in one for key in one[name])


def priors_of(model):
    return json.loads((HERE / "posteriors" / f"{model}.json").read_text())["priors"]


SLEEP_AXES = {
    "sd((Intercept) | Subject)": (1, {"scale": 25}),
    "sd(Days | Subject)": (1, {"scale": 6}),
    "cor((Intercept), Days | Subject)": (0.5, {"low": -1, "high": 1}),
    "sigma": (0.8, {"low": 17.5, "high": 42}),
}
SLEEP = {
    "sums": sleepstudy,
    "points": 72,
    "means": [1, 4.5],
    "axes": SLEEP_AXES,
    "prior_of": {"cor((Intercept), Days | Subject)": "cor(Subject)"},
}
MODELS = {
    "dyestuff2": {
        "sums": dyestuff2,
        "points": 48,
        "means": [1],
        "axes": {"sd((Intercept) | Batch)": (8, {"scale": 1}), "sigma": (4, {"scale": 4})},
        "prior_of": {},
    },
    "penicillin": {
        "sums": penicillin,
        "points": 90,
        "means": [1],
        "axes": {
            "sd((Intercept) | plate)": (2, {"scale": 1}),
            "sd((Intercept) | sample)": (2, {"scale": 2}),
            "sigma": (1, {"low": 0.3, "high": 1}),
        },
        "prior_of": {},
    },
    "sleepstudy": SLEEP,
    "sleepstudy_informative": SLEEP,
}


def main(names=MODELS):
    software = {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__}
    models = {}
    for name in names:
        model = MODELS[name] | {"priors": priors_of(name)}
        finer, coarser = posterior(model, model["points"]), posterior(model, model["points"] * 2 // 3)
        models[name] = {"points": model["points"], "apart": apart(finer, coarser), "posterior": finer}
    return {"software": software, "models": models}


if __name__ == "__main__":
    print(json.dumps(main(), indent=1))
