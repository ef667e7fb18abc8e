"""Means that rest on several parts: averages of predictions on the grid, gradients by differences of formulas."""

import math
from functools import cache

import numpy as np
import polars as pl
import pytest

import hlmrs
from generalized_models import quietly
from golden import rows

R = np.random.default_rng(8)
N = 400
G = np.repeat(np.arange(40), 10)
F, H = R.choice(["a", "b", "c"], N), R.choice(["u", "v"], N)
X, W = R.normal(size=N), R.normal(size=N)
MEAN = np.exp(0.5 + 0.4 * X + 0.5 * (F == "b") + 0.4 * R.normal(size=40)[G])
PRESENT = R.random(N) > 1 / (1 + np.exp(1 - 0.5 * W - (H == "v")))
LATENT = 0.8 * X + (F == "b") + R.logistic(size=N) + 0.5 * R.normal(size=40)[G]
DATA = pl.DataFrame(
    {
        "n": R.poisson(MEAN) * PRESENT,
        "p": R.gamma(3.0, MEAN / 3.0),
        "k": pl.Series(np.array(["low", "mid", "high"])[np.digitize(LATENT, [-0.5, 1.0])]).cast(
            pl.Enum(["low", "mid", "high"])
        ),
        "f": F,
        "h": H,
        "x": X,
        "w": W,
        "g": [f"g{k}" for k in G],
    }
)
MODELS = {
    "zeros": ("n ~ x + f + (1 | g)", {"family": "poisson", "zero_inflation": "~ w + h"}),
    "hurdle": ("n ~ f + (1 | g)", {"family": "truncated_poisson", "zero_inflation": "~ h"}),
    "ordered": ("k ~ x + f + (1 | g)", {"family": "cumulative", "scale": "~ h", "nominal": "~ w"}),
    "probit": ("k ~ x + f + (1 | g)", {"family": "cumulative", "link": "probit"}),
    "equidistant": ("k ~ x + f + (1 | g)", {"family": "cumulative", "thresholds": "equidistant"}),
    "spread": ("p ~ x + f + (1 | g)", {"family": "lognormal", "dispersion": "~ h"}),
}


@cache
def fit_of(name):
    formula, options = MODELS[name]
    return quietly(lambda: hlmrs.glmer(formula, DATA, **options))


def grid(f=("a", "b", "c"), h=("u", "v")):
    """Every combination of the factors, covariates at their means."""
    f, h = (a.ravel() for a in np.meshgrid(f, h, indexing="ij"))
    mean = {"x": np.full(len(f), DATA["x"].mean()), "w": np.full(len(f), DATA["w"].mean())}
    return pl.DataFrame({"f": f, "h": h, **mean})


def expit(z):
    return 1 / (1 + np.exp(-z))


def design(part, data):
    """Columns of the parts of the models by name."""
    one = np.ones(len(data))
    f, h = data["f"].to_numpy(), data["h"].to_numpy()
    columns = {"1": one, "x": data["x"].to_numpy(), "w": data["w"].to_numpy(), "b": f == "b", "c": f == "c"}
    return np.column_stack([(columns | {"v": h == "v"})[name] for name in part]).astype(float)


def of_zeros(b, data):
    """(1 - p) mu: coefficients of the mean, then of the zero part."""
    return ((1 - expit(design("1wv", data) @ b[4:])) * np.exp(design("1xbc", data) @ b[:4]))[:, None]


def of_hurdle(b, data):
    mu = np.exp(design("1bc", data) @ b[:3])
    return ((1 - expit(design("1v", data) @ b[3:])) * mu / -np.expm1(-mu))[:, None]


def of_spread(b, data):
    """exp(eta + sigma²/2) of lognormal responses, log sigma by a model."""
    return np.exp(design("1xbc", data) @ b[:4] + np.exp(2 * design("1v", data) @ b[4:]) / 2)[:, None]


def _cumulative(thresholds, eta, inverse=expit):
    below = inverse(thresholds - eta[:, None])
    ends = [np.zeros((len(eta), 1)), below, np.ones((len(eta), 1))]
    return np.diff(np.concatenate(ends, axis=1), axis=1)


def of_ordered(b, data):
    """Two thresholds with an effect of w on each, three coefficients of the mean, one of the logarithm of the scale."""
    base = design("1w", data)
    thresholds = np.column_stack([base @ b[[0, 2]], base @ b[[1, 3]]])
    shrunk = np.exp(-design("v", data) @ b[7:])
    return _cumulative(thresholds * shrunk[:, None], design("xbc", data) @ b[4:7] * shrunk)


def of_probit(b, data):
    normal = np.vectorize(lambda z: 0.5 * (1 + math.erf(z / math.sqrt(2))))
    return _cumulative(np.tile(b[:2], (len(data), 1)), design("xbc", data) @ b[2:], normal)


