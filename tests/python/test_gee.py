"""Estimating equations against geepack, dense algebra, and special cases that are known."""

import json
import math
import signal
import time
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import data, rows
from responses_in_groups import DATA, simulated

GOLDEN = json.loads((Path(__file__).parents[1] / "golden/gee.json").read_text())["cases"]


MODELS = [
    ("normal", "gaussian", "identity"),
    ("positive", "gaussian", "log"),
    ("event", "binomial", "logit"),
    ("event", "binomial", "probit"),
    ("event", "binomial", "cloglog"),
    ("event", "binomial", "cauchit"),
    ("count", "poisson", "log"),
    ("count", "poisson", "sqrt"),
    ("count", "nbinom2", "log"),
    ("positive", "gamma", "log"),
    ("positive", "gamma", "inverse"),
    ("positive", "inverse_gaussian", "log"),
]
STRUCTURES = ["independence", "exchangeable", "ar1", "unstructured"]

VARIANCES = {
    "gaussian": lambda mu, size: np.ones_like(mu),
    "binomial": lambda mu, size: mu * (1 - mu),
    "poisson": lambda mu, size: mu,
    "nbinom2": lambda mu, size: mu + mu**2 / size,
    "gamma": lambda mu, size: mu**2,
    "inverse_gaussian": lambda mu, size: mu**3,
}


class Dense:
    """The equations at the coefficients of a fit, by dense algebra; slopes of means by differences."""

    def __init__(self, fit, frame, response, structure, *, weights=None, offset=None):
        self.fit = fit
        frame = frame.sort("g", "t")
        x, arm = frame["x"].to_numpy(), frame["arm"].to_numpy()
        self.x = np.column_stack([np.ones(len(x)), x, arm == "b", arm == "c"])
        self.y, self.g, self.t = frame[response].to_numpy(), frame["g"].to_numpy(), frame["t"].to_numpy()
        self.w = np.ones(len(x)) if weights is None else frame[weights].to_numpy()
        eta = self.x @ fit.beta + (0 if offset is None else frame[offset].to_numpy())
        mu = self.mean(eta)
        h = 1e-5
        slope = (self.mean(eta - 2 * h) - 8 * self.mean(eta - h) + 8 * self.mean(eta + h) - self.mean(eta + 2 * h)) / (
            12 * h
        )
        self.mu, self.d = mu, self.x * slope[:, None]
        self.v = VARIANCES[fit.family.name](mu, fit.size)
        self.e = (self.y - mu) / np.sqrt(self.v)
        self.structure = structure

    def mean(self, eta):
        scipy = pytest.importorskip("scipy.special")
        return {
            "identity": lambda: eta,
            "log": lambda: np.exp(eta),
            "logit": lambda: 1 / (1 + np.exp(-eta)),
            "probit": lambda: scipy.ndtr(eta),
            "cloglog": lambda: -np.expm1(-np.exp(eta)),
            "cauchit": lambda: 0.5 + np.arctan(eta) / np.pi,
            "sqrt": lambda: eta**2,
            "inverse": lambda: 1 / eta,
        }[self.fit.family.link]()

    def groups(self):
        for name in np.unique(self.g):
            yield np.flatnonzero(self.g == name)

    def matrix(self, own):
        alpha, r = self.fit.correlation_parameters, np.eye(len(own))
        pairs = list(combinations(range(4), 2))
        for i, j in combinations(range(len(own)), 2):
            s, t = sorted((self.t[own[i]], self.t[own[j]]))
            r[i, j] = r[j, i] = {
                "independence": lambda: 0.0,
                "exchangeable": lambda: alpha[0],
                "ar1": lambda t=t, s=s: alpha[0] ** (t - s),
                "unstructured": lambda t=t, s=s: alpha[pairs.index((s, t))],
            }[self.structure]()
        return r

    def parts(self):
        """Yield D, V and residuals of every group."""
        for own in self.groups():
            sd = np.sqrt(self.fit.scale * self.v[own] / self.w[own])
            yield self.d[own], sd[:, None] * self.matrix(own) * sd, (self.y - self.mu)[own]

    def covariance(self, kind):
        bread = np.linalg.inv(sum(d.T @ np.linalg.solve(v, d) for d, v, _ in self.parts()))
        if kind == "naive":
            return bread
        meat = 0
        for d, v, r in self.parts():
            if kind != "robust":
                left = np.eye(len(r)) - d @ bread @ d.T @ np.linalg.inv(v)
                values, vectors = np.linalg.eig(left)
                power = -0.5 if kind == "kauermann-carroll" else -1.0
                r = np.real(vectors @ np.diag(values.astype(complex) ** power) @ np.linalg.inv(vectors)) @ r
            u = d.T @ np.linalg.solve(v, r)
            meat = meat + np.outer(u, u)
        return bread @ meat @ bread


