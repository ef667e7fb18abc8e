"""Diagnostics of chains are those of the R package posterior, and find chains that disagree."""

import json
from pathlib import Path

import numpy as np
import pytest

from hlmrs.posterior import convergence

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "convergence.json").read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("name", GOLDEN)
def test_they_are_those_of_posterior(name):
    case = GOLDEN[name]
    draws = np.array(case["draws"])
    got = {
        "rhat": convergence.rhat(draws),
        "ess_bulk": convergence.ess_bulk(draws),
        "ess_tail": convergence.ess_tail(draws),
        "ess_mean": convergence.ess_mean(draws),
        "ess_median": convergence.ess_quantile(draws, 0.5),
        "mcse_mean": convergence.mcse_mean(draws),
        "mcse_sd": convergence.mcse_sd(draws),
    }
    assert got == pytest.approx({key: case[key] for key in got}, rel=1e-12)
    quantiles = [convergence.mcse_quantile(draws, p) for p in (0.05, 0.5, 0.9)]
    assert quantiles == pytest.approx(case["mcse_quantile"], rel=1e-12)


def test_independent_draws_are_worth_their_number():
    draws = np.random.default_rng(1).standard_normal((4, 5000))
    assert convergence.rhat(draws) == pytest.approx(1, abs=2e-3)
    assert convergence.ess_bulk(draws) == pytest.approx(20_000, rel=0.1)
    assert convergence.mcse_mean(draws) == pytest.approx(1 / np.sqrt(20_000), rel=0.1)
    assert convergence.mcse_sd(draws) == pytest.approx(1 / np.sqrt(2 * 20_000), rel=0.1)
    # a median of n independent normal draws has the variance pi / 2n
    assert convergence.mcse_quantile(draws, 0.5) == pytest.approx(np.sqrt(np.pi / 40_000), rel=0.1)


def test_an_autoregression_has_its_known_effective_number():
    r, n = 0.6, 20_000
    noise = np.random.default_rng(2).standard_normal((4, n))
    draws = noise.copy()
    for t in range(1, n):
        draws[:, t] = r * draws[:, t - 1] + noise[:, t]
    assert convergence.ess_mean(draws) == pytest.approx(4 * n * (1 - r) / (1 + r), rel=0.08)


def test_nothing_of_ranks_depends_on_the_scale():
    draws = np.random.default_rng(3).standard_normal((4, 300))
    for same in (7 * draws - 2, np.exp(draws)):
        assert convergence.ess_bulk(same) == pytest.approx(convergence.ess_bulk(draws), rel=1e-12)
        assert convergence.ess_tail(same) == pytest.approx(convergence.ess_tail(draws), rel=1e-12)


@pytest.mark.parametrize("change", [lambda x: x + np.c_[[0, 0, 0, 2]], lambda x: x * np.c_[[1, 1, 1, 5]]])
def test_a_chain_elsewhere_or_of_another_spread_is_found(change):
    draws = np.random.default_rng(4).standard_normal((4, 500))
    assert convergence.rhat(change(draws)) > 1.1


@pytest.mark.parametrize(
    "draws", [np.ones((4, 100)), np.full((4, 100), np.nan), np.r_[np.inf, np.zeros(99)].reshape(4, 25), np.ones((2, 3))]
)
def test_draws_that_say_nothing_have_no_diagnostics(draws):
    statistics = [convergence.rhat, convergence.ess_bulk, convergence.ess_tail, convergence.ess_mean]
    assert all(np.isnan(statistic(draws)) for statistic in statistics)
    assert np.isnan(convergence.mcse_quantile(draws, 0.5))
    assert np.isnan(convergence.mcse_mean(draws))
    assert np.isnan(convergence.mcse_sd(draws))
