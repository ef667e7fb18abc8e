"""Rubin's rules: by their definitions, at their limits, and in simulated coverage."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows
from hlmrs.pooling.rules import degrees_of_freedom, pool_numbers, pool_test

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")


def completed(m=5, seed=2):
    """Data sets that differ in imputed values of the response."""
    data = hlmrs.datasets.load("Machines", "polars")
    rng = np.random.default_rng(seed)
    gaps = rng.random(len(data)) < 0.3
    for _ in range(m):
        yield data.with_columns(
            score=pl.Series(np.where(gaps, data["score"] + rng.normal(0, 4, len(data)), data["score"]))
        )


@pytest.fixture(scope="module")
def fits():
    return [hlmrs.lmer("score ~ Machine + (1 | Worker)", data) for data in completed()]


def test_coefficients_are_pooled_by_definition(fits):
    table = rows(hlmrs.pool(fits).tidy())
    beta, errors = np.array([fit.beta for fit in fits]), np.array([np.sqrt(np.diag(fit.vcov())) for fit in fits])
    within, between = (errors**2).mean(axis=0), beta.var(axis=0, ddof=1)
    total = within + 1.2 * between
    share = 1.2 * between / total
    complete = np.array([fit.tidy()["df"] for fit in fits]).mean(axis=0)
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    df = 1 / (share**2 / 4 + 1 / observed)
    for k, row in enumerate(table):
        assert row["estimate"] == pytest.approx(beta[:, k].mean())
        assert row["std_error"] == pytest.approx(np.sqrt(total[k]))
        assert row["df"] == pytest.approx(df[k])
        assert row["riv"] == pytest.approx(1.2 * between[k] / within[k])
        assert row["fmi"] == pytest.approx((row["riv"] + 2 / (df[k] + 3)) / (row["riv"] + 1))
        assert row["conf_low"] < row["estimate"] < row["conf_high"]


def test_degrees_of_freedom_have_their_limits():
    """Barnard and Rubin (1999): Rubin's for endless complete data; at most those of complete data; of nothing missing
    those of complete data, shrunken."""
    assert degrees_of_freedom(np.array([0.5]), 5, np.array([np.inf]))[0] == pytest.approx(16)
    assert degrees_of_freedom(np.array([0.0]), 5, np.array([20.0]))[0] == pytest.approx(20 * 21 / 23)
    many = degrees_of_freedom(np.array([0.1, 0.3, 0.9]), 5, np.array([20.0] * 3))
    assert (np.diff(many) < 0).all()
    assert (many < 20).all()


def test_identical_fits_are_the_fit_itself(fits):
    table = rows(hlmrs.pool([fits[0]] * 3).tidy())
    own = rows(fits[0].tidy())
    for row, single in zip(table, own, strict=True):
        assert row["estimate"] == pytest.approx(single["estimate"])
        assert row["std_error"] == pytest.approx(single["std_error"])
        assert row["riv"] == pytest.approx(0, abs=1e-12)
        assert row["df"] == pytest.approx(single["df"] * (single["df"] + 1) / (single["df"] + 3))


def test_a_test_of_one_hypothesis_is_that_of_the_coefficient(fits):
    pooled = hlmrs.pool(fits)
    row, own = rows(pooled.test("MachineB"))[0], rows(pooled.tidy())[1]
    assert {name: row[name] for name in own if name != "term"} == pytest.approx(
        {name: value for name, value in own.items() if name != "term"}
    )


def test_a_joint_test_is_d1_by_definition(fits):
    row = rows(hlmrs.pool(fits).test("MachineB = 8, MachineC = 13"))[0]
    q = np.array([fit.beta[1:] for fit in fits])
    u = np.mean([fit.vcov()[1:, 1:] for fit in fits], axis=0)
    r = 1.2 * np.trace(np.cov(q.T) @ np.linalg.inv(u)) / 2
    away = q.mean(axis=0) - [8, 13]
    assert row["statistic"] == pytest.approx(away @ np.linalg.solve(u, away) / (2 * (1 + r)))
    assert row["riv"] == pytest.approx(r)
    assert row["num_df"] == 2


def test_degrees_of_freedom_of_joint_tests_have_their_limits():
    """Reiter (2007): those of Li, Raghunathan and Rubin (1991) for endless complete data; those of complete data,
    shrunken, where nothing is missing."""
    rng = np.random.default_rng(1)
    q, u = rng.normal(size=(6, 3)), np.array([np.eye(3) * 4.0] * 6)
    endless = pool_test(q, u, np.zeros(3), np.inf)
    t, r = 15.0, endless.riv
    assert endless.den_df == pytest.approx(4 + (t - 4) * (1 + (1 - 2 / t) / r) ** 2)
    assert pool_test(q, u, np.zeros(3), 1e12).den_df == pytest.approx(endless.den_df, rel=1e-6)
    assert pool_test(q * 1e-9, u, np.zeros(3), 30.0).den_df == pytest.approx(30 * 31 / 33, rel=1e-6)
    few = [pool_test(q, u, np.zeros(3), df).den_df for df in (10.0, 30.0, 100.0, 1000.0)]
    assert (np.diff(few) > 0).all()
    assert few[-1] < endless.den_df


def test_intervals_cover_as_often_as_they_say():
    """Means of 25 normal numbers of which half are missing at random, properly imputed five times."""
    rng, hits, n, m, draws = np.random.default_rng(5), 0, 25, 5, 1500
    for _ in range(draws):
        y = rng.normal(size=n)
        seen = y[: n // 2]
        k, spread = len(seen), seen.var(ddof=1)
        variance = spread * (k - 1) / rng.chisquare(k - 1, m)
        means = seen.mean() + np.sqrt(variance / k) * rng.normal(size=m)
        whole = [
            np.concatenate([seen, mu + np.sqrt(v) * rng.normal(size=n - k)])
            for mu, v in zip(means, variance, strict=True)
        ]
        q = np.array([[w.mean()] for w in whole])
        u = np.array([[w.var(ddof=1) / n] for w in whole])
        pooled = pool_numbers(q, u, np.array([n - 1.0]))
        from scipy.stats import t

        hits += abs(pooled.estimate[0]) < t.ppf(0.975, pooled.df[0]) * pooled.std_error[0]
    assert 0.93 < hits / draws < 0.97


def test_means_and_contrasts_are_pooled(fits):
    pooled = hlmrs.pool(fits)
    means = rows(pooled.emmeans("Machine"))
    own = np.array([[row["estimate"] for row in rows(fit.emmeans("Machine"))] for fit in fits])
    np.testing.assert_allclose([row["estimate"] for row in means], own.mean(axis=0))
    assert [row["Machine"] for row in means] == ["A", "B", "C"]
    contrast = rows(pooled.contrasts("Machine"))[0]
    assert contrast["estimate"] == pytest.approx(means[0]["estimate"] - means[1]["estimate"])
    with pytest.raises(hlmrs.OptionError, match="one by one"):
        pooled.contrasts("Machine", adjust="tukey")


def test_how_fits_are_tested_is_chosen_once_for_coefficients_means_and_contrasts(fits):
    given = {"vcov": "CR2", "level": 0.9}
    by_keywords = hlmrs.pool(fits, **given)
    assert rows(by_keywords.tidy()) == rows(hlmrs.pool(fits, options=hlmrs.TestOptions(**given)).tidy())
    contrast = rows(by_keywords.contrasts("Machine"))[0]
    own = np.array(
        [[rows(fit.contrasts("Machine", **given))[0][name] for fit in fits] for name in ("estimate", "std_error")]
    )
    total = np.mean(own[1] ** 2) + (1 + 1 / len(fits)) * own[0].var(ddof=1)
    assert contrast["std_error"] == pytest.approx(np.sqrt(total), rel=1e-12)
    coefficient = rows(by_keywords.tidy())[1]
    assert [-contrast[name] for name in ("conf_high", "conf_low")] == pytest.approx(
        [coefficient[name] for name in ("conf_low", "conf_high")], rel=1e-9
    )
    with pytest.raises(hlmrs.OptionError, match=r"hlmrs.pool\(fits, level=...\)"):
        by_keywords.emmeans("Machine", level=0.99)
    with pytest.raises(TypeError, match=r"pool\(\) .*vcov"):
        hlmrs.pool(fits, vcv="CR2")


def test_variances_are_averaged(fits):
    found = rows(hlmrs.pool(fits).varcorr())
    assert found[0]["variance"] == pytest.approx(np.mean([rows(fit.varcorr())[0]["variance"] for fit in fits]))
    assert found[0]["sd"] == pytest.approx(np.sqrt(found[0]["variance"]))


def test_generalized_and_marginal_fits_are_pooled():
    data = hlmrs.datasets.load("Contraception", "polars")
    halves = [data.sample(fraction=0.9, seed=k) for k in range(3)]
    for make in (
        lambda d: hlmrs.glmer("use ~ age + (1 | district)", d, family="binomial"),
        lambda d: hlmrs.gee("use ~ age", d, groups="district", family="binomial"),
    ):
        own = [make(half) for half in halves]
        table = rows(hlmrs.pool(own).tidy())
        assert table[1]["estimate"] == pytest.approx(np.mean([fit.beta[1] for fit in own]))


def test_what_cannot_be_pooled_is_refused(fits):
    with pytest.raises(hlmrs.OptionError, match="two fits or more"):
        hlmrs.pool(fits[:1])
    other = hlmrs.lmer("score ~ 1 + (1 | Worker)", next(completed()))
    with pytest.raises(hlmrs.OptionError, match="differ in 'MachineB', 'MachineC'"):
        hlmrs.pool([fits[0], other])


def test_the_report_has_every_coefficient(fits):
    text = str(hlmrs.pool(fits))
    assert "Data sets  5" in text
    assert all(name in text for name in fits[0].coef_names)


def test_ratios_are_pooled_as_logarithms():
    """Contrasts on the response scale are those of the link scale, turned back."""
    data = hlmrs.datasets.load("Contraception", "polars")
    own = [
        hlmrs.glmer("use ~ urban + (1 | district)", data.sample(fraction=0.9, seed=k), family="binomial")
        for k in range(3)
    ]
    (odds,), (link,) = (rows(hlmrs.pool(own).contrasts("urban", type=kind)) for kind in ("response", "link"))
    assert odds["contrast"] == "N / Y"
    for name, back in (("ratio", "estimate"), ("conf_low", "conf_low"), ("conf_high", "conf_high")):
        assert odds[name] == pytest.approx(np.exp(link[back]))
    assert odds["std_error"] == pytest.approx(odds["ratio"] * link["std_error"])
    for name in ("df", "statistic", "p_value", "riv", "fmi"):
        assert odds[name] == pytest.approx(link[name])
    assert "estimate" not in odds
