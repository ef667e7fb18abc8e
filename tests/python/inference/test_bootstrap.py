"""The bootstrap: replicates are refits of what they say they are, whatever the threads."""

import pickle
import warnings
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows
from hlmrs.inference.bootstrap import _acceleration


def fitted(formula: str, data: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        return hlmrs.lmer(formula, data, **options)


@pytest.fixture(scope="module")
def fit():
    return fitted("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))


@pytest.mark.parametrize("kind", ["parametric", "residual", "case"])
@pytest.mark.parametrize(
    ("name", "formula"),
    [("sleepstudy", "Reaction ~ Days + (Days | Subject)"), ("Penicillin", "diameter ~ (1 | plate) + (1 | sample)")],
)
def test_threads_change_no_replicate(kind, name, formula):
    data = hlmrs.datasets.load(name, "polars")
    one, three = (
        fitted(formula, data, control=hlmrs.Control(n_threads=k)).bootstrap(60, kind=kind, seed=5).values
        for k in (1, 3)
    )
    np.testing.assert_array_equal(one, three)


def test_a_parametric_replicate_is_a_refit_of_a_simulated_response():
    data = hlmrs.datasets.load("Penicillin", "polars").with_columns(w=1.0 + pl.int_range(pl.len()) % 3)
    data = data.with_columns(off=pl.col("w") / 10)
    fit = fitted("diameter ~ 1 + (1 | plate) + (1 | sample)", data, weights="w", offset="off", reml=False)
    boot = fit.bootstrap(4, seed=11)
    y = fit._estimate.core.simulate(fit._estimate.rows, 4, 11)
    for values, response in zip(boot.values, y.T, strict=True):
        again = fit.refit(response)
        sd = [row["sd"] for row in rows(again.varcorr())]
        np.testing.assert_allclose(values, [*again.beta, *sd], rtol=1e-4)
    same = fit.bootstrap(4, seed=11, statistic=lambda f: {"beta": f.beta[0], "sigma": f.sigma})
    assert same.terms == ["beta", "sigma"]
    np.testing.assert_allclose(same.values[:, 0], boot.values[:, 0], rtol=1e-6)
    np.testing.assert_allclose(same.estimate, [fit.beta[0], fit.sigma])


def test_leaving_a_group_out_is_a_fit_to_the_rest():
    data = hlmrs.datasets.load("Machines", "polars")
    fit = fitted("score ~ Machine + (1 | Worker/Machine)", data)
    from hlmrs._core import jackknife
    from hlmrs.inference import parameters

    known = parameters(fit._estimate)
    worker = [g.name for g in fit._estimate.layout.groups].index("Worker")
    values = jackknife(fit._estimate.core, fit._estimate.rows, list(known.values()), [worker], 0)
    for level, got in zip(fit._estimate.layout.groups[worker].levels, values, strict=True):
        rest = fitted("score ~ Machine + (1 | Worker/Machine)", data.filter(pl.col("Worker") != level))
        sd = {f"sd((Intercept) | {r['group']})": r["sd"] for r in rows(rest.varcorr())}
        want = [sd.get(name, rest.sigma) for name in list(known)[3:]]
        np.testing.assert_allclose(got, [*rest.beta, *want], rtol=1e-4)


def test_leaving_a_level_of_crossed_factors_out_is_a_fit_to_the_rest():
    data = hlmrs.datasets.load("Penicillin", "polars").with_columns(w=1.0 + pl.int_range(pl.len()) % 3)
    fit = fitted("diameter ~ 1 + (1 | plate) + (1 | sample)", data, weights="w")
    from hlmrs._core import jackknife
    from hlmrs.inference import parameters

    groups = fit._estimate.layout.groups
    chosen = list(parameters(fit._estimate).values())
    values = jackknife(fit._estimate.core, fit._estimate.rows, chosen, [0, 1], 0)
    left_out = [(group.name, level) for group in groups for level in group.levels]
    assert len(values) == len(left_out) == 30
    for (name, level), got in zip(left_out, values, strict=True):
        rest = fitted("diameter ~ 1 + (1 | plate) + (1 | sample)", data.filter(pl.col(name) != level), weights="w")
        np.testing.assert_allclose(got, [*rest.beta, *(r["sd"] for r in rows(rest.varcorr()))], rtol=2e-4)


def test_drawn_levels_of_crossed_factors_spread_a_balanced_mean_as_its_closed_form_says():
    # Owen (2007), section 3: with independent draws of rows and columns of a full table the variance of the mean is
    # that of the row means, the column means and the rest, each over its number
    data = hlmrs.datasets.load("Penicillin", "polars")
    boot = fitted("diameter ~ 1 + (1 | plate) + (1 | sample)", data).bootstrap(4000, kind="case", seed=4)
    table = data.sort("plate", "sample")["diameter"].to_numpy().reshape(24, 6)
    plates, samples = (table.mean(axis=k) - table.mean() for k in (1, 0))
    rest = table - table.mean() - plates[:, None] - samples
    variance = plates.var() / 24 + samples.var() / 6 + rest.var() / 144
    assert boot.values[:, 0].mean() == pytest.approx(table.mean(), abs=0.03)
    assert boot.values[:, 0].std() == pytest.approx(np.sqrt(variance), rel=0.04)
    assert boot.n_failed == 0


def test_drawing_one_of_two_factors_that_are_nested_in_it_is_drawing_clusters():
    data = hlmrs.datasets.load("Pastes", "polars")
    fit = fitted("strength ~ 1 + (1 | batch/cask)", data)
    np.testing.assert_array_equal(
        fit.bootstrap(20, kind="case", seed=1).values, fit.bootstrap(20, kind="case", seed=1, cluster="batch").values
    )


def test_factors_nested_in_crossed_ones_are_drawn_with_them():
    from crossed import crossed

    data = crossed(600)
    fit = fitted("y ~ x + (1 | school/subject) + (1 | item) + (1 | subject:item)", data)
    boot = fit.bootstrap(12, kind="case", seed=2)
    assert np.isfinite(boot.values).all()
    bounds = rows(boot.confint(method="bca"))
    assert all(np.isfinite(row["conf_high"]) for row in bounds)


def test_the_acceleration_is_of_the_factors_that_are_left_out():
    fit = fitted("strength ~ 1 + (1 | batch/cask)", hlmrs.datasets.load("Pastes", "polars"))
    outer = [g.name for g in fit._estimate.layout.groups].index("batch")
    one, other = _acceleration(fit._estimate, [outer]), _acceleration(fit._estimate, [1 - outer, outer])
    assert not np.allclose(one, other)
    np.testing.assert_array_equal(one, _acceleration(fit._estimate, [outer]))


def test_a_case_replicate_is_a_fit_to_the_groups_drawn():
    data = hlmrs.datasets.load("Orthodont", "polars")
    fit = fitted("distance ~ age + (1 | Subject)", data)
    boot = fit.bootstrap(40, kind="case", seed=3)
    totals = {s: d for (s,), d in data.group_by("Subject")}
    # with balanced groups the slope is the mean of the groups' slopes: every replicate is a mean of drawn ones
    slopes = np.array([np.polyfit(d["age"], d["distance"], 1)[0] for d in totals.values()])
    days = boot.values[:, 1]
    assert slopes.min() < days.min()
    assert days.max() < slopes.max()
    assert days.std() == pytest.approx(slopes.std() / np.sqrt(27), rel=0.3)
    # sums of 27 of the slopes, each times a whole number
    assert np.isfinite(boot.values).all()
    assert boot.n_failed == 0


@pytest.mark.parametrize("kind", ["parametric", "residual", "case"])
def test_replicates_spread_as_the_standard_errors_say(fit, kind):
    boot = fit.bootstrap(600, kind=kind, seed=2)
    std_error = np.sqrt(np.diag(fit.vcov()))
    np.testing.assert_allclose(boot.values[:, :2].mean(axis=0), fit.beta, atol=0.2 * std_error.max())
    np.testing.assert_allclose(boot.values[:, :2].std(axis=0), std_error, rtol=0.12)


def test_intervals_are_the_quantiles_they_say(fit):
    boot = fit.bootstrap(200, seed=9)
    bounds = {
        m: np.array([[r["conf_low"], r["conf_high"]] for r in rows(boot.confint(method=m, level=0.8))])
        for m in ("percentile", "basic", "bca")
    }
    want = np.quantile(boot.values, [0.1, 0.9], axis=0).T
    np.testing.assert_allclose(bounds["percentile"], want)
    np.testing.assert_allclose(bounds["basic"], 2 * boot.estimate[:, None] - want[:, ::-1])
    normal, a = NormalDist(), _acceleration(fit._estimate, [0])[1]
    z0 = normal.inv_cdf((boot.values[:, 1] < boot.estimate[1]).mean())
    z = z0 + normal.inv_cdf(0.1)
    low = np.quantile(boot.values[:, 1], normal.cdf(z0 + z / (1 - a * z)))
    assert bounds["bca"][1, 0] == pytest.approx(low)
    assert rows(fit.confint(method="boot", n=200, seed=9, level=0.8)) == rows(boot.confint(level=0.8))


def test_draws_are_a_frame_of_the_callers_kind(fit):
    draws = fit.bootstrap(5, seed=1).draws
    assert isinstance(draws, pl.DataFrame)
    assert draws.columns[:3] == ["replicate", "(Intercept)", "Days"]
    assert draws["replicate"].to_list() == [0, 1, 2, 3, 4]


def test_a_group_level_column_may_lose_its_rank_in_a_replicate():
    data = hlmrs.datasets.load("Orthodont", "polars").filter(
        pl.col("Subject").cast(pl.String).is_in(["M01", "M02", "F01", "F02"])
    )
    with pytest.warns(hlmrs.InferenceWarning, match="of 200 replicates of the bootstrap could not be fitted"):
        boot = fitted("distance ~ Sex + (1 | Subject)", data).bootstrap(200, kind="case", seed=1)
    both_of_a_sex = boot.n_failed / 200
    assert both_of_a_sex == pytest.approx(2 / 16, abs=0.08)
    assert np.isfinite(rows(boot.confint())[0]["conf_low"])


def test_bootstraps_come_back_from_other_processes(fit):
    boot = fit.bootstrap(60, seed=2)
    again = pickle.loads(pickle.dumps(boot))
    for method in ("percentile", "basic", "bca"):
        assert again.confint(method=method).equals(boot.confint(method=method))
    assert again.draws.equals(boot.draws)


def test_refusals(fit):
    crossed = fitted("diameter ~ 1 + (1 | plate) + (1 | sample)", hlmrs.datasets.load("Penicillin", "polars"))
    with pytest.raises(hlmrs.OptionError, match="'sample' as they are, which understates"):
        crossed.bootstrap(5, kind="case", cluster="plate")
    nested = fitted("strength ~ 1 + (1 | batch/cask)", hlmrs.datasets.load("Pastes", "polars"))
    with pytest.raises(hlmrs.OptionError, match="'batch' as they are"):
        nested.bootstrap(5, kind="case", cluster="batch:cask")
    with pytest.raises(hlmrs.OptionError, match="lies within 'batch'"):
        nested.bootstrap(5, kind="case", cluster=["batch", "batch:cask"])
    for options, match in (
        ({"kind": "wild"}, "'parametric', 'residual', 'case'"),
        ({"n": 0}, "positive"),
        ({"seed": -1}, "seed"),
        ({"cluster": "Days"}, "'Subject'"),
        ({"kind": "case", "statistic": lambda f: f.sigma}, "parametric"),
    ):
        with pytest.raises(hlmrs.OptionError, match=match):
            fit.bootstrap(**{"n": 3, **options})
    with pytest.raises(hlmrs.OptionError, match="'percentile', 'basic', 'bca'"):
        fit.bootstrap(3).confint(method="normal")


def test_an_error_of_the_progress_stops_the_replicates(fit, monkeypatch):
    from hlmrs.resources import Progress

    def stop(self: Progress, done: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "reach", stop)
    with pytest.raises(KeyboardInterrupt):
        fit.bootstrap(2_000_000)


def test_progress_of_ones_own_statistic_counts_the_refits_that_are_done(monkeypatch):
    reached = []
    monkeypatch.setattr("hlmrs.resources.Progress.reach", lambda self, n: reached.append(n))
    fit = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff"))
    fit.bootstrap(3, statistic=lambda again: again.sigma, seed=1)
    assert reached == [1, 2, 3]