@pytest.mark.parametrize("entry", GOLDEN, ids=lambda entry: entry["dataset"])
@pytest.mark.parametrize("frame", ["polars", "pandas"])
def test_geepack_is_met(entry, frame):
    given = {name: entry[name] for name in ("groups", "family", "correlation")}
    fit = hlmrs.gee(entry["formula"], data(entry["dataset"], frame), **given)
    assert fit.coef_names == entry["names"]
    robust = np.array(entry["vcov_robust"])
    se = np.sqrt(np.diag(robust))
    np.testing.assert_allclose(fit.beta, entry["beta"], atol=1e-8 * se.min())
    np.testing.assert_allclose(fit.vcov(), robust, rtol=1e-8, atol=1e-9 * robust.max())
    np.testing.assert_allclose(np.sqrt(np.diag(fit.vcov("naive"))), entry["se_naive"], rtol=1e-8)
    np.testing.assert_allclose(fit.tidy()["statistic"] ** 2, entry["wald"], rtol=1e-8)
    np.testing.assert_allclose(fit.correlation_parameters, entry["alpha"], rtol=1e-8)
    names = ["qicu", "cic", "quasi_likelihood"]
    got = [fit.scale, fit.qic, *(fit.information_criteria()[name][0] for name in names)]
    want = [entry[name] for name in ("scale", "qic", *names)]
    np.testing.assert_allclose(got, want, rtol=1e-8)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize(("response", "family", "link"), MODELS)
def test_the_equations_hold_by_dense_algebra(response, family, link, structure):
    fit = hlmrs.gee(
        f"{response} ~ x + arm", DATA, groups="g", family=family, link=link, correlation=structure, time="t"
    )
    dense = Dense(fit, DATA, response, structure)
    score = sum(d.T @ np.linalg.solve(v, r) for d, v, r in dense.parts())
    np.testing.assert_allclose(fit.vcov("naive") @ score, 0, atol=2e-7 * np.sqrt(np.diag(fit.vcov())).min())
    assert fit.scale == pytest.approx(np.mean(dense.e**2), rel=1e-9)
    for kind in ("naive", "robust", "kauermann-carroll", "mancl-derouen"):
        want = dense.covariance(kind)
        np.testing.assert_allclose(fit.vcov(kind), want, rtol=1e-6, atol=1e-6 * want.max(), err_msg=kind)


def test_weights_and_offsets_enter_as_in_dense_algebra():
    fit = hlmrs.gee(
        "count ~ x + arm", DATA, groups="g", family="poisson", correlation="ar1", time="t", weights="w", offset="o"
    )
    dense = Dense(fit, DATA, "count", "ar1", weights="w", offset="o")
    score = sum(d.T @ np.linalg.solve(v, r) for d, v, r in dense.parts())
    np.testing.assert_allclose(fit.vcov("naive") @ score, 0, atol=1e-9)
    assert fit.scale == pytest.approx(np.average(dense.e**2, weights=dense.w), rel=1e-9)
    np.testing.assert_allclose(fit.vcov("mancl-derouen"), dense.covariance("mancl-derouen"), rtol=1e-7)
    doubled = hlmrs.gee(
        "count ~ x + arm",
        DATA.with_columns(w=2 * pl.col("w")),
        groups="g",
        family="poisson",
        correlation="ar1",
        time="t",
        weights="w",
        offset="o",
    )
    np.testing.assert_allclose(doubled.beta, fit.beta, rtol=1e-9)
    np.testing.assert_allclose(doubled.vcov(), fit.vcov(), rtol=1e-8)


