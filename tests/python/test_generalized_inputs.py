"""Generalized models from every frame, on any number of threads, in HTML, and ordered ones with crossed effects."""

from typing import Any

import numpy as np
import polars as pl
import pytest

import hlmrs
from generalized_models import MODELS, data_of, fit_of, quietly
from golden import library, relation, rows

FRAMES = {
    "pyarrow": lambda data: data.to_arrow(),
    "duckdb": lambda data: relation(data.to_arrow()),
    "pandas": lambda data: data.to_pandas(),
    "dict": lambda data: {column.name: column.to_numpy() for column in data},
}


@pytest.mark.parametrize("name", ["cbind", "zero part", "two levels", "weights"])
@pytest.mark.parametrize("frame", FRAMES)
def test_every_kind_of_frame_gives_the_same_fit_and_its_own_kind_of_tables(frame: str, name: str) -> None:
    formula, options = MODELS[name]
    data = FRAMES[frame](data_of())
    fit = quietly(lambda: hlmrs.glmer(formula, data, **options))
    plain = fit_of(name)
    assert fit.criterion == pytest.approx(plain.criterion, rel=1e-12)
    assert fit.success == plain.success
    for table, other in ((fit.tidy(), plain.tidy()), (fit.ranef(), plain.ranef()), (fit.varcorr(), plain.varcorr())):
        assert library(table) == frame
        for one, two in zip(rows(table), rows(other), strict=True):
            assert one.keys() == two.keys()
            for name, value in two.items():
                assert one[name] == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value)
    np.testing.assert_allclose(fit.predict(data), plain.fitted, rtol=1e-8)


def test_the_report_is_shown_in_notebooks() -> None:
    fit = fit_of("zero part")
    shown = fit.summary()._repr_html_()
    for words in ("Zero part", "nbinom2 (log link)", "Dispersion", "Random effects"):
        assert words in shown, words
    assert shown.count("<table") >= 3
    assert "<table" in fit._repr_html_()


@pytest.mark.parametrize(
    "options",
    [
        {"family": "binomial"},
        {"family": "nbinom2"},
        {"family": "gamma", "link": "log", "dispersion": "~ x"},
        {"family": "poisson", "zero_inflation": "~ x"},
        {"family": "cumulative"},
        {"family": "tweedie"},
        {"family": "poisson", "nagq": 5, "crossed": False},
    ],
    ids=str,
)
def test_any_number_of_threads_gives_the_same_bits(options: dict[str, Any]) -> None:
    # more rows than are one piece of a sum
    rng = np.random.default_rng(3)
    n = 2500
    g, h, x = rng.integers(60, size=n), rng.integers(40, size=n), rng.normal(size=n)
    mean = np.exp(0.4 + 0.3 * x + 0.4 * rng.normal(size=60)[g] + 0.3 * rng.normal(size=40)[h])
    y: Any = {
        "binomial": lambda: rng.random(n) < mean / (1 + mean),
        "gamma": lambda: rng.gamma(2, mean / 2),
        "cumulative": lambda: np.digitize(rng.poisson(mean), [1, 3]),
        "tweedie": lambda: rng.poisson(mean) * rng.gamma(2, 0.5, n),
        "poisson": lambda: rng.poisson(mean) * (rng.random(n) < (0.8 if "zero_inflation" in options else 1.0)),
    }.get(options["family"], lambda: rng.poisson(rng.gamma(2, mean / 2)))()
    how = {key: value for key, value in options.items() if key != "crossed"}
    formula = "y ~ x + (1 | g) + (1 | h)" if options.get("crossed", True) else "y ~ x + (1 | g)"
    data = {"y": np.asarray(y, dtype=float), "x": x, "g": g, "h": h}
    one, three = (hlmrs.glmer(formula, data, control=hlmrs.Control(n_threads=threads), **how) for threads in (1, 3))
    assert three.criterion == one.criterion
    for name in ("beta", "theta", "fitted"):
        np.testing.assert_array_equal(getattr(three, name), getattr(one, name))
    np.testing.assert_array_equal(three.vcov(), one.vcov())


def crossed_grades(n_categories: int) -> pl.DataFrame:
    """Grades of rows in crossed groups, whose spread is twice as large where f is b."""
    rng = np.random.default_rng(12)
    n = 1600
    g, h, x = np.arange(n) % 40, rng.integers(25, size=n), rng.normal(size=n)
    f = rng.choice(["a", "b"], n)
    latent = 0.8 * x + 0.6 * rng.normal(size=40)[g] + 0.5 * rng.normal(size=25)[h]
    latent = latent + np.where(f == "b", 2.0, 1.0) * rng.logistic(size=n)
    codes = np.digitize(latent, [-1.0, 0.5, 1.5][: n_categories - 1])
    grade = pl.Series(codes.astype(str)).cast(pl.Enum([str(k) for k in range(n_categories)]))
    return pl.DataFrame({"y": grade, "x": x, "f": f, "g": g, "h": h})


def test_a_scale_beside_crossed_effects_is_the_one_that_grades_were_drawn_with() -> None:
    data = crossed_grades(4)
    fit = hlmrs.glmer("y ~ x + (1 | g) + (1 | h)", data, family="cumulative", scale="~ f")
    assert fit.verdict.status == "optimum"
    scale = fit.tidy(component="scale")
    assert abs(scale["estimate"][0] - np.log(2)) < 3 * scale["std_error"][0] < 0.4
    sds = fit.varcorr()["sd"].to_numpy()
    np.testing.assert_allclose(sds, [0.6, 0.5], atol=0.3)
    assert fit.loglik > fit.update(scale=None).loglik + 10


def test_an_effect_on_the_one_threshold_of_two_categories_is_an_effect_of_the_other_sign() -> None:
    data = crossed_grades(2)
    formula = "y ~ x + (1 | g) + (1 | h)"
    nominal = hlmrs.glmer(formula, data, family="cumulative", nominal="~ f")
    plain = hlmrs.glmer("y ~ x + f + (1 | g) + (1 | h)", data, family="cumulative")
    binary = hlmrs.glmer("y ~ x + f + (1 | g) + (1 | h)", data, family="binomial")
    assert nominal.loglik == pytest.approx(plain.loglik, abs=1e-6)
    assert plain.loglik == pytest.approx(binary.loglik, abs=1e-6)
    found = dict(zip(*(nominal.tidy(component="thresholds")[name] for name in ("term", "estimate")), strict=True))
    effect = next(value for term, value in found.items() if "fb" in term)
    assert effect == pytest.approx(-plain.fixef()["fb"], abs=1e-4)
    np.testing.assert_allclose([plain.fixef()[name] for name in ("x", "fb")], binary.beta[1:], atol=1e-4)