def of_equidistant(b, data):
    return _cumulative(np.tile([b[0], b[0] + b[1]], (len(data), 1)), design("xbc", data) @ b[2:])


PARTS = {
    "zeros": (of_zeros, ["conditional", "zero_inflation"]),
    "hurdle": (of_hurdle, ["conditional", "zero_inflation"]),
    "spread": (of_spread, ["conditional", "dispersion"]),
    "ordered": (of_ordered, ["thresholds", "conditional", "scale"]),
    "probit": (of_probit, ["thresholds", "conditional"]),
    "equidistant": (of_equidistant, ["thresholds", "conditional"]),
}


def coefficients(name):
    """Return the coefficients of the parts in the order of the formulas here, and their covariance."""
    fit, (_, parts) = fit_of(name), PARTS[name]
    b = np.concatenate([rows_of(fit.tidy(component=part)) for part in parts])
    entries = [fit._estimate.own.parts[part] for part in parts]
    places = np.concatenate([np.arange(e["first"], e["first"] + e["n"]) for e in entries])
    return b, fit._estimate.own.fit.covariance()[np.ix_(places, places)]


def rows_of(table):
    return np.array([row["estimate"] for row in rows(table)])


def by_differences(name, function):
    """Return a function of the coefficients and its standard errors by the delta method, differences for gradients."""
    b, covariance = coefficients(name)
    h = 1e-5
    slope = np.array([(function(b + h * e) - function(b - h * e)) / (2 * h) for e in np.eye(len(b))])
    return function(b), np.sqrt(np.einsum("i...,ij,j...->...", slope, covariance, slope))


@pytest.mark.parametrize("name", ["zeros", "hurdle", "spread"])
@pytest.mark.parametrize("variable", ["f", "h"])
def test_means_are_averages_of_predictions_with_errors_by_the_delta_method(name, variable):
    fit, (formula, _) = fit_of(name), PARTS[name]
    table = rows(fit.emmeans(variable, type="response"))
    for row in table:
        cell = grid(**{variable: [row[variable]]})
        value, error = by_differences(name, lambda b, cell=cell: formula(b, cell).mean())
        assert row["estimate"] == pytest.approx(fit.predict(cell, random_effects=False).mean(), rel=1e-9)
        assert row["estimate"] == pytest.approx(value, rel=1e-7)
        assert row["std_error"] == pytest.approx(error, rel=1e-6)
        # the interval is that of the logarithm
        assert math.log(row["conf_high"] / row["estimate"]) == pytest.approx(1.959964 * error / value, rel=1e-5)
        assert row["conf_low"] * row["conf_high"] == pytest.approx(value**2, rel=1e-6)


@pytest.mark.parametrize("name", ["ordered", "probit", "equidistant"])
@pytest.mark.parametrize("kind", ["prob", "cumulative", "exceedance", "mean.class", "response"])
def test_ordered_responses_have_means_of_their_categories(name, kind):
    fit, (formula, _) = fit_of(name), PARTS[name]
    own = {
        "prob": lambda p: p,
        "cumulative": lambda p: p.cumsum(axis=-1)[..., :-1],
        "exceedance": lambda p: 1 - p.cumsum(axis=-1)[..., :-1],
        "mean.class": lambda p: (p @ [1.0, 2.0, 3.0])[..., None],
        "response": lambda p: (p @ [1.0, 2.0, 3.0])[..., None],
    }[kind]
    variable = "h" if name == "ordered" else "f"
    table = rows(fit.emmeans(variable, type=kind))
    levels = list(dict.fromkeys(row[variable] for row in table))
    found = np.array([(row["estimate"], row["std_error"]) for row in table]).reshape(len(levels), -1, 2)
    for level, (estimate, std_error) in zip(levels, np.moveaxis(found, 2, 1), strict=True):
        cell = grid(**{variable: [level]})
        each = np.asarray(fit.predict(cell, type="prob", random_effects=False))
        np.testing.assert_allclose(estimate, own(each).mean(axis=0), rtol=1e-9)
        value, error = by_differences(name, lambda b, cell=cell: own(formula(b, cell)).mean(axis=0))
        np.testing.assert_allclose(estimate, value, rtol=1e-7)
        np.testing.assert_allclose(std_error, error, rtol=1e-6)
    if kind == "prob":
        assert [row["category"] for row in table][:3] == ["low", "mid", "high"]
        np.testing.assert_allclose(found[:, :, 0].sum(axis=1), 1.0)
    if kind != "mean.class" and kind != "response":
        row = table[0]
        logit = [math.log(row[c] / (1 - row[c])) for c in ("conf_low", "estimate", "conf_high")]
        assert logit[0] + logit[2] == pytest.approx(2 * logit[1])
    else:
        assert all(1 < row["conf_low"] < row["estimate"] < row["conf_high"] < 3 for row in table)


