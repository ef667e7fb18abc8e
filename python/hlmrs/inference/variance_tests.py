"""Tests of variance components, whose null hypothesis lies on the boundary of what variances can be.

Dropping one random effect that is correlated with q others, or alone (q = 0): the likelihood ratio is asymptotically
an equal mixture of chi-squares with q and q + 1 degrees of freedom (Self and Liang 1987; Stram and Lee 1994).
Dropping several at once has no such simple mixture; the chi-square with all their parameters is conservative.
``simulate`` gives the exact distribution for a model's only variance component (Crainiceanu and Ruppert 2004), and a
parametric bootstrap of both models otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from .._core import chi_square_tail, criterion_without_random_effects, exact_null, null_statistics
from ..control import count, seed_or_new
from ..errors import choose
from ..estimation import Estimate, estimate_submodel
from ..estimation.fixed_parameters import require_nothing_fixed
from ..estimation.penalty import require_no_covariance_prior
from ..formula import STRUCTURES, RandomTerm, Term
from ..frame import Column, columns_of
from ..options import VarianceTest
from ..resources import Progress
from .bootstrap import warn_of_failures
from .criteria import information_criteria

METHODS: tuple[VarianceTest, ...] = get_args(VarianceTest)

_SAME_MODEL = 1e-5
"""Likelihood ratio of two models that are the same."""
_EXACT_DRAWS = 10_000
_BOOTSTRAP_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Reduction:
    """A smaller model: what was dropped from which random term, and the random terms that remain."""

    name: str
    term: int
    is_whole: bool
    random: tuple[RandomTerm, ...]


def variance_test_table(full: Estimate, method: str, n: int | None, seed: int | None) -> dict[str, Column]:
    """Test every random effect that can be dropped."""
    require_nothing_fixed(full, "tests of variances")
    instead = "they are likelihood ratios of maximum likelihood or REML; test fit.update('. ~ .', prior=None)"
    require_no_covariance_prior(full, "tests of variances", instead)
    method = choose("method", method, METHODS, {"simulation": "simulate", "exact": "simulate"})
    n, entropy = None if n is None else count("n", n), seed_or_new(seed)
    rows = []
    for reduction in reductions(full):
        smaller, criterion, n_params = _fit(full, reduction)
        statistic = max(0.0, criterion - full.core.criterion)
        df = full.core.n_params - n_params
        if method == "mixture":
            p_value, how = _mixture(full, reduction, smaller, statistic, df)
        else:
            p_value, how = _simulated(full, smaller, statistic, n, entropy)
        if full.verdict.flat_terms:
            p_value, how = _not_identified(full, reduction, statistic, p_value, how)
        found = information_criteria(criterion, n_params, full.layout.n_rows)
        rows.append((reduction.name, n_params, found.loglik, found.aic, statistic, df, p_value, how))
    names = ("term", "n_params", "loglik", "aic", "statistic", "df", "p_value", "method")
    return columns_of(names, rows, ("term", "method"))


def reductions(full: Estimate) -> Iterator[Reduction]:
    """Yield the smaller models: each effect of a random term that no other effect contains, or the whole term."""
    terms = full.request.spec.random
    for k, term in enumerate(terms):
        others = terms[:k], terms[k + 1 :]
        droppable = [t for t in term.terms if not any(_contains(other, t) for other in term.terms if other is not t)]
        structure = STRUCTURES[term.structure]
        shrinks = structure.unrestricted or structure.independent
        if not shrinks or len(term.terms) + term.intercept == 1 or not droppable:
            yield Reduction(term.name, k, True, (*others[0], *others[1]))
            continue
        for dropped in droppable:
            rest = replace(term, terms=tuple(t for t in term.terms if t is not dropped))
            yield Reduction(f"{dropped.name} in {term.name}", k, False, (*others[0], rest, *others[1]))


def _contains(larger: Term, smaller: Term) -> bool:
    return {factor.name for factor in smaller.factors} < {factor.name for factor in larger.factors}


def _fit(full: Estimate, reduction: Reduction) -> tuple[Estimate | None, float, int]:
    """Fit a smaller model: its estimate (None for the one without random effects), criterion and parameters."""
    if not reduction.random:
        n_params = len(full.core.beta) + (full.request.sigma is None)
        return None, criterion_without_random_effects(full.core), n_params
    spec = replace(full.request.spec, random=reduction.random)
    smaller = estimate_submodel(full, replace(full.request, spec=spec))
    return smaller, smaller.core.criterion, smaller.core.n_params


def _mixture(
    full: Estimate, reduction: Reduction, smaller: Estimate | None, statistic: float, df: int
) -> tuple[float, str]:
    term = full.layout.random[reduction.term]
    rest = 0 if reduction.is_whole or smaller is None else len(smaller.layout.random[reduction.term].columns)
    if len(term.columns) - rest > 1:
        return chi_square_tail(statistic, df), f"chi-square({df}), conservative"
    # a new variance, with its covariances
    p_value = 0.5 * (chi_square_tail(statistic, df - 1) + chi_square_tail(statistic, df))
    how = f"mixture of chi-square({df - 1}) and ({df})"
    if smaller is not None and smaller.verdict.singular:
        how += ", approximate: the smaller model is singular"
    return p_value, how


def _not_identified(
    full: Estimate, reduction: Reduction, statistic: float, p_value: float, how: str
) -> tuple[float, str]:
    """Leave out the test of a term without which the model is the same; say of the others what they rest on."""
    if full.layout.random[reduction.term].name not in full.verdict.flat_terms:
        return p_value, how
    if statistic < _SAME_MODEL:
        return np.nan, "none: the data do not identify the term, and the model without it is the same"
    return p_value, f"{how}, approximate: the data do not identify the term"


def _simulated(
    full: Estimate, smaller: Estimate | None, statistic: float, n: int | None, seed: int
) -> tuple[float, str]:
    is_single = len(full.layout.random) == 1 and len(full.layout.random[0].columns) == 1
    if smaller is None and is_single and full.request.sigma is None:
        draws = exact_null(full.core, n or _EXACT_DRAWS, seed, full.threads)
        how = f"exact, {len(draws)} draws"
    else:
        null = None if smaller is None else (smaller.core, smaller.rows)
        n_draws = n or _BOOTSTRAP_DRAWS
        with Progress("replicates", n_draws) as shown:
            draws = null_statistics(full.core, full.rows, null, n_draws, seed, full.threads, shown.reach)
        warn_of_failures(draws[:, None], "draws of the bootstrap")
        draws = draws[~np.isnan(draws)]
        how = f"parametric bootstrap, {len(draws)} draws"
    # a statistic of zero is exceeded by every draw
    return float((1 + (draws >= statistic - 1e-9).sum()) / (1 + len(draws))), how
