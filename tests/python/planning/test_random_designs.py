"""Random unbalanced rows, nested, crossed and with slopes: the information is that of dense algebra."""

import numpy as np
import pytest

import hlmrs
from dense_information import dense_information, satterthwaite

RANDOM = {
    "(1 | g)": [("g", ["1"])],
    "(x | g)": [("g", ["1", "x"])],
    "(1 | g) + (1 | k)": [("g", ["1"]), ("k", ["1"])],
    "(1 | g) + (1 | h)": [("g", ["1"]), ("h", ["1"])],
    "(x || g) + (1 | h)": [("g", ["1"]), ("g", ["x"]), ("h", ["1"])],
    "(x | g) + (0 + x | h) + (1 | k)": [("g", ["1", "x"]), ("h", ["x"]), ("k", ["1"])],
}
"""Random parts, and the columns of their terms by group: h crosses g, k lies within g."""


def rows(rng):
    n = int(rng.integers(60, 160))
    g = rng.integers(0, rng.integers(5, 12), n)
    h = rng.integers(0, rng.integers(4, 9), n)
    x = rng.normal(size=n)
    return {"x": x, "w": rng.normal(size=12)[g], "g": g, "h": h, "k": g * 10 + rng.integers(0, 3, n)}


@pytest.mark.parametrize("random", RANDOM)
@pytest.mark.parametrize("seed", range(4))
def test_random_rows_tell_what_dense_algebra_says(random, seed):
    rng = np.random.default_rng(seed)
    data, sigma, correlation = rows(rng), rng.uniform(0.3, 2), rng.uniform(-0.9, 0.9)
    sd, terms, covariances = {}, [], []
    for group, columns in RANDOM[random]:
        own = rng.uniform(0.05, 3, len(columns))
        names = ["(Intercept)" if column == "1" else column for column in columns]
        sd.setdefault(group, {}).update(zip(names, own.tolist(), strict=True))
        z = np.stack([np.ones(len(data["x"])) if column == "1" else data[column] for column in columns], axis=1)
        terms.append((z, data[group]))
        correlations = np.full((len(own), len(own)), correlation)
        np.fill_diagonal(correlations, 1.0)
        covariances.append(correlations * np.outer(own, own))
    correlated = {group: correlation for group, columns in RANDOM[random] if len(columns) > 1}
    given = {"sd": sd, "sigma": sigma, "correlation": correlated}
    found = hlmrs.power(f"y ~ x + w + {random}", data, effects={"x": 0.3, "w": 0.2}, **given).to_frame()
    parts = dense_information(
        np.stack([np.ones(len(data["x"])), data["x"], data["w"]], axis=1), terms, covariances, sigma
    )
    for k, row in enumerate(np.eye(3)[1:]):
        assert found["std_error"][k] == pytest.approx(np.sqrt(row @ parts[0] @ row), rel=1e-9)
        assert found["den_df"][k] == pytest.approx(satterthwaite(row, *parts), rel=1e-8)
