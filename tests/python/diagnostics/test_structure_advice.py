"""Checks of residuals name the structure that the data have: most of 20 simulated samples of each lead to its name."""

import re
import warnings
from collections import Counter

import polars as pl
import pytest

import hlmrs
from hlmrs.errors import OptionError
from repeated_measures_data import measured

SEEDS = range(20)


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        yield


def named(check):
    """What a finding says to try first."""
    found = re.search(r"[tT]ry ((?:residual|dispersion)=\"[^\"]*\"|lmer\(\)|random slopes)", check.finding)
    return found[1] if found else ""


def names(check, seeds=SEEDS):
    return Counter(named(check(seed)) for seed in seeds)


@pytest.mark.parametrize(
    ("kind", "want"),
    [
        ("cs", 'residual="cs(1 | g)"'),
        ("ar1", 'residual="ar1(t | g)"'),
        ("car1", 'residual="car1(t | g)"'),
        ("nugget", 'residual="exp(t | g, nugget=True)"'),
    ],
)
def test_errors_of_a_structure_lead_to_its_name(kind, want):
    found = names(lambda seed: hlmrs.gls("y ~ t + z", measured(seed, kind)).check.autocorrelation("g", order="t"))
    assert found[want] >= 18, found


def test_errors_of_no_simple_pattern_lead_to_a_toeplitz_structure():
    data = [measured(seed, "toep", groups=100, size=5) for seed in SEEDS]
    found = names(lambda seed: hlmrs.gls("y ~ t + z", data[seed]).check.autocorrelation("g", order="t"))
    assert found['residual="toep(t | g)"'] >= 18, found


@pytest.mark.parametrize(("kind", "want"), [("ar1", "ar1"), ("car1", "car1")])
def test_beside_random_intercepts_an_autoregression_is_found(kind, want):
    def check(seed):
        data = measured(seed, kind, intercepts=1.0)
        return hlmrs.lmer("y ~ t + z + (1 | g)", data).check.autocorrelation(order="t")

    found = names(check)
    assert found[f'residual="{want}(t | g)"'] >= 19, found


def test_a_random_slope_that_is_missing_is_told_from_an_autoregression():
    def check(seed):
        data = measured(seed, "slope", intercepts=1.0)
        return hlmrs.lmer("y ~ t + z + (1 | g)", data).check.autocorrelation(order="t")

    found = [check(seed) for seed in SEEDS]
    assert sum("random slopes, (t | g)" in one.finding for one in found) >= 18
    # where the correlations do not tell the two apart, both are named
    assert sum(named(one) == "random slopes" for one in found) >= 15


@pytest.mark.parametrize("groups", [20, 60])
def test_independent_errors_lead_to_no_structure(groups):
    data = [measured(seed, "iid", groups=groups, intercepts=0.0) for seed in range(60)]
    alone = names(lambda seed: hlmrs.gls("y ~ t + z", data[seed]).check.autocorrelation("g", order="t"), range(60))
    beside = names(
        lambda seed: hlmrs.lmer("y ~ t + z + (1 | g)", data[seed]).check.autocorrelation(order="t"), range(60)
    )
    # of 60 tests at 5 %: 99.8 % of counts are 9 at most
    assert 60 - alone[""] <= 9, alone
    assert 60 - beside[""] <= 9, beside


@pytest.mark.parametrize("structure", ["cs(1 | g)", "ar1(t | g)", "car1(t | g)", "toep(t | g)", "us(t | g)"])
def test_a_structure_that_the_errors_have_leaves_nothing(structure):
    name = structure.partition("(")[0]
    kind = {"toep": "toep", "us": "ar1"}.get(name, name)
    checks = [
        hlmrs.gls("y ~ t + z", measured(seed, kind), residual=structure).check.autocorrelation() for seed in SEEDS
    ]
    fine = [check for check in checks if check.verdict == "no concern"]
    assert len(fine) >= 18
    assert "Normalized residuals of the same g show no correlation beyond chance" in fine[0].finding


@pytest.mark.parametrize(
    ("kind", "fitted", "want"),
    [
        ("cs", "ar1(t | g)", 'residual="cs(1 | g)"'),
        ("ar1", "cs(1 | g)", 'residual="ar1(t | g)"'),
        ("toep", "ar1(t | g)", 'residual="toep(t | g)"'),
        ("ar1", "csh(t | g)", 'residual="ar1h(t | g)"'),
    ],
)
def test_a_wrong_structure_leads_to_the_right_one(kind, fitted, want):
    def check(seed):
        fit = hlmrs.gls("y ~ t + z", measured(seed, kind), residual=fitted)
        return fit.check.autocorrelation(order="t")

    found = names(check)
    assert found[want] >= 18, found


def test_beside_random_effects_and_few_groups_a_right_structure_leaves_nothing():
    def check(seed):
        data = measured(seed, "car1", groups=25, intercepts=1.0)
        return hlmrs.lmer("y ~ t + z + (1 | g)", data, residual="car1(t | g)").check.autocorrelation()

    checks = [check(seed) for seed in range(40)]
    # of 40 tests at 5 %: 99.7 % of counts are 6 at most
    assert sum(one.p_value < 0.05 for one in checks) <= 6


