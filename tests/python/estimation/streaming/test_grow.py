"""New rows: fitted again from the old optimum, or taken into account at the old parameters."""

import re
import warnings

import numpy as np
import polars as pl
import pytest

import hlmrs
from crossed import crossed

DATA = crossed()

# rows of subjects and items that the first part has not
OLD = DATA.filter((pl.col("item") < 22) & ~pl.col("subject").is_in(["s7", "s30"]))
NEW = DATA.filter((pl.col("item") >= 22) | pl.col("subject").is_in(["s7", "s30"]))
MODELS = {
    "slope": ("y ~ x + f + (1 + z | subject)", {}),
    "crossed": ("y ~ x * f + (1 | subject) + (1 | item)", {}),
    "weights": ("y ~ scale(x) + (z || subject)", {"weights": "w", "reml": False}),
    "nested": ("y ~ x + (1 | school / subject)", {}),
}


@pytest.fixture(params=MODELS.values(), ids=MODELS, scope="module")
def model(request):
    formula, options = request.param
    return formula, options, hlmrs.lmer(formula, OLD, **options)


def test_appended_rows_give_the_fit_of_all(model, tmp_path):
    formula, options, old = model
    whole = hlmrs.lmer(formula, pl.concat([OLD, NEW]), **options)
    old.save(tmp_path / "fit")
    for fit in (old, hlmrs.load(tmp_path / "fit")):
        new = fit.append(NEW)
        if "scale" not in formula:
            assert new.criterion == pytest.approx(whole.criterion, rel=1e-9)
            np.testing.assert_allclose(new.beta, whole.beta, rtol=1e-6)
        assert new.n_groups == whole.n_groups
        assert new.nobs == whole.nobs
        assert new.ranef()["level"].to_list() == whole.ranef()["level"].to_list()
        np.testing.assert_allclose(new.ranef()["estimate"].to_numpy(), whole.ranef()["estimate"].to_numpy(), atol=1e-3)
        np.testing.assert_allclose(new.predict(DATA), whole.predict(DATA), atol=1e-3)
        if "weights" not in options:
            summary, expected = (re.sub(r"after \d+ eval", "", str(f.summary()))[:380] for f in (new, whole))
            assert summary == expected


@pytest.mark.parametrize(
    "random",
    ["(1 + z | subject) + (1 | item)", "(1 | subject) + (1 + z | item)", "(z | subject) + (0 + f | item)",
     "(0 + f | subject) + (1 + z | item)", "(1 | item) + (x | school) + (1 | subject)",
     "(1 | item) + (1 + z | subject)", "(z | item) + (0 + f | subject)"],
)  # fmt: skip
def test_rows_of_crossed_factors_with_slopes_are_appended_as_if_they_had_been_there(random):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        whole = hlmrs.lmer(f"y ~ x + {random}", pl.concat([OLD, NEW]))
        new = hlmrs.lmer(f"y ~ x + {random}", OLD).append(NEW)
    assert new.criterion == pytest.approx(whole.criterion, rel=1e-8)
    np.testing.assert_allclose(new.beta, whole.beta, rtol=1e-4, atol=1e-4)
    assert new.ranef()["level"].to_list() == whole.ranef()["level"].to_list()
    np.testing.assert_allclose(new.ranef()["estimate"].to_numpy(), whole.ranef()["estimate"].to_numpy(), atol=5e-3)


@pytest.mark.parametrize(("random", "options"), [("(0 + z | subject)", {}), ("(1 | subject)", {"weights": "w"})])
def test_rows_of_groups_are_counted_where_no_sum_tells_them(random, options, tmp_path):
    old = hlmrs.lmer(f"y ~ x + {random}", DATA[:1500], **options)
    old.save(tmp_path / "fit")
    new = hlmrs.load(tmp_path / "fit").append(DATA[1500:2000]).append(DATA[2000:])
    sizes = DATA["subject"].value_counts()["count"]
    assert (sizes.min(), sizes.max()) == (36, 66)
    assert "subject: 60 groups of 36 to 66 rows" in re.sub(r"  +", " ", str(new.summary()))
    new.save(tmp_path / "fit")
    group = hlmrs.load(tmp_path / "fit")._estimate
    order = DATA.group_by("subject").len().sort("subject")
    assert dict(zip(group.layout.groups[0].levels, group.group_rows[0].tolist(), strict=True)) == dict(order.rows())


def test_rows_can_be_appended_again_and_again(model):
    _, _, old = model
    whole = old.append(NEW)
    parts = old
    for start in range(0, NEW.height, 150):
        parts = parts.append(NEW[start : start + 150])
    assert parts.criterion == pytest.approx(whole.criterion, rel=1e-9)


