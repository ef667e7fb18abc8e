"""Whether columns lie in the span of others, whatever their sizes."""

import numpy as np

from hlmrs.hypotheses.part_nesting import spans

RNG = np.random.default_rng(2)
X = RNG.normal(size=(50, 3))
NONE = np.empty((50, 0))


def test_columns_are_spanned_by_those_that_they_are_sums_of():
    assert spans(X, X @ RNG.normal(size=(3, 2)))
    assert not spans(X[:, :2], X)
    assert not spans(X, X[:, :1] + 1e-6 * RNG.normal(size=(50, 1)))
    for large, small in ((1e9, 1e-9), (1e-9, 1e9)):
        assert spans(X * [large, 1, small], X * [small, large, 1])


def test_no_columns_span_nothing_but_zeros():
    assert spans(X, NONE)
    assert spans(NONE, NONE)
    assert spans(NONE, np.zeros((50, 1)))
    assert not spans(NONE, X)


def test_a_column_of_zeros_changes_nothing():
    with_zeros = np.column_stack([X, np.zeros(50)])
    assert spans(with_zeros, X)
    assert spans(X, with_zeros)
    assert not spans(with_zeros[:, 1:], X)


def test_of_many_rows_some_are_fitted_and_all_are_held_against_the_fit():
    x = RNG.normal(size=(45_000, 2))
    assert spans(x, x @ [[1.0], [2.0]])
    odd = x[:, :1].copy()
    odd[1] += 1.0  # no row that is fitted
    assert not spans(x, odd)
