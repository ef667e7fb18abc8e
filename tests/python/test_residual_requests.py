"""What is answered to requests of correlated residuals that cannot be met as they are written."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import hlmrs
from hlmrs.errors import ArgumentError, ConvergenceWarning, FormulaError, OptionError, UndeclaredOrderError

GROWTH = hlmrs.datasets.load("Orthodont", "polars").with_columns(
    pl.format("at {}", pl.col("age").cast(pl.Int64)).alias("my visit")
)
ORDER = [f"at {age}" for age in (8, 10, 12, 14)]
ENUM = GROWTH.with_columns(pl.col("my visit").cast(pl.Enum(ORDER)))
FORMULA = "distance ~ age"


@pytest.mark.parametrize("structure", ["ar1", "ar1h", "toep", "toeph", "ad", "adh", "arma", "car1", "exp"])
def test_visits_of_text_have_no_order(structure):
    with pytest.raises(UndeclaredOrderError, match=r"'my visit' is text, whose levels .*'at 10'.*polars\.Enum"):
        hlmrs.gls(FORMULA, GROWTH, residual=f"{structure}(`my visit` | Subject)")


@pytest.mark.parametrize("structure", ["us", "corr", "csh"])
def test_order_does_not_matter_to_these(structure):
    text, ordered = (hlmrs.gls(FORMULA, data, residual=f"{structure}(`my visit` | Subject)") for data in (GROWTH, ENUM))
    assert text.criterion == pytest.approx(ordered.criterion, abs=1e-6)


def test_a_declared_order_is_that_of_the_numbers():
    of_numbers = hlmrs.gls(FORMULA, GROWTH, residual="toep(age | Subject)")
    pandas = ENUM.to_pandas()
    pandas["my visit"] = pd.Categorical(pandas["my visit"], categories=ORDER, ordered=True)
    for data in (ENUM, pandas):
        fit = hlmrs.gls(FORMULA, data, residual="toep(`my visit` | Subject)")
        assert fit.criterion == pytest.approx(of_numbers.criterion, abs=1e-8)


def test_two_visits_of_text_are_one_pair():
    data = GROWTH.filter(pl.col("age") < 11)
    fit = hlmrs.gls(FORMULA, data, residual="ar1(`my visit` | Subject)")
    assert fit.criterion == pytest.approx(hlmrs.gls(FORMULA, data, residual="cs(1 | Subject)").criterion, abs=1e-6)


def test_a_list_is_refused_before_any_of_it_is_fitted():
    with pytest.raises(UndeclaredOrderError, match="covariance='ar1"):
        hlmrs.mmrm(FORMULA, GROWTH, covariance=["us", "ar1"], visit="my visit", subject="Subject")


@pytest.mark.parametrize("name", ["my visit", "`my visit`"])
def test_names_of_columns_are_written_as_formulas_read_them(name):
    odd = GROWTH.rename({"my visit": "1st `visit`"})
    fit = hlmrs.mmrm(FORMULA, odd, visit="1st `visit`", subject="Subject")
    assert hlmrs.mmrm(FORMULA, GROWTH, visit=name, subject="Subject").criterion == fit.criterion
    expression = hlmrs.mmrm(FORMULA, GROWTH, visit="factor(age)", subject="Subject")
    assert expression.criterion == pytest.approx(fit.criterion, abs=1e-6)


def test_exposures_have_any_name():
    rng = np.random.default_rng(4)
    level = np.exp(np.repeat(rng.normal(1, 0.7, 12), 5))
    data: dict[str, np.ndarray] = {
        "y": rng.poisson(level),
        "days `in`": rng.uniform(1, 3, 60),
        "g": np.repeat(np.arange(12), 5),
    }
    named = hlmrs.glmer("y ~ 1 + (1 | g)", data, family="poisson", exposure="days `in`")
    given = hlmrs.glmer("y ~ 1 + (1 | g)", data, family="poisson", offset=np.log(data["days `in`"]))
    assert named.criterion == pytest.approx(given.criterion, abs=1e-8)


def test_the_covariance_has_the_name_of_its_visits():
    waves = GROWTH.rename({"age": "wave"})
    for visits, name in (("wave", "wave"), ("factor(wave)", "wave"), ("`my visit`", "my visit")):
        fit = hlmrs.mmrm("distance ~ wave", waves, covariance=f"us({visits} | Subject)")
        assert fit.residual_covariance().columns[0] == name
    assert (
        hlmrs.mmrm("distance ~ wave", waves, covariance="cs(1 | Subject)").residual_covariance().columns[0] == "visit"
    )


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"residual": "cs(1 | Sex)"}, r"residual='cs\(1 \| Sex\)'"),
        ({"dispersion": "~ Sex"}, "dispersion='~ Sex'"),
        ({"residual": "cs(1 | Sex)", "dispersion": "~ Sex"}, r"residual='cs\(1 \| Sex\)', dispersion='~ Sex'"),
    ],
)
def test_sums_over_rows_are_refused_by_the_name_of_what_weighs_rows_anew(given, named):
    formula = "distance ~ age + (1 | Subject)"
    sums = hlmrs.SufficientStatistics(formula).update(GROWTH)
    if "residual" in given:
        with pytest.raises(hlmrs.OptionError, match=f"rows='stream' beside {named}: .* take rows=\"keep\""):
            hlmrs.lmer(formula, GROWTH, rows="stream", **given)
    for call in (lambda: hlmrs.lmer(sums, **given), lambda: hlmrs.lmer(formula, sums, **given)):
        with pytest.raises(hlmrs.OptionError, match=f"{named} takes a formula and rows"):
            call()


def test_more_rows_than_memory_are_refused_before_they_are_read(monkeypatch):
    monkeypatch.setattr("hlmrs.resources.available", lambda: 10**9)
    monkeypatch.setattr("hlmrs.resources._LARGE", 0)
    lazy = pl.DataFrame({"y": [0.0], "x": [0.0], "t": [0.0], "id": [0.0]}).lazy()
    monkeypatch.setattr("hlmrs.frame.polars_frame.PolarsLazyFrame.count", lambda self: 10**8)
    for fit in (hlmrs.gls, hlmrs.mmrm):
        how = {"covariance" if fit is hlmrs.mmrm else "residual": "ar1(t | id)"}
        with pytest.raises(hlmrs.DataError, match=r"needs about 9\.6 GB of memory, and 1 GB are free"):
            fit("y ~ x", lazy, **how)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hlmrs.mmrm(FORMULA), "needs data"),
        (lambda: hlmrs.mmrm(3, GROWTH), "takes a formula"),
        (lambda: hlmrs.mmrm(FORMULA, GROWTH, covariance=3), "covariance=3"),
        (lambda: hlmrs.mmrm(FORMULA, GROWTH, visit=3, subject="Subject"), "visit=3: give the name"),
        (lambda: hlmrs.gls(FORMULA, GROWTH, residual=5), "residual=5: give a text"),
        (lambda: hlmrs.lmer("distance ~ age + (1 | Subject)", GROWTH, residual=5), "residual=5: give a text"),
        (lambda: hlmrs.gls(FORMULA, GROWTH, dispersion=5), "dispersion=5: give a formula"),
    ],
)
def test_arguments_of_another_type_are_named(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        ("un(age | Subject)", r"covariance=: there is no residual structure un\(\); it is us\(\) here"),
        ("ar1(agee | Subject)", "covariance=: there is no column 'agee'"),
        ("us", "names a structure without visits and subjects"),
        ("ar1(distance | Subject)", "covariance=.*lags of whole numbers"),
    ],
)
def test_messages_of_mmrm_are_in_its_own_words(covariance, message):
    with pytest.raises((FormulaError, OptionError, hlmrs.DataError), match=message) as raised:
        hlmrs.mmrm(FORMULA, GROWTH, covariance=covariance)
    assert "residual=" not in str(raised.value)


def test_random_terms_of_mmrm_are_not_those_of_gls():
    with pytest.raises(hlmrs.DesignError, match=r"mmrm\(\) has no random terms"):
        hlmrs.mmrm("distance ~ age + (1 | Subject)", GROWTH, covariance="ar1(age | Subject)")


def test_correlation_is_residual_here():
    for call in (
        lambda **o: hlmrs.lmer("distance ~ age + (1 | Subject)", GROWTH, **o),
        lambda **o: hlmrs.gls(FORMULA, GROWTH, **o),
    ):
        with pytest.raises(TypeError, match=r"correlated residuals are residual='ar1\(t \| id\)'"):
            call(correlation="ar1")
    with pytest.raises(TypeError, match="the covariance of the visits is covariance="):
        hlmrs.mmrm(FORMULA, GROWTH, correlation="us")


def test_a_fit_of_few_subjects_says_what_to_do():
    few = GROWTH.filter(pl.col("Subject").cast(pl.String).is_in(["M01", "M02", "M03", "M04"]))
    with pytest.warns(ConvergenceWarning) as raised:
        hlmrs.mmrm("distance ~ factor(age)", few, visit="age", subject="Subject")
    assert any("4 groups of Subject: name structures with fewer parameters" in str(w.message) for w in raised)


def test_categories_without_an_order_are_named_in_the_order_taken():
    rng = np.random.default_rng(2)
    y = pd.Series(rng.choice(["low", "mid", "high"], 90))
    frame = pd.DataFrame({"y": pd.Categorical(y, ["low", "mid", "high"]), "g": np.repeat(np.arange(15), 6)})
    with pytest.warns(hlmrs.FormulaWarning, match="low < mid < high"):
        unordered = hlmrs.glmer("y ~ 1 + (1 | g)", frame, family="cumulative")
    ordered = hlmrs.glmer("y ~ 1 + (1 | g)", frame.assign(y=frame["y"].cat.as_ordered()), family="cumulative")
    assert unordered.criterion == ordered.criterion


@pytest.mark.parametrize("structure", ["ar1", "toep", "car1", "exp"])
@pytest.mark.parametrize("ages", [(8.0, 10.0, 12.0, 14.0), (8.0, 10.0)])
def test_times_too_large_for_numbers_are_not_called_text(structure, ages):
    start = 1_700_000_000 * 10**9
    data = GROWTH.filter(pl.col("age").is_in(ages)).with_columns(when=pl.col("age").cast(pl.Int64) + start)
    with pytest.raises(hlmrs.DataError, match=r"a time of 17\d+, too large to tell .*; count times from the first"):
        hlmrs.gls(FORMULA, data, residual=f"{structure}(when | Subject)")
    hlmrs.gls(FORMULA, data.with_columns(pl.col("when") - start), residual=f"{structure}(when | Subject)")


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (
            lambda data: hlmrs.lmer("y ~ t + (z | g, by=t)", data),
            r"\(1 \+ z \| g, by=t\): by=t has 60 different numbers",
        ),
        (lambda data: hlmrs.gls("y ~ t", data, residual="ar1(1 | g, by=w)"), "by=w has 40 different numbers"),
    ],
)
def test_a_covariance_for_each_of_very_many_numbers_is_refused(call, named):
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(40), 3)
    data = {"y": rng.normal(size=120), "t": np.repeat(rng.normal(size=60), 2), "z": rng.normal(size=120)}
    data |= {"g": group.astype(str), "w": rng.normal(size=40)[group]}
    with pytest.raises(hlmrs.DesignError, match=f"{named}, and each would have a covariance of its own; give a factor"):
        call(data)


def test_few_numbers_are_levels():
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(40), 3)
    data = {"y": rng.normal(size=120), "g": group.astype(str), "w": (group % 2).astype(float)}
    assert hlmrs.gls("y ~ 1", data, residual="ar1(1 | g, by=w)").verdict.converged


@pytest.mark.parametrize(
    ("dispersion", "message", "place"),
    [
        ("~ log(t", r"dispersion=: '\(' is never closed", "log("),
        ("~ t + qq", "dispersion=: there is no column 'qq'", "qq"),
    ],
)
def test_an_error_of_the_dispersion_shows_what_was_given(dispersion, message, place):
    data = {"y": [1.0, 2.0, 4.0, 3.0], "t": [1.0, 2.0, 3.0, 4.0]}
    with pytest.raises(hlmrs.FormulaError, match=message) as raised:
        hlmrs.gls("y ~ t", data, dispersion=dispersion)
    shown, marked = str(raised.value).splitlines()[-2:]
    assert shown.strip() == dispersion
    assert shown[marked.index("^") :].startswith(place.lstrip("log"))


def test_the_logarithm_of_fitted_values_on_both_sides_of_zero_is_refused():
    rng = np.random.default_rng(3)
    x = rng.normal(size=80)
    data = {"x": x, "y": 2 * x + rng.normal(size=80)}
    with pytest.raises(hlmrs.DesignError, match=r"dispersion='~ log\(fitted\)': the fitted values go from -"):
        hlmrs.gls("y ~ x", data, dispersion="~ log(fitted)")
    assert np.isfinite(hlmrs.gls("y ~ x", data, dispersion="~ fitted").sigma)
    below = data | {"y": data["y"] - 30}
    assert np.isfinite(hlmrs.gls("y ~ x", below, dispersion="~ log(fitted)").sigma), "all of one sign"
