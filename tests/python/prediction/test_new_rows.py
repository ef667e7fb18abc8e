"""New rows: weights, groups that the fit did not see, the way back to the response, and responses drawn for them."""

import numpy as np
import polars as pl
import pytest

import hlmrs

R = np.random.default_rng(10)
G = np.repeat(np.arange(20), 8)
W = R.uniform(0.1, 10, 160)
X = R.normal(size=160) + 0.1 * G
DATA = {"x": X, "g": G, "w": W, "y": 1 + X + R.normal(size=20)[G] + R.normal(size=160) / np.sqrt(W)}


@pytest.fixture(scope="module")
def weighted():
    return hlmrs.lmer("y ~ x + (1 | g)", DATA, weights="w")


@pytest.mark.parametrize("options", [{"variances": "known"}, {"ddf": "residual"}, {}])
@pytest.mark.parametrize("random_effects", [True, False])
def test_a_new_observation_has_the_variance_of_its_weight(weighted, options, random_effects):
    kind = {"random_effects": random_effects, **options}
    # the same rows at weight one, and at infinite weight in the limit
    one, all_but = (
        weighted.predict({**DATA, "w": np.full(160, w)}, interval="prediction", **kind)["std_error"] ** 2
        for w in (1.0, 1e12)
    )
    np.testing.assert_allclose(one - all_but, weighted.sigma**2, rtol=1e-6)
    rows = weighted.predict(interval="prediction", **kind)["std_error"] ** 2
    np.testing.assert_allclose(rows, all_but + weighted.sigma**2 / W, rtol=1e-6)
    np.testing.assert_allclose(
        weighted.predict(DATA, interval="prediction", **kind)["std_error"] ** 2, rows, rtol=1e-10
    )


def test_degrees_of_freedom_follow_the_weights(weighted):
    """Near weight zero only the residual varies: the interval is that of sigma."""
    table = weighted.predict({**DATA, "w": np.full(160, 1e-9)}, interval="prediction", random_effects=False)
    margin = (table["conf_high"] - table["prediction"]) / table["std_error"]
    assert np.ptp(margin) < 1e-4
    assert 1.97 < margin[0] < 1.99  # t with about 140 degrees of freedom


def test_weights_of_new_rows_are_given_or_missed(weighted):
    plain = {"x": X[:3], "g": G[:3]}
    want = weighted.predict(interval="prediction")["std_error"][:3]
    np.testing.assert_allclose(
        weighted.predict(plain, interval="prediction", weights=W[:3])["std_error"], want, rtol=1e-10
    )
    with pytest.warns(hlmrs.InferenceWarning, match="weights="):
        weighted.predict(plain, interval="prediction")
    by_array = hlmrs.lmer("y ~ x + (1 | g)", DATA, weights=W)
    np.testing.assert_allclose(by_array.predict(interval="prediction")["std_error"][:3], want, rtol=1e-8)
    with pytest.raises(hlmrs.DataError, match="positive"):
        weighted.predict(plain, interval="prediction", weights=[1.0, 0.0, 1.0])
    with pytest.raises(hlmrs.DataError, match="3 rows"):
        weighted.predict(plain, interval="prediction", weights=[1.0, 2.0])


def test_queries_read_the_weights(weighted):
    data = pl.DataFrame(DATA)
    lazy = weighted.predict(data.lazy(), interval="prediction").collect()
    np.testing.assert_allclose(lazy["std_error"], weighted.predict(interval="prediction")["std_error"], rtol=1e-10)


WITHIN = "y ~ within(x, g) * w + between(x, g) + (1 | g)"


