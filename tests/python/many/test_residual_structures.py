"""Many responses whose residuals have a covariance: each is fitted as lmer and gls fit it alone."""

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
N_GROUPS, VISITS = 40, ["base", "week 1", "week 2", "week 4"]


def trial(seed: int = 11) -> pl.DataFrame:
    """Subjects of three sites and two arms at up to four visits."""
    rng = np.random.default_rng(seed)
    id_, t = np.divmod(np.arange(N_GROUPS * 4), 4)
    data = pl.DataFrame(
        {
            "id": [f"s{k}" for k in id_],
            "site": (id_ % 5).astype(float),
            "arm": np.array(["a", "b"])[id_ % 2],
            "t": t.astype(float),
            "visit": pl.Series(np.array(VISITS)[t]).cast(pl.Enum(VISITS)),
            "x": rng.normal(size=len(t)),
            "w": rng.uniform(0.5, 2, len(t)),
        }
    )
    return data.filter(pl.Series(rng.random(len(t)) < 0.95))


def responses(data: pl.DataFrame, m: int = 6, seed: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n, ids = len(data), data["id"].rank("dense").to_numpy() - 1
    e = rng.normal(size=(n, m)) * (1 + 0.3 * data["t"].to_numpy()[:, None])
    for i in range(1, n):
        if ids[i] == ids[i - 1]:
            e[i] += 0.6 * e[i - 1]
    y = 50 + data["x"].to_numpy()[:, None] * np.arange(m) + e + rng.normal(size=(5, m))[data["site"].cast(int)]
    y[rng.random(n) < 0.1, 1] = np.nan
    y[data["visit"].to_numpy() == "week 4", 2] = np.nan  # a visit that it has no row of
    y[:, 4], y[:, 5] = 3.0, np.nan
    return y


DATA = trial()
Y = responses(DATA)


def alone(formula: str, k: int, *, data: pl.DataFrame = DATA, y: np.ndarray = Y, **options):
    own = data.with_columns(y=y[:, k]).filter(~pl.col("y").is_nan())
    fit = hlmrs.lmer if "|" in formula else hlmrs.gls
    return fit(f"y {formula}", own, **options)


def as_alone(table: pl.DataFrame, fit, ddf: str) -> None:
    """Compare the rows of a response with its fit."""
    assert table["criterion"][0] == pytest.approx(fit.criterion, rel=1e-8)
    assert table["n_obs"][0] == fit.nobs
    assert set(table["status"]) == {fit.verdict.status}
    fixed, tidy = table.filter((pl.col("effect") == "fixed") & pl.col("estimate").is_not_nan()), fit.tidy(ddf=ddf)
    assert fixed["term"].to_list() == tidy["term"].to_list()
    se = tidy["std_error"].to_numpy()
    np.testing.assert_allclose(fixed["estimate"] / se, tidy["estimate"] / se, atol=1e-6)
    np.testing.assert_allclose(fixed["std_error"], se, rtol=1e-6)
    np.testing.assert_allclose(fixed["df"], tidy["df"], rtol=1e-4)
    np.testing.assert_allclose(fixed["p_value"], tidy["p_value"], rtol=1e-4, atol=1e-12)
    found = {row["term"]: row["estimate"] for row in rows(table.filter(pl.col("group") == "Residual"))}
    for row in rows(fit.residual_parameters()):
        name = None if row["parameter"] == "sigma" else row["parameter"]
        assert found.pop(name) == pytest.approx(row["estimate"], rel=1e-5)
    assert not found


@pytest.mark.parametrize(
    ("formula", "options", "ddf"),
    [
        ("~ x + visit", {"residual": "us(visit | id)"}, "kenward-roger"),
        ("~ x + visit", {"residual": "csh(visit | id)"}, "kenward-roger-linear"),
        ("~ x + t", {"residual": "ar1(t | id)", "weights": "w", "reml": False}, "satterthwaite"),
        ("~ x + t", {"residual": "ar1(1 | id)"}, "satterthwaite"),
        ("~ x + t + offset(w)", {"residual": "cs(1 | id, by=arm)"}, "residual"),
        ("~ x + t + (1 | site)", {"residual": "car1(t | id)"}, "satterthwaite"),
        ("~ x + t + (1 | id) + (1 | site)", {"dispersion": "~ visit + x"}, "normal"),
        ("~ x + (1 | site)", {"residual": "toep(visit | id)", "dispersion": "~ arm"}, "satterthwaite"),
    ],
)
def test_every_response_is_fitted_as_if_alone(formula: str, options: dict, ddf: str) -> None:
    table = hlmrs.fit_many(Y, formula, DATA, ddf=ddf, **options)
    for k in range(4):
        as_alone(table.filter(pl.col("response") == str(k)), alone(formula, k, **options), ddf)


def test_responses_that_cannot_be_fitted_say_so() -> None:
    table = hlmrs.fit_many(Y, "~ x", DATA, residual="us(visit | id)")
    for k, reason in ((4, "3 in every row"), (5, "no value in any row")):
        own = table.filter(pl.col("response") == str(k))
        assert set(own["status"]) == {"failed"}
        assert reason in own["reason"][0]
        assert own["estimate"].is_null().all()


def test_coefficients_of_the_dispersion_have_tests() -> None:
    table = hlmrs.fit_many(Y[:, :2], "~ x + (1 | id)", DATA, dispersion="~ visit + x")
    for k in range(2):
        own = table.filter((pl.col("response") == str(k)) & (pl.col("effect") == "dispersion"))
        want = alone("~ x + (1 | id)", k, dispersion="~ visit + x").tidy(component="dispersion")
        assert own["term"].to_list() == want["term"].to_list()
        for column in ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"):
            np.testing.assert_allclose(own[column], want[column], rtol=1e-4, atol=1e-6)
        assert (own["df"] == np.inf).all()


def test_a_visit_without_rows_of_a_response_has_no_parameters_there() -> None:
    table = hlmrs.fit_many(Y[:, [0, 2]], "~ x", DATA, residual="us(visit | id)")
    names = {k: set(own["term"].drop_nulls()) for (k,), own in table.group_by("response")}
    assert names["0"] - names["1"] == {"sd(week 4)", *(f"cor({visit}, week 4)" for visit in VISITS[:3])}


def test_random_effects_and_residuals_stand_in_one_table() -> None:
    table = hlmrs.fit_many(Y[:, :1], "~ x + (1 | site)", DATA, residual="ar1(t | id)")
    kinds = [(row["effect"], row["group"], row["term"]) for row in rows(table)]
    assert kinds == [
        ("fixed", None, "(Intercept)"),
        ("fixed", None, "x"),
        ("sd", "site", "(Intercept)"),
        ("sd", "Residual", None),
        ("cor", "Residual", "rho"),
    ]


def test_every_group_of_rows_has_the_residuals_of_its_own() -> None:
    stores = pl.concat([trial(seed).with_columns(store=pl.lit(seed)) for seed in (1, 2, 3)])
    stores = stores.with_columns(pl.when(pl.col("store") == 3).then(0.0).otherwise("t").alias("t"))  # times that repeat
    y = responses(stores)[:, 0]
    table = hlmrs.fit_many({"y": y}, "~ x + t", stores, residual="ar1(t | id)", by="store")
    for store in (1, 2):
        rows_of = stores["store"].to_numpy() == store
        fit = alone("~ x + t", 0, data=stores.filter(rows_of), y=y[rows_of, None], residual="ar1(t | id)")
        as_alone(table.filter(pl.col("store") == store), fit, "satterthwaite")
    failed = table.filter(pl.col("store") == 3)
    assert set(failed["status"]) == {"failed"}
    assert "two rows at 0" in failed["reason"][0]


def test_many_sets_of_rows_are_described_in_parts() -> None:
    y = np.repeat(Y[:, :1], 70, axis=1)
    y[np.arange(70), np.arange(70)] = np.nan
    table = hlmrs.fit_many(y, "~ x", DATA, residual="cs(1 | id)")
    for k in (0, 49, 50, 69):
        as_alone(
            table.filter(pl.col("response") == str(k)), alone("~ x", k, y=y, residual="cs(1 | id)"), "satterthwaite"
        )


def test_results_do_not_depend_on_threads() -> None:
    one, two = (
        hlmrs.fit_many(Y, "~ x", DATA, residual="us(visit | id)", control=hlmrs.Control(n_threads=n)) for n in (1, 2)
    )
    assert one.equals(two, null_equal=True)


def test_what_many_responses_cannot_have_is_refused() -> None:
    with pytest.raises(hlmrs.OptionError, match="fitted values of each response"):
        hlmrs.fit_many(Y, "~ x", DATA, dispersion="~ log(fitted)")
    with pytest.raises(hlmrs.OptionError, match="of linear models"):
        hlmrs.fit_many(Y, "~ x + (1 | id)", DATA, family="gamma", residual="ar1(t | id)")
    with pytest.raises(hlmrs.DesignError, match="no random term"):
        hlmrs.fit_many(Y, "~ x", DATA)
    with pytest.raises(hlmrs.OptionError, match="'kenward-roger-linear' is defined for REML"):
        hlmrs.fit_many(Y, "~ x", DATA, residual="cs(1 | id)", ddf="kenward-roger-linear", reml=False)
    with pytest.raises(hlmrs.FormulaError, match="'no' in the data"):
        hlmrs.fit_many(Y, "~ x", DATA, residual="ar1(no | id)")
