import json

import numpy as np
import pytest

from hlmrs.errors import DesignError
from hlmrs.formula import parse
from hlmrs.splines import SplineBasis

X = np.linspace(0, 10, 201) ** 1.3


def basis_of(text, values=X):
    (factor,) = parse(f"y ~ {text} + (1 | g)").splines()
    return SplineBasis.for_values(factor.expression, values)


def spans(basis, target):
    columns = np.column_stack([np.ones(len(target)), basis])
    return np.allclose(columns @ np.linalg.lstsq(columns, target, rcond=None)[0], target, atol=1e-8 * np.ptp(target))


@pytest.mark.parametrize(
    ("text", "columns"),
    [("bs(x)", 3), ("bs(x, df = 5)", 5), ("bs(x, 6, degree = 2)", 6), ("bs(x, knots = c(2, 5))", 5),
     ("bs(x, df = 5, intercept = TRUE)", 5), ("ns(x)", 1), ("ns(x, df = 4)", 4), ("cr(x, df = 4)", 4),
     ("ns(x, df = 4, intercept = TRUE)", 4), ("ns(x, knots = 3)", 2)],
)  # fmt: skip
def test_a_basis_has_the_columns_that_were_asked_for(text, columns):
    assert basis_of(text).matrix(X).shape == (len(X), columns)


def test_bs_without_knots_is_every_cubic():
    assert spans(basis_of("bs(x)").matrix(X), X**3 - 4 * X)


def test_ns_without_knots_is_every_line_and_no_parabola():
    basis = basis_of("ns(x)").matrix(X)
    assert spans(basis, 3 * X)
    assert not spans(basis, X**2)


def test_knots_are_the_quantiles():
    assert basis_of("bs(x, df = 5)").settings["knots"] == pytest.approx(np.quantile(X, [1 / 3, 2 / 3]))


def test_b_splines_and_the_rest_sum_to_one():
    assert basis_of("bs(x, df = 6, intercept = TRUE)").matrix(X).sum(axis=1) == pytest.approx(np.ones(len(X)))


@pytest.mark.parametrize("text", ["bs(x, df = 5)", "ns(x, df = 4)", "cr(x, df = 3)"])
def test_new_values_get_the_columns_that_the_old_had(text):
    basis = basis_of(text)
    np.testing.assert_allclose(basis.matrix(X[50:60]), basis.matrix(X)[50:60], atol=1e-12)
    assert np.isfinite(basis.matrix(np.array([-3.0, 25.0]))).all()


def test_a_natural_spline_goes_on_as_a_line():
    beyond = basis_of("ns(x, df = 4)").matrix(np.array([21.0, 22.0, 23.0]))
    np.testing.assert_allclose(np.diff(beyond, n=2, axis=0), 0, atol=1e-9)


def test_missing_values_stay_missing():
    values = np.append(X, np.nan)
    assert np.isnan(basis_of("bs(x)", values).matrix(values)[-1]).all()


def test_too_few_columns_are_refused_with_the_least():
    with pytest.raises(DesignError, match=r"df=2 is too few.*at least 3"):
        basis_of("bs(x, df = 2)")


def test_no_values_are_refused():
    with pytest.raises(DesignError, match="no values"):
        basis_of("bs(x)", np.full(3, np.nan))


def read_again(text, basis, kind=None, **changed):
    (factor,) = parse(f"y ~ {text} + (1 | g)").splines()
    settings = json.loads(json.dumps(dict(basis.settings)))
    return SplineBasis.from_saved(factor.expression, {"kind": kind or basis.kind, "settings": settings | changed})


SAVED = ("bs(x)", "bs(x, 6, degree = 2)", "bs(x, knots = c(2, 5), intercept = TRUE)", "ns(x)", "ns(x, df = 4)",
         "cr(x, df = 4)", "ns(x, df = 4, intercept = TRUE)", "ns(x, knots = 3)",
         "bs(x, df = 5, Boundary.knots = c(-1, 30))")  # fmt: skip


@pytest.mark.parametrize("text", SAVED)
def test_a_saved_basis_is_read_as_it_was(text):
    basis = basis_of(text)
    np.testing.assert_array_equal(read_again(text, basis).matrix(X), basis.matrix(X))


@pytest.mark.parametrize("text", SAVED)
def test_settings_that_the_call_cannot_have_are_refused(text):
    basis = basis_of(text)
    knots = basis.settings["knots"]
    changes = [
        {"knots": [*knots, 3.0]}, {"knots": "x"}, {"knots": [None, *knots[1:]]}, {"degree": 4}, {"extra": 1},
        {"lower_bound": "a"}, {"lower_bound": 99.0}, {"upper_bound": float("inf")}, {"upper_bound": True},
        {"constraints": [["a"]]}, {"constraints": [[0.0] * 99]}, {"constraints": "rows"},
    ]  # fmt: skip
    for changed in changes:
        with pytest.raises(ValueError, match="not one of its options"):
            read_again(text, basis, **changed)
    with pytest.raises(ValueError, match="not one of its options"):
        read_again(text, basis, kind="bs" if basis.kind != "bs" else "cr")
