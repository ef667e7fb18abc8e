"""Pickles, copies and files hold a generalized fit without its data."""

import copy
import pickle

import numpy as np
import pytest

import hlmrs
from generalized_models import MODELS, data_of, fit_of, quietly
from golden import library, rows
from hlmrs import storage
from hlmrs.estimation.generalized_state import to_bytes

KINDS = [*[(name, "polars") for name in MODELS], ("cbind", "pandas"), ("ordered", "pandas"), ("zero part", "dict")]


@pytest.fixture(params=KINDS, ids=str, scope="module")
def fit(request):
    return fit_of(*request.param), data_of(request.param[1])


def through_file(fit, tmp_path, **options):
    fit.save(tmp_path / "fit", **options)
    return hlmrs.load(tmp_path / "fit")


def alike(one, other):
    assert library(one) == library(other)
    for left, right in zip(rows(one), rows(other), strict=True):
        assert list(left) == list(right)
        for name, value in left.items():
            if isinstance(value, float):
                assert right[name] == pytest.approx(value, rel=1e-9, nan_ok=True)
            else:
                assert right[name] == value


def same(one, other, data):
    assert type(other) is hlmrs.GeneralizedMixedFit
    assert (other.formula, other.family, other.success) == (one.formula, one.family, one.success)
    assert other.criterion == pytest.approx(one.criterion, rel=1e-13)
    assert (other.nobs, other.n_params, other.n_groups) == (one.nobs, one.n_params, one.n_groups)
    assert other.dispersion == pytest.approx(one.dispersion, nan_ok=True)
    assert other.family_parameters == one.family_parameters
    for name in ("beta", "theta"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-13)
    for table in ("tidy", "varcorr", "ranef", "coef", "glance", "confint"):
        alike(getattr(one, table)(), getattr(other, table)())
    for part in one._estimate.parts:
        alike(one.tidy(component=part), other.tidy(component=part))
    assert str(other.summary()) == str(one.summary())
    assert other.verdict == one.verdict
    for kind in ("response", "link", "conditional"):
        np.testing.assert_allclose(other.predict(data, type=kind), one.predict(data, type=kind), rtol=1e-12)


def test_files_keep_everything_but_the_rows(fit, tmp_path):
    original, data = fit
    loaded = through_file(original, tmp_path)
    same(original, loaded, data)
    same(original, through_file(loaded, tmp_path), data)
    for needs_rows in (
        lambda: loaded.fitted,
        lambda: loaded.predict(),
        lambda: loaded.simulate(seed=1),
        lambda: loaded.refit(np.ones(loaded.nobs)),
        lambda: loaded.approximation,
        lambda: loaded.resid("quantile", seed=1),
    ):
        with pytest.raises(hlmrs.FitStateError, match="without its data"):
            needs_rows()
    # what such a model has not is said first
    for needs_rows, name, says in (
        (loaded.resid, "cumulative", "no residuals of its mean"),
        (loaded.r2, "nbinom2", "not defined for a model with a zero part"),
    ):
        has_none = original.family.name == name
        with pytest.raises(
            hlmrs.OptionError if has_none else hlmrs.FitStateError, match=says if has_none else "without its data"
        ):
            needs_rows()


def test_files_can_keep_fitted_values(fit, tmp_path):
    original, data = fit
    loaded = through_file(original, tmp_path, keep_rows=True)
    same(original, loaded, data)
    np.testing.assert_array_equal(loaded.fitted, original.fitted)
    np.testing.assert_array_equal(loaded.predict(type="link"), original.predict(type="link"))
    if original.family.name != "cumulative":
        np.testing.assert_array_equal(loaded.resid("pearson"), original.resid("pearson"))


