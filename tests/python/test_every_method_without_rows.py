"""Fits that keep no rows give the numbers of the fit to the rows, or say that the rows are not there."""

import warnings
from typing import Any

import numpy as np
import pytest

import hlmrs
from kinds_of_models import fit_of, rows_of_groups
from methods_of_inference import METHODS
from test_every_method import numbers

FORMULA = "y ~ x + w + f + (x | g)"
WITHOUT_ROWS = ("tidy", "confint", "summary", "test", "vcov", "profile", "inference")
"""Methods that need no rows, unless degrees of freedom are counted in them, or the covariance is robust."""
IN_ROWS = ("containment", "between-within", "CR0", "CR1", "CR1S", "CR2", "CR3", "boot")


@pytest.fixture(scope="module")
def fits(tmp_path_factory) -> dict[str, Any]:
    data = rows_of_groups()
    sums = hlmrs.SufficientStatistics(FORMULA, data)
    sums.update(data)
    path = tmp_path_factory.mktemp("fits") / "fit"
    fit_of("slopes").save(path)
    return {
        "sums": hlmrs.lmer(sums),
        "stream": hlmrs.lmer(FORMULA, data.lazy(), rows="stream"),
        "loaded": hlmrs.load(path),
        "appended": hlmrs.lmer(FORMULA, data.head(60)).append(data.tail(10)),
    }


@pytest.mark.parametrize("kind", ["sums", "stream", "loaded", "appended"])
@pytest.mark.parametrize("method", METHODS)
def test_a_fit_without_rows_gives_the_same_numbers_or_says_so(fits, kind, method) -> None:
    words = method.split()
    possible = words[0] in WITHOUT_ROWS and not any(word in IN_ROWS for word in words)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        if not possible:
            with pytest.raises(hlmrs.FitStateError):
                METHODS[method](fits[kind])
            return
        got, want = METHODS[method](fits[kind]), METHODS[method](fit_of("slopes"))
    if method == "inference":  # the methods that need rows say so in their line
        said = dict(zip(got["method"], got["assumes"], strict=True))
        missing = {name for name, text in said.items() if text.startswith("not available")}
        assert missing == {"containment", "between-within", "CR2", "bootstrap"}
        return
    for (name, values), (_, expected) in zip(numbers(got), numbers(want), strict=True):
        if method != "profile":  # its points follow the search
            np.testing.assert_allclose(values, expected, rtol=1e-4, err_msg=name)


def test_an_adapted_fit_is_tested_as_the_fit_whose_parameters_it_has() -> None:
    data = rows_of_groups()
    fit = hlmrs.lmer(FORMULA, data.head(60))
    adapted = fit.adapt(data.tail(10))
    for ddf in ("satterthwaite", "kenward-roger"):
        assert adapted.tidy(ddf=ddf).equals(fit.tidy(ddf=ddf))
    assert adapted.confint(method="profile").equals(fit.confint(method="profile"))


def test_an_adapted_fit_that_was_saved_warns_of_its_degrees_of_freedom(tmp_path) -> None:
    data = rows_of_groups()
    hlmrs.lmer(FORMULA, data.head(60)).adapt(data.tail(10)).save(tmp_path / "fit")
    with pytest.warns(hlmrs.InferenceWarning, match="approximate"):
        hlmrs.load(tmp_path / "fit").tidy()


def test_one_group_is_refused() -> None:
    with pytest.raises(hlmrs.DesignError, match="one level"):
        hlmrs.lmer("y ~ x + (1 | g)", rows_of_groups(1, 20))


def test_the_text_about_fits_without_rows_names_what_works(fits) -> None:
    with pytest.raises(hlmrs.FitStateError) as refused:
        fits["sums"].anova()
    listed = str(refused.value).partition("(")[2].partition(" do not)")[0].replace(" and ", ", ").split(", ")
    new = rows_of_groups().head(3)
    calls = {"test": ("x = 0",), "predict(newdata": (new,), "append": (new,), "adapt": (new,)}
    names = [name.strip(")") for name in listed]
    assert len(names) > 8
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        for name in names:
            getattr(fits["sums"], name.partition("(")[0])(*calls.get(name, ()))