def test_a_new_group_has_the_mean_of_its_own_rows():
    fit = hlmrs.lmer(WITHIN, DATA)
    new = {"x": [1.0, 3.0, np.nan, 7.0, 5.0], "g": [99, 99, 99, 98, 3], "w": [1.0] * 5}
    got = fit.predict(new, new_levels="population")
    beta, mean3 = fit.fixef(), X[G == 3].mean()
    within, between = np.array([-1.0, 1.0, np.nan, 0.0, 5 - mean3]), np.array([2.0, 2.0, 2.0, 7.0, mean3])
    want = beta["(Intercept)"] + beta["w"] + (beta["within(x, g)"] + beta["within(x, g):w"]) * within
    want = want + beta["between(x, g)"] * between
    known = fit.ranef()["estimate"][3]
    np.testing.assert_allclose(got, want + np.array([0, 0, 0, 0, known]), rtol=1e-10)
    missing = fit.predict(new, new_levels="missing")
    assert np.isnan(missing).tolist() == [True, True, True, True, False]
    with pytest.raises(hlmrs.DataError, match="new_levels='population'"):
        fit.predict(new, random_effects=False)


def test_a_new_group_is_not_split_by_batches_of_a_query():
    fit = hlmrs.lmer(WITHIN, pl.DataFrame(DATA))
    new = pl.DataFrame({"x": R.normal(size=500), "g": np.arange(500) % 2 + 99, "w": np.ones(500)})
    lazy = fit.predict(new.lazy(), new_levels="population").collect(engine="streaming")["prediction"]
    np.testing.assert_allclose(lazy, fit.predict(new, new_levels="population"), rtol=1e-12)