@pytest.mark.parametrize("structure", ["exchangeable", "ar1", "unstructured"])
def test_correlations_are_the_moments_of_all_pairs(structure):
    fit = hlmrs.gee(
        "normal ~ x + arm", DATA, groups="g", correlation=structure, time="t", weights="w", control=hlmrs.Control()
    )
    dense = Dense(fit, DATA, "normal", structure, weights="w")
    pairs = [(i, j) for own in dense.groups() for i, j in combinations(own, 2)]
    i, j = np.array(pairs).T
    z, w = dense.e[i] * dense.e[j] / fit.scale, dense.w[i] * dense.w[j]
    alpha, gap = fit.correlation_parameters, dense.t[j] - dense.t[i]
    if structure == "exchangeable":
        assert alpha[0] == pytest.approx(np.average(z, weights=w), rel=1e-9)
    elif structure == "ar1":
        assert np.sum(w * gap * alpha[0] ** (gap - 1) * (z - alpha[0] ** gap)) == pytest.approx(0, abs=1e-8)
    else:
        for k, (s, t) in enumerate(combinations(range(4), 2)):
            own = (dense.t[i] == s) & (dense.t[j] == t)
            assert alpha[k] == pytest.approx(np.average(z[own], weights=w[own]), rel=1e-9)


def test_independence_gives_ordinary_least_squares_with_its_sandwich():
    fit = hlmrs.gee("normal ~ x", DATA, groups="g")
    x, y = np.column_stack([np.ones(len(DATA)), DATA["x"]]), DATA["normal"].to_numpy()
    beta, *_ = np.linalg.lstsq(x, y, rcond=None)
    scores = x * (y - x @ beta)[:, None]
    sums = np.array([scores[(DATA["g"] == g).to_numpy()].sum(axis=0) for g in DATA["g"].unique()])
    bread = np.linalg.inv(x.T @ x)
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-11)
    np.testing.assert_allclose(fit.vcov(), bread @ sums.T @ sums @ bread, rtol=1e-9)


def test_balanced_exchangeable_normal_rows_have_the_least_squares_estimate():
    frame = hlmrs.datasets.load("Orthodont", "polars")
    free = hlmrs.gee("distance ~ age * Sex", frame, groups="Subject")
    tied = hlmrs.gee("distance ~ age * Sex", frame, groups="Subject", correlation="exchangeable")
    np.testing.assert_allclose(tied.beta, free.beta, rtol=1e-9)
    np.testing.assert_allclose(tied.vcov(), free.vcov(), rtol=1e-8)
    assert tied.correlation_parameters[0] > 0.5


def test_rows_of_one_each_are_a_model_of_independent_rows():
    frame = DATA.with_columns(id=pl.int_range(len(DATA)))
    one = hlmrs.gee("count ~ x", frame, groups="id", family="poisson", correlation="exchangeable")
    free = hlmrs.gee("count ~ x", frame, groups="id", family="poisson")
    np.testing.assert_array_equal(one.beta, free.beta)
    np.testing.assert_array_equal(one.vcov(), free.vcov())


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_order_of_rows_does_not_matter_where_times_are_given(structure):
    given = {"groups": "g", "family": "poisson", "correlation": structure, "time": "t"}
    fits = [hlmrs.gee("count ~ x + arm", frame, **given) for frame in (DATA, DATA.sort("g", "t"), DATA.sort("x"))]
    for other in fits[1:]:
        np.testing.assert_allclose(other.beta, fits[0].beta, rtol=1e-9)
        np.testing.assert_allclose(other.vcov(), fits[0].vcov(), rtol=1e-8)


