"""The weights of contrasts are those of the textbooks, in full."""

import numpy as np
import pandas as pd
import pytest

from hlmrs.errors import OptionError
from hlmrs.marginal.adjustment import chosen_adjustment
from hlmrs.marginal.weights import chosen_method, contrast_weights

ABCD = ["a", "b", "c", "d"]
RIGHT = {
    "pairwise": {
        "a - b": [1, -1, 0, 0], "a - c": [1, 0, -1, 0], "a - d": [1, 0, 0, -1],
        "b - c": [0, 1, -1, 0], "b - d": [0, 1, 0, -1], "c - d": [0, 0, 1, -1],
    },
    "reference": {"b - a": [-1, 1, 0, 0], "c - a": [-1, 0, 1, 0], "d - a": [-1, 0, 0, 1]},
    "trt.vs.ctrl": {"b - a": [-1, 1, 0, 0], "c - a": [-1, 0, 1, 0], "d - a": [-1, 0, 0, 1]},
    "consecutive": {"b - a": [-1, 1, 0, 0], "c - b": [0, -1, 1, 0], "d - c": [0, 0, -1, 1]},
    "eff": {
        "a effect": [3 / 4, -1 / 4, -1 / 4, -1 / 4], "b effect": [-1 / 4, 3 / 4, -1 / 4, -1 / 4],
        "c effect": [-1 / 4, -1 / 4, 3 / 4, -1 / 4], "d effect": [-1 / 4, -1 / 4, -1 / 4, 3 / 4],
    },
    "helmert": {
        "b - a": [-1, 1, 0, 0], "c - mean(a, b)": [-1 / 2, -1 / 2, 1, 0],
        "d - mean(a, b, c)": [-1 / 3, -1 / 3, -1 / 3, 1],
    },
    "poly": {"linear": [-3, -1, 1, 3], "quadratic": [1, -1, -1, 1], "cubic": [-1, 3, -3, 1]},
}  # fmt: skip


def same(found, right):
    assert list(found) == list(right)
    for name, row in right.items():
        np.testing.assert_allclose(found[name], row, err_msg=name, atol=1e-15)


@pytest.mark.parametrize("method", RIGHT)
def test_weights_of_four_means(method):
    same(contrast_weights(method, ABCD), RIGHT[method])


def test_weights_of_polynomials_are_those_of_the_tables():
    # Fisher and Yates, table XXIII, n = 5 and n = 6
    five = contrast_weights("poly", list("12345"))
    same(five, {"linear": [-2, -1, 0, 1, 2], "quadratic": [2, -1, -2, -1, 2], "cubic": [-1, 2, 0, -2, 1],
                "quartic": [1, -4, 6, -4, 1]})  # fmt: skip
    six = contrast_weights("poly", list("123456"))
    np.testing.assert_array_equal(six["linear"], [-5, -3, -1, 1, 3, 5])
    np.testing.assert_array_equal(six["cubic"], [-5, 7, 4, -4, -7, 5])
    np.testing.assert_array_equal(list(contrast_weights("poly", ["1", "2"]).values()), [[-1, 1]])


def test_another_reference_is_taken_from_every_other_mean():
    same(contrast_weights("reference", ABCD, "c"),
         {"a - c": [1, 0, -1, 0], "b - c": [0, 1, -1, 0], "d - c": [0, 0, -1, 1]})  # fmt: skip
    with pytest.raises(OptionError, match="'z'"):
        contrast_weights("reference", ABCD, "z")
    with pytest.raises(OptionError, match="reference='c' belongs to method='reference', not to 'pairwise'"):
        contrast_weights("pairwise", ABCD, "c")


def test_names_of_differences_are_put_in_parentheses():
    assert list(contrast_weights("pairwise", ["a - b", "c"])) == ["(a - b) - c"]


def test_weights_of_ones_own_are_by_place_or_by_label():
    same(contrast_weights({"half": [0.5, 0.5, -1, 0]}, ABCD), {"half": [0.5, 0.5, -1, 0]})
    same(contrast_weights({"ends": {"d": 1, "a": -1}}, ABCD), {"ends": [-1, 0, 0, 1]})
    series = pd.Series([1.0, 2.0, 3.0, -6.0], index=["d", "c", "b", "a"])
    same(contrast_weights({"series": series}, ABCD), {"series": [-6, 3, 2, 1]})
    with pytest.raises(OptionError, match="there is no mean 'z'"):
        contrast_weights({"odd": {"z": 1}}, ABCD)
    with pytest.raises(OptionError, match="has 3 weights for 4 means"):
        contrast_weights({"short": [1, 0, -1]}, ABCD)


def test_one_mean_is_not_compared():
    with pytest.raises(OptionError, match="there is but one: a"):
        contrast_weights("pairwise", ["a"])
    assert len(contrast_weights("pairwise", ["a", "b"])) == 1


def test_a_method_is_a_name_or_weights():
    assert chosen_method("pairs") == "pairwise"
    assert chosen_method({"a": [1, -1]}) == {"a": [1, -1]}
    with pytest.raises(TypeError, match="method=3: give a name, or a dictionary"):
        chosen_method(3)


@pytest.mark.parametrize("method", ["reference", "trt.vs.ctrl"])
def test_dunnett_belongs_to_a_reference_and_tukey_to_all_pairs(method):
    assert chosen_adjustment("dunnett", method, one_factor=True) == "dunnett"
    assert chosen_adjustment("tukey", "pairwise", one_factor=True) == "tukey"
    assert chosen_adjustment("holm", method, one_factor=False) == "holm"
    with pytest.raises(OptionError, match="comparisons with a reference"):
        chosen_adjustment("dunnett", "pairwise", one_factor=True)
    with pytest.raises(OptionError, match="comparisons with a reference"):
        chosen_adjustment("dunnett", method, one_factor=False)
    with pytest.raises(OptionError, match="all pairwise comparisons"):
        chosen_adjustment("tukey", method, one_factor=True)
    with pytest.raises(OptionError, match="all pairwise comparisons"):
        chosen_adjustment("tukey", "pairwise", one_factor=False)