def test_pickles_keep_what_the_rows_gave(fit):
    original, data = fit
    again = pickle.loads(pickle.dumps(original))
    same(original, again, data)
    assert copy.copy(original) is original
    assert copy.deepcopy([original])[0] is original
    again = pickle.loads(pickle.dumps(again))
    alike(again.anova(type=2), original.anova(type=2))
    np.testing.assert_allclose(again.fitted, original.fitted, rtol=1e-10)
    np.testing.assert_allclose(again.resid("quantile", seed=1), original.resid("quantile", seed=1), rtol=1e-10)
    y = original.simulate(1, seed=3)[:, 0]
    np.testing.assert_allclose(quietly(lambda: again.refit(y)).beta, quietly(lambda: original.refit(y)).beta, rtol=1e-6)


def test_a_pickled_refit_has_its_own_response():
    fit = fit_of("cbind")
    again = fit.refit(fit.simulate(1, seed=3)[:, 0])
    copy = pickle.loads(pickle.dumps(again))
    assert copy.criterion == pytest.approx(again.criterion, rel=1e-13) != fit.criterion
    assert copy.approximation.error == pytest.approx(again.approximation.error, rel=1e-6)
    alike(again.confint(method="profile"), copy.confint(method="profile"))


def test_rows_that_parts_do_not_share_stay_left_out():
    data = {name: values.copy() for name, values in data_of("dict").items()}
    data["x"][3], data["w"][7] = np.nan, np.nan
    fit = quietly(lambda: hlmrs.glmer("count ~ x + (1 | g)", data, family="nbinom2", zero_inflation="~ w"))
    copy = pickle.loads(pickle.dumps(fit))
    assert copy.nobs == len(data["x"]) - 2
    np.testing.assert_allclose(copy.resid("quantile", seed=1), fit.resid("quantile", seed=1), rtol=1e-10)


def headers():
    """Files whose parts do not fit together."""
    header, arrays = storage.from_bytes(to_bytes(fit_of("zero part")._estimate), "x")
    own = header["generalized"]
    fit = own["fit"]
    for change in (
        {"family": {"name": "normally", "link": "log"}},
        {"family": {"name": "cumulative", "link": "logit"}},
        {"categories": ["a", "b"]},
        {"categories": 3},
        {"fit": {**fit, "criterion": "low"}},
        {"fit": {**fit, "without_end": [99]}},
        {"fit": {**fit, "parts": fit["parts"][:1]}},
        {"fit": {**fit, "parts": [{**entry, "first": 0} for entry in fit["parts"]]}},
        {"fit": {**fit, "verdict": {**fit["verdict"], "status": "fine"}}},
        {"fit": {}},
    ):
        yield {**header, "generalized": {**own, **change}}, arrays
    yield {**header, "generalized": {}}, arrays
    yield {**header, "parts": {}}, arrays
    yield {**header, "parts": {**header["parts"], "shape": header["parts"]["zero_inflation"]}}, arrays
    yield {**header, "layout": {**header["layout"], "kept": [0]}}, arrays
    for name, array in arrays.items():
        if not name.startswith(("core.", "columns.")):
            yield header, {k: v for k, v in arrays.items() if k != name}
            yield header, {**arrays, name: array[..., :-1]}


def test_files_that_disagree_with_themselves_are_refused_where_they_are_read(tmp_path):
    damaged = [*headers()]
    # ten changes of the fit, four of the header, and 14 arrays that are missing or too short
    assert len(damaged) == 14 + 2 * 14
    for header, arrays in damaged:
        storage.write(tmp_path / "fit", header, arrays)
        with pytest.raises(hlmrs.DataError, match=r"fit' does not hold a fit .* save the fit again"):
            hlmrs.load(tmp_path / "fit")


def test_damaged_pickles_are_refused():
    header, arrays = storage.from_bytes(to_bytes(fit_of("cbind")._estimate), "x")
    from hlmrs.estimation.generalized_state import from_bytes

    for name in [name for name in arrays if name.startswith("core.")]:
        without, shorter = {k: v for k, v in arrays.items() if k != name}, {**arrays, name: arrays[name][:-1]}
        for damaged in (without, shorter) if arrays[name].size else (without,):
            with pytest.raises(hlmrs.DataError, match="does not hold a fit"):
                from_bytes(storage.to_bytes(header, damaged))
