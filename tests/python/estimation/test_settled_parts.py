"""Parts of a model that predict every row."""

from typing import Any

import numpy as np
import pytest

import hlmrs


def counts_and_zeros() -> dict[str, Any]:
    """Return counts above zero where t is 0, and zeros where it is 1."""
    rng = np.random.default_rng(3)
    n = 200
    groups = np.arange(n) % 10
    x, t = rng.normal(size=n), (rng.random(n) < 0.5).astype(float)
    mean = np.exp(1.5 + 0.3 * x + 0.5 * rng.normal(size=10)[groups])
    y = np.where(t == 1, 0, np.maximum(rng.negative_binomial(mean, 0.5), 1))
    return {"y": y, "x": x, "t": t, "g": np.array([f"g{k}" for k in groups])}


@pytest.mark.filterwarnings("ignore::hlmrs.ConvergenceWarning")
@pytest.mark.parametrize("separation", ["report", "warn"])
@pytest.mark.parametrize("family", ["poisson", "nbinom1", "nbinom2"])
def test_a_zero_part_that_tells_every_zero_leaves_the_model_of_the_other_rows(family: str, separation: Any) -> None:
    data = counts_and_zeros()
    control = hlmrs.Control(separation=separation)
    fit = hlmrs.glmer("y ~ x + (1 | g)", data, family=family, zero_inflation="~ t", control=control)
    rest = hlmrs.glmer("y ~ x + (1 | g)", {name: v[data["t"] == 0] for name, v in data.items()}, family=family)
    assert fit.verdict.converged
    assert fit.loglik == pytest.approx(rest.loglik, abs=1e-3)
    for name, value in rest.fixef().items():
        assert fit.fixef()[name] == pytest.approx(value, abs=1e-3)
    own, other = list(fit.tidy()["std_error"]), list(rest.tidy()["std_error"])
    assert own == pytest.approx(other, rel=1e-3)