def dense_modes(fit, rows, group):
    """Conditional modes of an intercept at given parameters, by dense algebra."""
    levels = sorted(set(rows[group].to_list()))
    z = np.array([[value == level for level in levels] for value in rows[group]], dtype=float)
    sd = fit.varcorr().filter(pl.col("group") == group)["sd"][0]
    v = sd**2 * z @ z.T + fit.sigma**2 * np.eye(rows.height)
    residual = rows["y"].to_numpy() - fit.predict(rows, random_effects=False)
    return dict(zip(levels, sd**2 * z.T @ np.linalg.solve(v, residual), strict=True))


def test_adapted_modes_are_those_of_dense_algebra_at_the_old_parameters():
    old = hlmrs.lmer("y ~ x + f + (1 | subject)", OLD)
    new = old.adapt(NEW)
    for name in ("beta", "theta", "sigma"):
        np.testing.assert_allclose(getattr(new, name), getattr(old, name), rtol=1e-12)
    np.testing.assert_allclose(new.vcov(), old.vcov())
    expected = dense_modes(old, pl.concat([OLD, NEW]), "subject")
    got = dict(new.ranef().select("level", "estimate").iter_rows())
    assert got.keys() == expected.keys()
    np.testing.assert_allclose([got[k] for k in expected], list(expected.values()), atol=1e-8)
    assert np.isfinite(new.predict(NEW)).all()


def test_adapted_modes_of_crossed_factors_and_slopes_are_those_of_dense_algebra():
    """b = G Z'(Z G Z' + sigma² I)^-1 (y - X beta) over all rows, at the parameters of the fit to the old ones."""
    old = hlmrs.lmer("y ~ x + (1 + z | subject) + (1 | item)", OLD)
    new, rows = old.adapt(NEW), pl.concat([OLD, NEW])
    one, slope = np.ones(rows.height), rows["z"].to_numpy()
    subjects, items = sorted(set(rows["subject"])), sorted(set(rows["item"]))
    by_subject = (rows["subject"].to_numpy()[:, None] == np.array(subjects)).astype(float)
    by_item = (rows["item"].to_numpy()[:, None] == np.array(items)).astype(float)
    z = np.hstack([by_subject * one[:, None], by_subject * slope[:, None], by_item])
    table = {(g, a, b): v for g, a, b, v in old.varcorr().select("group", "term1", "term2", "variance").iter_rows()}
    covariance = [c for (g, _, b), c in table.items() if g == "subject" and b is not None]
    assert len(covariance) == 1
    intercept, by_z = (table["subject", name, None] for name in ("(Intercept)", "z"))
    two = np.array([[intercept, covariance[0]], [covariance[0], by_z]])
    g = np.zeros((z.shape[1],) * 2)
    k = len(subjects)
    g[: 2 * k, : 2 * k] = np.kron(two, np.eye(k))
    g[2 * k :, 2 * k :] = np.eye(len(items)) * table["item", "(Intercept)", None]
    residual = rows["y"].to_numpy() - old.predict(rows, random_effects=False)
    modes = g @ z.T @ np.linalg.solve(z @ g @ z.T + old.sigma**2 * np.eye(rows.height), residual)
    got = {
        (g, t, str(level)): e for g, t, level, e in new.ranef().select("group", "term", "level", "estimate").iter_rows()
    }
    expected = {("subject", "(Intercept)", s): modes[i] for i, s in enumerate(subjects)}
    expected |= {("subject", "z", s): modes[k + i] for i, s in enumerate(subjects)}
    expected |= {("item", "(Intercept)", str(s)): modes[2 * k + i] for i, s in enumerate(items)}
    assert got.keys() == expected.keys()
    np.testing.assert_allclose([got[key] for key in expected], list(expected.values()), atol=1e-7)
    np.testing.assert_allclose(new.predict(rows), old.predict(rows, random_effects=False) + z @ modes, atol=1e-7)


def test_adapting_to_no_new_information_changes_nothing(model, tmp_path):
    _, _, old = model
    none = old.adapt(NEW.with_columns(x=pl.lit(None, dtype=pl.Float64)))
    np.testing.assert_allclose(none.ranef()["estimate"].to_numpy(), old.ranef()["estimate"].to_numpy(), atol=1e-9)
    new = old.adapt(NEW)
    new.save(tmp_path / "adapted")
    again = hlmrs.load(tmp_path / "adapted")
    np.testing.assert_allclose(again.predict(DATA), new.predict(DATA))
    assert again.sigma == old.sigma


def test_arguments_of_the_fit_that_belong_to_its_rows_are_refused():
    fit = hlmrs.lmer("y ~ x + (1 | subject)", OLD, weights=np.ones(OLD.height))
    with pytest.raises(hlmrs.OptionError, match="as a column"):
        fit.append(NEW)
    with pytest.raises(hlmrs.DataError, match="no column 'f'"):
        hlmrs.lmer("y ~ f + (1 | subject)", OLD).adapt(NEW.drop("f"))