def test_without_times_rows_stand_in_the_order_of_time():
    whole = DATA.sort("g", "t").filter(pl.len().over("g") > 1)
    place = whole.with_columns(p=pl.int_range(pl.len()).over("g"))
    for structure in ("ar1", "unstructured"):
        one = hlmrs.gee("normal ~ x", whole, groups="g", correlation=structure)
        two = hlmrs.gee("normal ~ x", place.sort("x"), groups="g", correlation=structure, time="p")
        np.testing.assert_allclose(one.beta, two.beta, rtol=1e-9)
        np.testing.assert_allclose(one.correlation_parameters, two.correlation_parameters, rtol=1e-8)


def test_threads_give_the_same_bits():
    frame = pl.concat([simulated(900, seed).with_columns(g=pl.col("g") + f"-{seed}") for seed in range(4)])
    for structure in STRUCTURES:
        fits = [
            hlmrs.gee(
                "event ~ x + arm",
                frame,
                groups="g",
                family="binomial",
                correlation=structure,
                time="t",
                control=hlmrs.Control(n_threads=n),
            )
            for n in (1, 2, 3)
        ]
        for other in fits[1:]:
            np.testing.assert_array_equal(other.beta, fits[0].beta)
            for kind in ("robust", "mancl-derouen"):
                np.testing.assert_array_equal(other.vcov(kind), fits[0].vcov(kind))


def test_counts_of_successes_are_their_single_trials():
    rng = np.random.default_rng(5)
    trials = rng.integers(1, 6, 80)
    frame = pl.DataFrame({"g": np.repeat(np.arange(20), 4), "x": rng.normal(size=80), "n": trials})
    frame = frame.with_columns(s=pl.Series(rng.binomial(trials, 0.4)))
    counts = hlmrs.gee("cbind(s, n - s) ~ x", frame, groups="g", family="binomial")
    share = hlmrs.gee(
        "p ~ x", frame.with_columns(p=pl.col("s") / pl.col("n")), groups="g", family="binomial", weights="n"
    )
    single = pl.concat(
        [
            pl.DataFrame({"g": [r["g"]] * r["n"], "x": [r["x"]] * r["n"], "y": [1] * r["s"] + [0] * (r["n"] - r["s"])})
            for r in frame.rows(named=True)
        ]
    )
    ones = hlmrs.gee("y ~ x", single, groups="g", family="binomial")
    for other in (share, ones):
        np.testing.assert_allclose(other.beta, counts.beta, rtol=1e-9)
        np.testing.assert_allclose(other.vcov(), counts.vcov(), rtol=1e-8)


def test_rows_without_weight_are_refused_as_by_the_other_models():
    frame = DATA.with_columns(w=pl.when(pl.col("t") == 3).then(0.0).otherwise(1.0))
    given = {"groups": "g", "family": "poisson", "correlation": "exchangeable"}
    with pytest.raises(hlmrs.DataError, match=r"weights='w' are 0 in \d+ rows, first in row 5 .*drop the rows"):
        hlmrs.gee("count ~ x", frame, weights="w", **given)


def test_the_size_by_moments_makes_the_mean_squared_residual_one():
    fit = hlmrs.gee("count ~ x", DATA, groups="g", family="nbinom2")
    assert fit.scale == pytest.approx(1, rel=1e-10)
    assert 0.5 < fit.size < 10
    given = hlmrs.gee("count ~ x", DATA, groups="g", family="nbinom2", size=fit.size)
    np.testing.assert_allclose(given.beta, fit.beta, rtol=1e-8)
    fixed = hlmrs.gee("count ~ x", DATA, groups="g", family="nbinom2", size=fit.size, scale=2.0)
    np.testing.assert_allclose(fixed.vcov("naive"), 2 * given.vcov("naive") / given.scale, rtol=1e-7)


