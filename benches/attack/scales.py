"""Extreme scales: the numbers of a fit against dense algebra in extended precision (NumPy's longdouble, 64 bits).

Response and covariate have any size and any distance from zero, residuals are down to 1e-12 of the spread.  A fit
that is called converged has, at its own theta, the criterion, coefficients, standard errors and sigma of the dense
algebra, and no lower criterion beside it.
"""

import warnings
from typing import Any

import numpy as np

import hlmrs

Real = np.longdouble
FORMULAS = ("y ~ x + (1 | g)", "y ~ x + (0 + x | g)", "y ~ x + (x | g)")
CLOSE = 1e-4
"""Relative error of sigma and standard errors; of coefficients in standard errors; a hundredth of the criterion's."""


def design(rng: np.random.Generator) -> dict[str, Any]:
    """Return 30 to 60 rows of 5 to 10 groups."""
    n, n_groups = int(rng.integers(30, 60)), int(rng.integers(5, 10))
    g, x = rng.integers(0, n_groups, n), rng.normal(size=n)
    if rng.random() < 0.5:
        x = x + 10 ** rng.uniform(0, 6)
    sds = 10 ** rng.uniform(-2, 2, 3) * (rng.random(3) < 0.8)
    noise = 10 ** -rng.uniform(0, 12) if rng.random() < 0.3 else 1.0
    b = rng.normal(size=(2, n_groups))
    y = sds[0] * b[0, g] + sds[1] * b[1, g] * x + sds[2] * x + noise * rng.normal(size=n)
    if rng.random() < 0.3:
        y = y + 10 ** rng.uniform(0, 8)
    scale_y, scale_x = 10 ** rng.uniform(-90, 90) if rng.random() < 0.5 else 1.0, 10 ** rng.uniform(-40, 40)
    return {"y": y * scale_y, "x": x * (scale_x if rng.random() < 0.5 else 1.0), "g": [f"g{k}" for k in g]}


def cholesky(a: Any) -> Any:
    """Return the lower factor, in the precision of its argument."""
    lower = np.zeros_like(a)
    for j in range(len(a)):
        column = a[j:, j] - lower[j:, :j] @ lower[j, :j]
        lower[j:, j] = column / np.sqrt(column[0])
    return lower


def solved(lower: Any, b: Any) -> Any:
    """Return the solution of a triangular system."""
    x = np.zeros_like(b)
    for j in range(len(b)):
        x[j] = (b[j] - lower[j, :j] @ x[:j]) / lower[j, j]
    return x


def dense(formula: str, data: dict[str, Any], theta: Any) -> dict[str, Any]:
    """Return the restricted likelihood's criterion at theta and what belongs to it, from the covariance of the rows."""
    y, x = np.asarray(data["y"], dtype=Real), np.column_stack([np.ones(len(data["y"])), data["x"]]).astype(Real)
    _, g = np.unique(data["g"], return_inverse=True)
    scale = np.abs(y).max()
    x_scale = np.array([1, np.abs(x[:, 1]).max()], dtype=Real)
    y, x = y / scale, x / x_scale  # so that columns are of one size; undone below
    z = {FORMULAS[0]: x[:, :1], FORMULAS[1]: x[:, 1:], FORMULAS[2]: x}[formula]
    z_scale = {FORMULAS[0]: x_scale[:1], FORMULAS[1]: x_scale[1:], FORMULAS[2]: x_scale}[formula]
    factor = np.zeros((z.shape[1], z.shape[1]), dtype=Real)
    factor.T[np.triu_indices(z.shape[1])] = np.asarray(theta, dtype=Real)
    half = z @ (z_scale[:, None] * factor)
    lower = cholesky(np.where(g[:, None] == g, half @ half.T, 0) + np.eye(len(y), dtype=Real))
    both = solved(lower, np.column_stack([x, y]))
    # the factor of [X y]'V⁻¹[X y] by orthogonal steps, which lose nothing where residuals are small
    r = triangular(both)
    p, n = x.shape[1], len(y)
    inverse = solved(r[:p, :p].T, np.eye(p, dtype=Real)).T
    sigma = np.abs(r[p, p]) / np.sqrt(Real(n - p)) * scale
    logdet = 2 * np.log(np.diag(lower)).sum() + 2 * np.log(np.abs(np.diag(r)[:p]) * x_scale).sum()
    return {
        "criterion": logdet + (n - p) * (1 + np.log(2 * Real(np.pi)) + 2 * np.log(sigma)),
        "beta": inverse @ r[:p, p] * scale / x_scale,
        "std_error": sigma * np.sqrt((inverse**2).sum(1)) / x_scale,
        "sigma": sigma,
    }


def triangular(a: Any) -> Any:
    """Return R of the decomposition QR, by modified Gram and Schmidt, twice."""
    q, r = a.copy(), np.eye(a.shape[1], dtype=Real)
    for _ in range(2):
        step = np.zeros_like(r)
        for j in range(a.shape[1]):
            step[j, j] = np.sqrt(q[:, j] @ q[:, j])
            q[:, j] /= step[j, j]
            step[j, j + 1 :] = q[:, j] @ q[:, j + 1 :]
            q[:, j + 1 :] -= q[:, j : j + 1] * step[j, j + 1 :]
        r = step @ r
    return r


def scales(number: int) -> None:
    """Compare one fit of extreme data with dense algebra."""
    rng = np.random.default_rng(number)
    formula, data = FORMULAS[number % len(FORMULAS)], design(rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fit = hlmrs.lmer(formula, data)
            errors = np.asarray(fit.tidy(ddf="normal")["std_error"])
        except hlmrs.HlmrsError:
            return
    if fit.verdict.converged:
        _compare(formula, data, fit, errors, rng)


def _compare(formula: str, data: Any, fit: Any, errors: Any, rng: np.random.Generator) -> None:
    right = dense(formula, data, fit.theta)
    found = {"criterion": fit.criterion, "sigma": fit.sigma, "std_error": errors, "beta": fit.beta}
    apart = {
        "criterion": abs(found["criterion"] - right["criterion"]) / 100,
        "sigma": abs(found["sigma"] / right["sigma"] - 1),
        "std_error": np.abs(found["std_error"] / right["std_error"] - 1).max(),
        "beta": np.abs((found["beta"] - right["beta"]) / right["std_error"]).max(),
    }
    wrong = {name: f"{by:.1e}" for name, by in apart.items() if not by < CLOSE}
    assert not wrong, f"{formula}: converged, and wrong by {wrong}"
    for _ in range(6):
        theta = np.asarray(fit.theta) * (1 + rng.choice([-0.02, 0.02], len(fit.theta)))
        lower = right["criterion"] - dense(formula, data, theta)["criterion"]
        assert lower < 1e-3, f"{formula}: converged, and the criterion is lower by {lower:.2g} beside it"


ATTACKS = {"extreme scales": scales}
