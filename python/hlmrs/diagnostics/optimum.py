"""Whether the optimum is one, whether covariances have full rank, and whether random effects have levels enough."""

import numpy as np

from ..estimation import Estimate, Verdict, of_search, sentence
from ..frame import Column, columns_of
from ..inference import mode_variances
from .finding import CONCERN, FINE, LOOK, Check

_FEW_LEVELS = 6


def check_convergence(estimate: Estimate) -> Check:
    """Repeat the verdict on the optimum: gradient, curvature, and the conditions on a boundary."""
    verdict = estimate.verdict
    table: dict[str, Column] = {
        "status": [verdict.status],
        "evaluations": np.array([verdict.evaluations]),
        "expected_decrease": np.array([verdict.expected_decrease]),
    }
    judged = CONCERN if not verdict.converged else LOOK if verdict.status == "flat" else FINE
    finding, caveat = _of_optimum(verdict) if verdict.converged else _without_optimum(verdict)
    return Check("convergence", judged, finding, caveat, table, estimate.kind)


def _of_optimum(verdict: Verdict) -> tuple[str, str]:
    return (
        f"{sentence(verdict)} By its gradient and curvature the criterion could fall by "
        f"{abs(verdict.expected_decrease):.1e} at most.",
        f"The optimum is verified where the search ended. {of_search(verdict)}",
    )


def _without_optimum(verdict: Verdict) -> tuple[str, str]:
    advice = " ".join(verdict.advice)
    return f"{sentence(verdict)} {advice}", "The other checks are of numbers that are not those of an optimum."


def check_singularity(estimate: Estimate) -> Check:
    """Tabulate the principal components of every term's covariance."""
    layout, verdict = estimate.layout, estimate.verdict
    rows: list[tuple[str, int, float, float]] = []
    for term, covariance in zip(layout.random, estimate.core.covariances(), strict=True):
        values = np.clip(np.linalg.eigvalsh(covariance)[::-1], 0, None)
        total = float(values.sum())
        shares = values / total if total > 0 else np.zeros_like(values)
        rows += [(term.name, k + 1, np.sqrt(value), shares[k]) for k, value in enumerate(values)]
    table = columns_of(("term", "component", "sd", "share"), rows, ("term",))
    if verdict.singular:
        finding = " ".join(["The covariance of random effects does not have full rank.", *verdict.advice])
    else:
        finding = "The covariance of every random term has full rank."
    caveat = (
        "A singular fit is an optimum, and its fixed effects are valid; but a variance estimated as zero need not be "
        "zero."
    )
    return Check("singularity", LOOK if verdict.singular else FINE, finding, caveat, table, estimate.kind)


def check_random_effects(estimate: Estimate) -> Check:
    """Say for every random effect how many levels inform its variance, and how much the data say of each level."""
    layout, core = estimate.layout, estimate.core
    left = mode_variances(estimate)
    rows: list[tuple[str, str, int, float, float]] = []
    for k, term in enumerate(layout.random):
        variance, group = np.diag(core.covariances()[k]), layout.groups[term.group]
        informed = np.where(variance > 0, 1 - left[k].mean(axis=0) / np.where(variance > 0, variance, 1), 0.0)
        parts = zip(term.columns, np.sqrt(variance).tolist(), informed.tolist(), strict=True)
        rows += [(group.name, name, len(group.levels), sd, share) for name, sd, share in parts]
    table = columns_of(("group", "term", "levels", "sd", "informed"), rows, ("group", "term"))
    few = [g.name for g in layout.groups if len(g.levels) < _FEW_LEVELS]
    name, effect, _, deviation, known = min(rows, key=lambda row: row[-1])
    finding = (
        f"The data leave least of a level's own {effect} | {name} to be seen: on average "
        f"{100 * known:.0f} % of its variance is known of each level."
    )
    if deviation == 0:
        finding = f"The variance of {effect} | {name} is estimated as zero: its levels are taken as alike."
    if few:
        finding = (
            f"The variance between levels of {', '.join(few)} rests on fewer than {_FEW_LEVELS} levels. " + finding
        )
    caveat = "Little information on single levels shrinks their predictions; it does not bias the variances."
    return Check("random effects", LOOK if few else FINE, finding, caveat, table, estimate.kind)