def test_counts_without_overdispersion_are_poisson_and_said_to_be():
    rng = np.random.default_rng(2)
    frame = pl.DataFrame({"g": np.arange(300) // 5, "x": rng.normal(size=300), "y": rng.binomial(6, 0.5, 300)})
    fit = hlmrs.gee("y ~ x", frame, groups="g", family="nbinom2")
    poisson = hlmrs.gee("y ~ x", frame, groups="g", family="poisson")
    assert np.isinf(fit.size)
    assert any("infinite" in text for text in fit.verdict.advice)
    np.testing.assert_allclose(fit.beta, poisson.beta, rtol=1e-10)


def test_gaps_between_times_count_for_ar1():
    frame = hlmrs.datasets.load("Orthodont", "polars")
    whole = hlmrs.gee("distance ~ Sex", frame, groups="Subject", correlation="ar1", time="age")
    assert whole.correlation_matrix.shape == (4, 4)
    gap = frame.filter(pl.col("age") != 10)
    fit = hlmrs.gee("distance ~ Sex", gap, groups="Subject", correlation="ar1", time="age")
    np.testing.assert_allclose(fit.correlation_matrix[0, 2], fit.correlation_parameters[0] ** 2, rtol=1e-12)
    dense = hlmrs.gee("distance ~ Sex", gap, groups="Subject", correlation="ar1")
    assert abs(dense.correlation_parameters[0] - fit.correlation_parameters[0]) > 1e-3


def test_dates_and_ordered_categories_are_times():
    frame = DATA.with_columns(
        day=pl.date(2024, 1, 1) + pl.duration(days=7 * pl.col("t")),
        visit=pl.format("week {}", pl.col("t")).cast(pl.Enum([f"week {k}" for k in range(4)])),
    )
    fits = [hlmrs.gee("normal ~ x", frame, groups="g", correlation="ar1", time=time) for time in ("t", "day", "visit")]
    for other in fits[1:]:
        np.testing.assert_allclose(other.beta, fits[0].beta, rtol=1e-12)


def test_a_correlation_that_is_not_definite_is_said():
    rng = np.random.default_rng(3)
    sizes = np.array([2] * 40 + [8] * 4)
    group = np.repeat(np.arange(44), sizes)
    y = rng.normal(size=len(group))
    for k in range(40):
        a, b = np.flatnonzero(group == k)
        y[b] = 0.1 * y[b] - y[a]
    frame = pl.DataFrame({"g": group, "y": y, "x": rng.normal(size=len(y))})
    with pytest.warns(hlmrs.InferenceWarning, match="not positive definite"):
        fit = hlmrs.gee("y ~ x", frame, groups="g", correlation="exchangeable")
    assert not fit.verdict.positive_definite
    assert fit.verdict.status == "not-definite"
    assert "independence" in " ".join(fit.verdict.explain().split())


def test_too_few_steps_are_said():
    with pytest.warns(hlmrs.ConvergenceWarning, match="Not solved after 1 step"):
        fit = hlmrs.gee(
            "event ~ x",
            DATA,
            groups="g",
            family="binomial",
            correlation="exchangeable",
            control=hlmrs.Control(max_evaluations=1),
        )
    assert not fit.verdict.converged


BAD = [
    ({"groups": "h"}, hlmrs.DataError, "groups='h': the data have no such column"),
    ({"groups": 3}, TypeError, "name the column"),
    ({"formula": "count ~ x + (1 | g)"}, hlmrs.FormulaError, "no random effects"),
    ({"family": "beta"}, hlmrs.OptionError, "gee\\(\\) has"),
    ({"correlation": "toeplitz"}, hlmrs.OptionError, "choose one of"),
    ({"formula": "normal ~ x"}, hlmrs.DataError, "is no whole number in 178 of 313 rows used .* as 0.5279"),
    ({"size": 2.0}, hlmrs.OptionError, "belongs to family 'nbinom2'"),
    ({"scale": -1}, hlmrs.OptionError, "positive number"),
    ({"time": "u"}, hlmrs.DataError, "time='u': the data have no such column"),
    ({"time": "twice"}, hlmrs.DataError, "more than one row at time 1 of time='twice'"),
    ({"time": "text"}, hlmrs.DataError, "is text, such as"),
    ({"time": "gap"}, hlmrs.DataError, "is missing in 2 rows, first in row 0"),
    ({"time": "odd", "correlation": "ar1"}, hlmrs.OptionError, "share no step"),
    ({"groups": "one"}, hlmrs.DesignError, "has one group"),
    ({"formula": "count ~ same"}, hlmrs.DesignError, "'same'"),
    ({"weights": "minus"}, hlmrs.DataError, "not negative"),
    ({"formula": "count ~ 0"}, hlmrs.DesignError, "no coefficients"),
    ({"formula": "zero ~ x", "family": "binomial"}, hlmrs.DesignError, "no variation"),
    ({"formula": "apart ~ x", "family": "binomial"}, hlmrs.DesignError, "separation"),
    ({"formula": "copy ~ x", "family": "gaussian"}, hlmrs.DesignError, "reproduces the response"),
    ({"nothing": 1}, TypeError, "no argument 'nothing'"),
]


@pytest.mark.parametrize(("change", "error", "text"), BAD)
def test_bad_input_is_refused_with_its_name(change, error, text):
    n = len(DATA)
    frame = DATA.with_columns(
        twice=pl.lit(1),
        text=pl.format("visit {}", pl.col("t")),
        gap=pl.when(pl.int_range(n) < 2).then(None).otherwise(pl.col("t")),
        odd=pl.col("t") ** 2 * math.pi + pl.col("t"),
        one=pl.lit("all"),
        same=pl.lit("all"),
        minus=-pl.col("w"),
        zero=pl.lit(0),
        apart=(pl.col("x") > 0).cast(int),
        copy=3 * pl.col("x") + 1,
    )
    given = {"formula": "count ~ x", "groups": "g", "family": "poisson"} | change
    with pytest.raises(error, match=text):
        hlmrs.gee(given.pop("formula"), frame, **given)


def test_times_that_no_group_has_together_are_named():
    frame = pl.DataFrame({"g": [0, 0, 1, 1, 2, 2], "t": [1, 2, 1, 2, 1, 3], "y": [1.0, 2, 3, 2, 5, 4]})
    with pytest.raises(hlmrs.DesignError, match="both times 2 and 3"):
        hlmrs.gee("y ~ 1", frame, groups="g", time="t", correlation="unstructured")


def test_a_group_that_alone_determines_a_coefficient_has_no_correction():
    frame = DATA.with_columns(own=(pl.col("g") == pl.col("g").first()).cast(int))
    fit = hlmrs.gee("normal ~ x + own", frame, groups="g")
    assert np.isfinite(fit.vcov()).all()
    for kind in ("mancl-derouen", "kauermann-carroll"):
        with pytest.raises(hlmrs.DesignError, match="alone determines a coefficient"):
            fit.vcov(kind)


def test_missing_rows_and_dependent_columns_are_left_out_with_a_warning():
    frame = DATA.with_columns(
        x=pl.when(pl.int_range(len(DATA)) < 3).then(None).otherwise(pl.col("x")),
        g=pl.when(pl.int_range(len(DATA)) == 10).then(None).otherwise(pl.col("g")),
    ).with_columns(z=2 * pl.col("x"))
    with pytest.warns(hlmrs.DroppedRowsWarning, match="4 of"), pytest.warns(hlmrs.RankDeficiencyWarning, match="z"):
        fit = hlmrs.gee("count ~ x + z", frame, groups="g", family="poisson", time="t", correlation="exchangeable")
    rest = frame.drop_nulls()
    np.testing.assert_allclose(
        fit.beta, hlmrs.gee("count ~ x", rest, groups="g", family="poisson", correlation="exchangeable").beta
    )
    assert fit.nobs == len(rest) == len(fit.fitted) == len(fit.resid())
    assert [row["term"] for row in rows(fit.tidy())] == ["(Intercept)", "x", "z"]


def test_coverage_of_robust_intervals_under_a_wrong_correlation():
    """Groups share an effect and rows are taken as autoregressive: 95 % intervals by Mancl and DeRouen."""
    rng, inside, n = np.random.default_rng(11), 0, 300
    group = np.repeat(np.arange(30), 6)
    for _ in range(n):
        x = rng.normal(size=30)[group]
        y = rng.poisson(np.exp(0.5 + 0.3 * x) * rng.gamma(2.0, 0.5, 30)[group])
        fit = hlmrs.gee("y ~ x", {"y": y, "x": x, "g": group}, groups="g", family="poisson", correlation="ar1")
        bounds = fit.confint(vcov="mancl-derouen", ddf="groups")
        inside += bounds["conf_low"][1] <= 0.3 <= bounds["conf_high"][1]
    # 95 % and three standard errors of a share of 300
    assert inside / n == pytest.approx(0.95, abs=3 * (0.95 * 0.05 / n) ** 0.5)


def _is_idle() -> bool:
    """Whether this process takes next to no time of a processor for half a second."""
    before = time.process_time()
    time.sleep(0.5)
    return time.process_time() - before < 0.1


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
def test_ctrl_c_is_answered_at_once_and_the_work_ends():
    rng, n = np.random.default_rng(0), 60_000
    frame = {"y": rng.normal(size=n), "g": np.arange(n) % 2}  # moments of 1.8 billion pairs

    def press(number, frame):
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGALRM, press)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1.5)
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            hlmrs.gee("y ~ 1", frame, groups="g", correlation="ar1")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert time.monotonic() - start < 1.5 + 5.0  # ten times the bound, for busy machines
    assert any(_is_idle() for _ in range(10))