def test_contrasts_with_a_zero_part_are_ratios_of_whole_means_or_of_those_without_it():
    fit = fit_of("zeros")
    row = rows(fit.contrasts("h", type="response"))[0]

    def logarithm(b):
        u, v = (np.log(of_zeros(b, grid(h=[level])).mean()) for level in ("u", "v"))
        return u - v

    value, error = by_differences("zeros", logarithm)
    assert row["contrast"] == "u / v"
    assert row["ratio"] == pytest.approx(math.exp(value), rel=1e-7)
    assert row["statistic"] == pytest.approx(value / error, rel=1e-6)
    assert math.log(row["conf_high"]) == pytest.approx(value + 1.959964 * error, rel=1e-5)
    conditional = rows(fit.contrasts("f", type="conditional"))[0]
    assert conditional["ratio"] == pytest.approx(math.exp(rows(fit.contrasts("f"))[0]["estimate"]))


def test_contrasts_of_categories_are_differences_within_each():
    fit = fit_of("ordered")
    table = rows(fit.contrasts("f", type="prob", method="reference", by="h"))
    assert [(row["h"], row["category"], row["contrast"]) for row in table][:4] == [
        ("u", "low", "b - a"),
        ("u", "low", "c - a"),
        ("u", "mid", "b - a"),
        ("u", "mid", "c - a"),
    ]

    def difference(b):
        levels = (grid(f=[level], h=["v"]) for level in ("c", "a"))
        last, first = (of_ordered(b, level)[0, 2] for level in levels)
        return last - first

    value, error = by_differences("ordered", difference)
    assert table[-1]["estimate"] == pytest.approx(value, rel=1e-7)
    assert table[-1]["std_error"] == pytest.approx(error, rel=1e-6)
    odds = rows(fit.contrasts("f", type="response"))[0]
    assert "ratio" in odds
    probit = rows(fit_of("probit").contrasts("f", type="response"))[0]
    means = {row["f"]: row["estimate"] for row in rows(fit_of("probit").emmeans("f", type="mean.class"))}
    assert probit["estimate"] == pytest.approx(means["a"] - means["b"])