def test_a_nugget_that_no_single_lag_shows_is_found_by_all_together():
    def check(seed):
        data = measured(seed, "nugget", groups=30)
        return hlmrs.gls("y ~ t + z", data, residual="car1(t | g)").check.autocorrelation()

    checks = [check(seed) for seed in SEEDS]
    found = Counter(map(named, checks))
    assert found['residual="exp(t | g, nugget=True)"'] >= 14, found
    joint = [one for one in checks if "all lags together" in one.finding and one.verdict != "no concern"]
    assert len(joint) > 10
    assert all(one.p_value < 0.05 for one in joint)


@pytest.mark.parametrize(
    ("kind", "fitted", "want"),
    [
        ("csh", "cs(1 | g)", 'residual="csh(t | g)"'),
        ("ar1h", "ar1(t | g)", 'residual="ar1h(t | g)"'),
        ("ar1h", "toep(t | g)", 'residual="toeph(t | g)"'),
        ("ar1h", "corr(t | g)", 'residual="us(t | g)"'),
        ("ar1h", "car1(t | g)", 'dispersion="~ factor(t)"'),
        ("ar1*mean", "ar1(t | g)", 'dispersion="~ log(fitted)"'),
    ],
)
def test_unequal_deviations_lead_to_the_structure_or_dispersion_that_has_them(kind, fitted, want):
    def check(seed):
        fit = hlmrs.gls("y ~ t + z", measured(seed, kind), residual=fitted)
        return fit.check.homogeneity(order="t")

    found = names(check)
    assert found[want] >= 18, found


@pytest.mark.parametrize(
    ("kind", "want"), [("iidh", 'dispersion="~ factor(t)"'), ("iid*mean", 'dispersion="~ log(fitted)"')]
)
@pytest.mark.parametrize("beside", ["", "ar1(t | g)"])
def test_unequal_deviations_are_found_beside_random_effects(kind, want, beside):
    if beside:
        want = want.replace('dispersion="~ factor(t)"', 'residual="ar1h(t | g)"')

    def check(seed):
        data = measured(seed, kind, intercepts=1.0)
        random = "(t | g)" if beside else "(1 | g)"
        return hlmrs.lmer(f"y ~ t + z + {random}", data, residual=beside or None).check.homogeneity(order="t")

    found = names(check)
    assert found[want] >= 18, found


def test_equal_deviations_lead_to_no_model_of_them():
    data = [measured(seed, "ar1") for seed in range(60)]
    found = names(lambda seed: hlmrs.gls("y ~ t + z", data[seed], residual="ar1(t | g)").check.homogeneity(), range(60))
    assert 60 - found[""] <= 8, found
    random = names(
        lambda seed: hlmrs.lmer("y ~ t + z + (t | g)", data[seed], residual="ar1(t | g)").check.homogeneity(), range(60)
    )
    assert 60 - random[""] <= 8, random


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_named_can_be_fitted(seed):
    data = pl.DataFrame(measured(seed, "ar1")).rename({"t": "day of visit"})
    fit = hlmrs.gls("y ~ `day of visit` + z", data)
    text = named(fit.check.autocorrelation("g", order="day of visit"))
    assert text == 'residual="ar1(`day of visit` | g)"'
    again = hlmrs.gls("y ~ `day of visit` + z", data, residual=text.split('"')[1])
    assert again.check.autocorrelation().verdict == "no concern"


def test_visits_that_are_categories_are_named_as_they_are():
    data = pl.DataFrame(measured(4, "iidh", intercepts=1.0))
    visit = pl.col("t").map_elements(lambda t: "abcdef"[int(t)], pl.String).cast(pl.Enum(list("abcdef")))
    fit = hlmrs.lmer("y ~ visit + z + (1 | g)", data.with_columns(visit=visit))
    text = named(fit.check.homogeneity(order="visit"))
    assert text == 'dispersion="~ visit"'
    again = hlmrs.lmer("y ~ visit + z + (1 | g)", data.with_columns(visit=visit), dispersion="~ visit")
    assert again.check.homogeneity(order="visit").verdict == "no concern"


def test_checks_go_by_the_groups_and_times_of_the_structure():
    fit = hlmrs.gls("y ~ t", measured(1, "ar1"), residual="ar1(t | g)")
    with pytest.raises(OptionError, match="goes by 't'"):
        fit.check.autocorrelation(order="z")
    with pytest.raises(OptionError, match="groups the rows by 'g'"):
        fit.check.autocorrelation("z")
    plain = hlmrs.gls("y ~ t", measured(1, "ar1"))
    with pytest.raises(OptionError, match="name the column"):
        plain.check.autocorrelation()
    with pytest.raises(OptionError, match="no such column; did you mean 'g'"):
        plain.check.autocorrelation("G")
    table = plain.check.autocorrelation("g", order="t").to_frame()
    assert list(table["lag"]) == [1, 2, 3, 4, 5]
    assert list(table["pairs"]) == [300, 240, 180, 120, 60]