def test_equations_without_a_solution_are_not_called_solved():
    """Ten groups of counts, two of which are far off: coefficients and correlation drive each other away."""
    texts = [
        "763",
        "0200",
        "11206",
        "205402",
        "0123054",
        "40162402",
        "12 15 13 7 13 3 17 35 26",
        "020",
        "5349",
        "33453",
    ]
    counts = [[int(number) for number in (text.split() if " " in text else text)] for text in texts]
    w = [-0.03, -3.01, -0.88, -0.04, -0.16, 0.71, 0.61, -2.31, 0.97, 0.88]
    x = """0.95 0.33 0.3 0.8 1.22 -0.73 0.06 -2.09 -0.82 0.36 -1.16 1.78 0.97 -0.58 0.71 -1.35 -2.51 0.46 -0.47 0.4
        -0.56 -1.89 -0.25 1.02 0.37 1.17 -0.54 0.8 2.14 -0.52 1.7 -1.25 1.92 0.37 1.01 0.12 -0.28 -0.01 -2.21 0.43
        2.12 1.64 -1.16 1.26 0.25 -0.06 -0.79 -2.59 -0.19 -2.07 1.06 0.47 0.54 -0.21"""
    rows_of = [(y, w[k], k) for k, own in enumerate(counts) for y in own]
    frame = pl.DataFrame(rows_of, schema=["y", "w", "g"], orient="row").with_columns(x=pl.Series(map(float, x.split())))
    free = hlmrs.gee("y ~ w + x", frame, groups="g", family="poisson")
    with pytest.warns(hlmrs.ConvergenceWarning, match="drive each other away"):
        fit = hlmrs.gee("y ~ w + x", frame, groups="g", family="poisson", correlation="exchangeable")
    assert fit.verdict.status == "not-converged"
    assert fit.scale < 10 * free.scale
    assert np.isfinite(fit.vcov()).all()