@pytest.mark.parametrize(
    ("name", "variable", "kind"),
    [("zeros", "x", "response"), ("zeros", "w", "response"), ("spread", "x", "response"), ("ordered", "x", "prob"),
     ("ordered", "w", "prob"), ("ordered", "w", "mean.class")],
)  # fmt: skip
def test_average_marginal_effects_are_derivatives_of_average_predictions(name, variable, kind):
    fit, (formula, _) = fit_of(name), PARTS[name]
    own = (lambda p: p @ [[1.0], [2.0], [3.0]]) if kind == "mean.class" else (lambda p: p)

    def average(b, step=1e-4):
        high, low = (DATA.with_columns(pl.col(variable) + s) for s in (step, -step))
        return (own(formula(b, high)) - own(formula(b, low))).mean(axis=0) / (2 * step)

    table = rows(fit.slopes(variable, type=kind))
    value, error = by_differences(name, average)
    np.testing.assert_allclose([row["estimate"] for row in table], value, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose([row["std_error"] for row in table], error, rtol=1e-4)
    parts = rows(fit.slopes(variable, by="h", type=kind))
    share = np.array([(DATA["h"] == level).mean() for level in ("u", "v")])
    assert [row["h"] for row in parts] == [level for level in ("u", "v") for _ in table]
    each = np.array([row["estimate"] for row in parts]).reshape(2, -1)
    np.testing.assert_allclose(share @ each, [row["estimate"] for row in table], rtol=1e-9)


def test_scales_of_slopes_are_read_in_whatever_case():
    fit = fit_of("ordered")
    assert rows(fit.slopes("x", type="Mean_Class")) == rows(fit.slopes("x", type="mean.class"))


def test_the_probability_of_zeros_is_that_of_predict():
    fit = fit_of("zeros")
    table = rows(fit.emmeans("h", type="zprob"))
    want = [fit.predict(grid(h=[h]), type="zprob", random_effects=False).mean() for h in ("u", "v")]
    np.testing.assert_allclose([row["estimate"] for row in table], want, rtol=1e-9)
    b, covariance = coefficients("zeros")
    own = grid(f=["a"], h=["u"])
    z = design("1wv", own)[0]
    p = expit(z @ b[4:])
    assert table[0]["std_error"] == pytest.approx(p * (1 - p) * np.sqrt(z @ covariance[4:, 4:] @ z), rel=1e-6)


def test_weights_at_and_robust_covariances_are_those_of_the_grid():
    fit = fit_of("zeros")
    table = rows(fit.emmeans("f", type="response", weights="proportional", at={"x": 1.0}))
    share = np.array([(DATA["h"] == level).mean() for level in ("u", "v")])
    cell = grid(f=["b"]).with_columns(x=pl.lit(1.0))
    assert table[1]["estimate"] == pytest.approx(share @ fit.predict(cell, random_effects=False), rel=1e-9)
    robust = rows(fit.emmeans("f", type="response", vcov="CR0"))
    plain = rows(fit.emmeans("f", type="response"))
    assert robust[0]["estimate"] == plain[0]["estimate"]
    assert 0.3 < robust[0]["std_error"] / plain[0]["std_error"] < 3
    assert robust[0]["std_error"] != plain[0]["std_error"]


def test_a_zero_part_at_its_limit_leaves_the_means_of_the_counts():
    data = DATA.with_columns(n=pl.Series(R.poisson(MEAN) + 1))
    fit = quietly(lambda: hlmrs.glmer("n ~ f + (1 | g)", data, family="poisson", zero_inflation="~ 1"))
    whole, alone = rows(fit.emmeans("f", type="response")), rows(fit.emmeans("f", type="conditional"))
    for a, b in zip(whole, alone, strict=True):
        assert a["estimate"] == pytest.approx(b["estimate"], rel=1e-4)
        assert a["std_error"] == pytest.approx(b["std_error"], rel=1e-3)


def test_combinations_that_the_data_do_not_have_are_missing():
    data = DATA.filter(~((pl.col("f") == "c") & (pl.col("h") == "v")))
    fit = quietly(lambda: hlmrs.glmer("n ~ f * h + (1 | g)", data, family="poisson", zero_inflation="~ 1"))
    with pytest.warns(hlmrs.RankDeficiencyWarning, match="1 of 6"):
        table = rows(fit.emmeans(["f", "h"], type="response"))
    missing = [row["estimate"] is None or math.isnan(row["estimate"]) for row in table]
    assert missing == [False] * 5 + [True]


def test_scales_that_a_model_does_not_have_say_what_they_are_of():
    with pytest.raises(hlmrs.OptionError, match="ordered responses"):
        fit_of("zeros").emmeans("f", type="prob")
    with pytest.raises(hlmrs.OptionError, match="a zero part"):
        fit_of("ordered").emmeans("f", type="zprob")
    with pytest.raises(hlmrs.OptionError, match=r"zero_inflation.* has it, and type='response'"):
        fit_of("zeros").emmeans("h")
    with pytest.raises(hlmrs.OptionError, match="no part of the model has a variable 'q'"):
        fit_of("zeros").emmeans("q", type="response")
    with pytest.raises(hlmrs.OptionError, match="no part of the model has a variable 'q'"):
        fit_of("zeros").emmeans("f", at={"q": 1}, type="response")
    with pytest.raises(hlmrs.OptionError, match="is a factor"):
        fit_of("zeros").slopes("h", type="response")
    linear = hlmrs.lmer("p ~ f + (1 | g)", DATA)
    with pytest.raises(hlmrs.OptionError, match="generalized"):
        linear.emmeans("f", type="prob")


def test_truncated_counts_are_compared_by_differences_with_and_without_a_model_of_the_dispersion():
    """The mean above zero is no exponential of the predictor."""
    counts = DATA.filter(pl.col("n") > 0)
    for options in ({}, {"dispersion": "~ h"}):
        fit = quietly(lambda own=options: hlmrs.glmer("n ~ f + (1 | g)", counts, family="truncated_nbinom2", **own))
        means = {row["f"]: row["estimate"] for row in rows(fit.emmeans("f", type="response"))}
        row = rows(fit.contrasts("f", type="response"))[0]
        assert row["contrast"] == "a - b"
        assert row["estimate"] == pytest.approx(means["a"] - means["b"], rel=1e-6)


def test_what_the_data_do_not_determine_has_no_standard_error():
    """Counts of logarithmic series: means of zero and dispersions of zero, whose ratio alone is determined."""
    r = np.random.default_rng(0)
    f, g = np.repeat(["a", "b"], 60), np.tile(np.arange(12), 10)
    y = np.where(f == "a", r.logseries(0.8, 120), r.logseries(0.9, 120))
    data = pl.DataFrame({"y": y, "f": f, "g": g})
    fit = quietly(lambda: hlmrs.glmer("y ~ f + (1 | g)", data, family="truncated_nbinom2", dispersion="~ f"))
    assert fit.verdict.status == "flat"
    for table in (fit.emmeans("f", type="response"), fit.contrasts("f", type="response")):
        assert np.isnan(np.array(list(table["std_error"]), dtype=float)).all()