def test_a_model_of_groups_that_are_no_random_ones_predicts_for_new_ones():
    data = {**DATA, "h": G // 4}
    fit = hlmrs.lmer("y ~ between(x, h) + (1 | g)", data)
    got = fit.predict({"x": [1.0, 3.0], "h": [77, 77]}, random_effects=False, new_levels="population")
    np.testing.assert_allclose(got, fit.beta[0] + 2 * fit.beta[1], rtol=1e-12)


def test_a_mean_of_what_has_a_mean_itself_is_taken_over_the_new_rows():
    h = np.arange(160) % 7
    data = {**DATA, "h": h}
    fit = hlmrs.lmer("y ~ between(within(x, h), g) + (1 | g)", data)
    mean1 = X[h == 1].mean()
    new = {"x": [1.0, 3.0, 4.0, 8.0, np.nan], "g": [99, 99, 98, 98, 98], "h": [1, 55, 55, 1, 1]}
    # the rows of the level 55 of h have the mean 3.5
    means = np.array([1 - mean1 + 3 - 3.5, 4 - 3.5 + 8 - mean1])[[0, 0, 1, 1, 1]] / 2
    got = fit.predict(new, new_levels="population")
    np.testing.assert_allclose(got, fit.beta[0] + fit.beta[1] * means, rtol=1e-12)
    known = {"g": [3], "x": [2.0]}
    within = X - np.array([X[h == k].mean() for k in range(7)])[h]
    want = fit.beta[0] + fit.beta[1] * within[G == 3].mean()
    for rows in (known, {**known, "h": [55]}, {"g": [3]}):
        np.testing.assert_allclose(fit.predict(rows, random_effects=False), want, rtol=1e-12)
    with pytest.raises(hlmrs.DataError, match="no column 'h', of which a new group needs the mean"):
        fit.predict({"x": [1.0], "g": [99]}, new_levels="population")


def test_a_new_group_without_values_has_no_mean():
    fit = hlmrs.lmer(WITHIN, DATA)
    new = {"x": [np.nan, 1.0, 3.0], "g": [99, 98, 98], "w": [1.0] * 3}
    got = fit.predict(new, new_levels="population", random_effects=False)
    beta = fit.fixef()
    want = beta["(Intercept)"] + beta["w"] + 2 * beta["between(x, g)"]
    slope = beta["within(x, g)"] + beta["within(x, g):w"]
    np.testing.assert_allclose(got, [np.nan, want - slope, want + slope], rtol=1e-10)
    alone = hlmrs.lmer("y ~ between(x, g) + (1 | g)", DATA)
    table = alone.predict({"x": [np.nan, np.nan], "g": [99, 3]}, new_levels="population", interval="confidence")
    assert {name: np.isnan(column).tolist() for name, column in table.items()} == {
        name: [True, False] for name in table
    }


@pytest.mark.parametrize(
    ("formula", "value", "message"),
    [
        ("y ~ between(log(x + 9), g) + (1 | g)", -10.0, "log.* is not a number at row 1, where x is -10"),
        ("y ~ between(exp(x), g) + (1 | g)", 1000.0, "exp.* is infinite at row 1, where x is 1000"),
        ("y ~ between(x, g) + (1 | g)", np.inf, "column 'x' is infinite at row 1"),
        ("y ~ between(x, g) + (1 | g)", "b", "column 'x' is text .*, but the mean of a new group needs numbers"),
    ],
)
def test_the_mean_of_a_new_group_is_of_values_that_have_one(formula, value, message):
    fit = hlmrs.lmer(formula, DATA)
    new = {"x": ["a", "b"] if isinstance(value, str) else [1.0, value], "g": [99, 99]}
    with pytest.raises(hlmrs.DataError, match=message):
        fit.predict(new, new_levels="population")


POSITIVE = {**DATA, "y": np.exp(0.3 * DATA["y"])}
WAYS = {
    "log(y)": np.exp,
    "log2(y)": lambda z: 2.0**z,
    "log10(y)": lambda z: 10.0**z,
    "log1p(y)": np.expm1,
    "log(y + 2)": lambda z: np.exp(z) - 2,
    "log(y, base = 3)": lambda z: 3.0**z,
    "I(5 - 2 * log(y))": lambda z: np.exp((5 - z) / 2),
    "sqrt(y)": lambda z: np.maximum(z, 0) ** 2,
    "I(1/y)": lambda z: 1 / z,
    "I(y^2)": np.sqrt,
    "exp(-y)": lambda z: -np.log(z),
    "scale(log(y))": lambda z: np.exp(z * np.log(POSITIVE["y"]).std(ddof=1) + np.log(POSITIVE["y"]).mean()),
    "y": lambda z: z,
}


@pytest.mark.parametrize("response", WAYS)
def test_medians_are_predictions_turned_back(response):
    fit = hlmrs.lmer(f"{response} ~ x + (1 | g)", POSITIVE)
    with np.errstate(all="ignore"):
        table = fit.predict(interval="confidence")
        keep = np.isfinite(WAYS[response](table["conf_low"])) & np.isfinite(WAYS[response](table["conf_high"]))
    got = fit.predict(interval="confidence", type="response")
    table, got = ({name: column[keep] for name, column in one.items()} for one in (table, got))
    assert keep.sum() > 100
    np.testing.assert_allclose(got["prediction"], WAYS[response](table["prediction"]), rtol=1e-10)
    ends = np.sort([WAYS[response](table[name]) for name in ("conf_low", "conf_high")], axis=0)
    np.testing.assert_allclose([got["conf_low"], got["conf_high"]], ends, rtol=1e-10)
    h = 1e-7 * np.abs(table["prediction"])
    slope = (WAYS[response](table["prediction"] + h) - WAYS[response](table["prediction"] - h)) / (2 * h)
    np.testing.assert_allclose(got["std_error"], np.abs(slope) * table["std_error"], rtol=1e-5)
    np.testing.assert_allclose(fit.predict(POSITIVE, type="response")[keep], got["prediction"], rtol=1e-10)


@pytest.mark.parametrize("response", ["scale(log(y))", "center(y)", "scale(2 * center(log(y)))"])
def test_what_the_fit_learned_of_its_response_turns_predictions_back_without_rows(response, tmp_path):
    learned = hlmrs.lmer(f"{response} ~ x + (1 | g)", POSITIVE)
    want = learned.predict(DATA, type="response", interval="confidence")
    assert np.isfinite(want["prediction"]).all()
    learned.save(tmp_path / "fit")
    saved = hlmrs.load(tmp_path / "fit")
    streamed = hlmrs.lmer(f"{response} ~ x + (1 | g)", pl.DataFrame(POSITIVE).lazy(), rows="stream")
    for fit, rtol in [(saved, 1e-12), (streamed, 1e-6)]:
        got = fit.predict(DATA, type="response", interval="confidence")
        for name, column in want.items():
            np.testing.assert_allclose(got[name], column, rtol=rtol)


@pytest.mark.parametrize("random_effects", [True, False])
def test_means_of_logarithms_and_roots_have_closed_forms(random_effects):
    for response, mean in {
        "log(y)": lambda z, v: np.exp(z + v / 2),
        "log10(y)": lambda z, v: 10.0**z * np.exp(v * np.log(10) ** 2 / 2),
        "sqrt(y)": lambda z, v: z**2 + v,
    }.items():
        fit = hlmrs.lmer(f"{response} ~ x + (x | g)", POSITIVE, weights="w")
        z = np.column_stack([np.ones(160), X])
        (tau,) = fit._estimate.core.covariances()
        left = 0.0 if random_effects else np.einsum("ij,jk,ik->i", z, tau, z)
        want = mean(fit.predict(random_effects=random_effects), fit.sigma**2 / W + left)
        np.testing.assert_allclose(fit.predict(random_effects=random_effects, type="mean"), want, rtol=1e-10)


def test_marginal_means_are_turned_back_alike():
    data = {**POSITIVE, "f": np.tile(["a", "b"], 80)}
    fit = hlmrs.lmer("log(y) ~ f + (1 | g)", data)
    link, median, mean = (fit.emmeans("f", type=scale) for scale in ("link", "response", "mean"))
    variance = fit.varcorr()["variance"].sum()
    for name in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(median[name], np.exp(link[name]), rtol=1e-12)
        np.testing.assert_allclose(mean[name], np.exp(link[name] + variance / 2), rtol=1e-10)
    np.testing.assert_allclose(mean["std_error"], mean["estimate"] * link["std_error"], rtol=1e-10)


def test_what_cannot_be_turned_back_is_refused():
    fit = hlmrs.lmer("I(y * x) ~ w + (1 | g)", POSITIVE)
    with pytest.raises(hlmrs.OptionError, match="cannot be turned back"):
        fit.predict(type="response")
    with pytest.raises(hlmrs.OptionError, match="no mean"):
        hlmrs.lmer("I(1/y) ~ w + (1 | g)", POSITIVE).predict(type="mean")
    with pytest.raises(hlmrs.OptionError, match="'link'"):
        fit.predict(type="median of all")


def test_simulated_rows_of_new_groups_have_the_moments_of_the_model():
    slopes = R.normal(size=20)[G] * X
    fit = hlmrs.lmer("y ~ x + offset(0.5 * x) + (x | g)", {**DATA, "y": DATA["y"] + slopes})
    new = {"x": np.tile([0.0, 1.0, 2.0], 20), "g": np.repeat([f"n{k}" for k in range(20)], 3)}
    draws = fit.simulate(4000, newdata=new, seed=1)
    assert draws.shape == (60, 4000)
    (tau,) = fit._estimate.core.covariances()
    z = np.column_stack([np.ones(3), [0.0, 1.0, 2.0]])
    want = z @ tau @ z.T + fit.sigma**2 * np.eye(3)
    sets = draws.reshape(20, 3, 4000).transpose(0, 2, 1).reshape(-1, 3)
    np.testing.assert_allclose(np.cov(sets.T), want, rtol=0.05, atol=0.03)
    np.testing.assert_allclose(sets.mean(axis=0), fit.beta[0] + (fit.beta[1] + 0.5) * z[:, 1], atol=0.03)
    # groups are independent of each other
    assert abs(np.corrcoef(draws[0], draws[3])[0, 1]) < 0.06


def test_simulation_repeats_by_seed_and_takes_what_is_missing_and_weighted(weighted):
    new = {"x": [0.0, np.nan, 1.0, 1.0], "g": ["3", "3", None, "new"], "w": [1.0, 1.0, 1.0, 1e10]}
    one, again = (weighted.simulate(3000, newdata=new, seed=5) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert np.isnan(one).all(axis=1).tolist() == [False, True, True, False]
    tau = weighted.varcorr()["variance"][0]
    assert one[3].var() == pytest.approx(tau, rel=0.1)
    assert one[0].var() == pytest.approx(tau + weighted.sigma**2, rel=0.1)
    known = weighted.simulate(2, newdata=DATA, seed=1)
    assert known.shape == (160, 2)


def test_simulated_rows_of_several_terms_have_the_moments_of_the_model():
    """Two terms of one group, another group, and weights, off zero: Var(y) = sum of z'Sz + sigma^2 / w."""
    h = np.arange(160) % 12
    far = 2 + X
    y = DATA["y"] + R.normal(size=20)[G] * X + R.normal(size=12)[h]
    fit = hlmrs.lmer("y ~ far + (far || g) + (1 | h)", {"y": y, "far": far, "g": G, "h": h, "w": W}, weights="w")
    new = {
        "far": [1.0, 1.0, 4.0, 4.0],
        "g": [3, 3, 3, 99],
        "h": [0, 98, 98, 98],
        "w": [1.0, 2.0, 1.0, 0.5],
    }
    draws = fit.simulate(20_000, newdata=new, seed=2)
    intercept, slope, other = (covariance[0, 0] for covariance in fit._estimate.core.covariances())
    z, g, h = np.array([[1.0, x] for x in new["far"]]), np.array(new["g"]), np.array(new["h"])
    same_g, same_h = np.equal.outer(g, g), np.equal.outer(h, h)
    want = (
        same_g * (z @ np.diag([intercept, slope]) @ z.T) + same_h * other + np.diag(fit.sigma**2 / np.array(new["w"]))
    )
    error = 5 * np.sqrt((want**2 + np.outer(np.diag(want), np.diag(want))) / 20_000)
    assert (np.abs(np.cov(draws) - want) < error).all()


def test_a_level_that_is_compared_must_be_one_of_the_fit():
    fit = hlmrs.lmer('y ~ I(f == "b") + (1 | g)', {**DATA, "f": np.where(np.arange(160) % 3 == 0, "b", "a")})
    for new_levels in ("error", "population"):
        with pytest.raises(hlmrs.DataError, match=r"a level that the fit did not see; known are 'a', 'b'$"):
            fit.predict({"f": ["c"], "g": [0]}, new_levels=new_levels)


def test_a_center_over_groups_counts_every_group_once_and_is_remembered():
    kept = np.arange(160) % 11 > G % 7  # groups of different sizes
    data = {name: np.asarray(values)[kept] for name, values in DATA.items()}
    x, g = data["x"], data["g"]
    center = np.mean([x[g == k].mean() for k in np.unique(g)])
    assert abs(center - x.mean()) > 1e-3
    made = hlmrs.lmer("y ~ c * w + (1 | g)", {**data, "c": x - center})
    fit = hlmrs.lmer("y ~ center(x, g) * w + (1 | g)", data)
    np.testing.assert_allclose(fit.beta, made.beta, rtol=1e-9)
    new = {"x": [1.0, np.nan, 3.0], "w": [1.0, 0.0, 0.0]}  # needs no groups
    got = fit.predict(new, random_effects=False)
    c = np.array(new["x"]) - center
    w = np.array(new["w"])
    np.testing.assert_allclose(got, np.column_stack([c**0, c, w, c * w]) @ fit.beta, rtol=1e-12)


def test_a_center_over_groups_is_placed_on_grids_by_its_variable():
    fit = hlmrs.lmer("y ~ center(x, g) * w + (1 | g)", DATA)
    plain = hlmrs.lmer("y ~ x * w + (1 | g)", DATA)
    for own, other in [(fit.slopes("x"), plain.slopes("x")), (fit.emmeans([]), plain.emmeans([]))]:
        np.testing.assert_allclose(own["estimate"], other["estimate"], rtol=1e-8)
        np.testing.assert_allclose(own["std_error"], other["std_error"], rtol=1e-6)
