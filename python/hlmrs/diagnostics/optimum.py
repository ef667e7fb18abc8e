"""Whether the optimum is one, whether covariances have full rank, and whether random effects have levels enough."""

import numpy as np

from ..estimation import Estimate, RandomPart, Verdict, of_search, random_parts, sentence
from ..frame import Column, columns_of
from ..inference import by_part, mode_variances, named_by_part, require_random_effects
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
    verdict = estimate.verdict
    rows, kind = (
        [row for name, part in random_parts(estimate).items() for row in _components(name, part)],
        estimate.kind,
    )
    table = columns_of(("term", "component", "sd", "share"), rows, ("term",))
    if verdict.singular:
        of = ", ".join(verdict.singular_terms)
        finding = " ".join([f"The covariance of {of} does not have full rank.", *verdict.advice])
    elif not rows:
        return Check("singularity", FINE, "The model has no random effects, so that none is singular.", "", table, kind)
    else:
        finding = "The covariance of every random term has full rank."
    caveat = (
        "A singular fit is an optimum, and its fixed effects are valid; but a variance estimated as zero need not be "
        "zero."
    )
    return Check("singularity", LOOK if verdict.singular else FINE, finding, caveat, table, kind)


def _components(name: str, part: Estimate | RandomPart) -> list[tuple[str, int, float, float]]:
    """Return the principal components of the covariances of a part, which terms beside the mean's say."""
    of, rows = "" if name == "conditional" else f" ({name})", []
    for term, covariance in zip(part.layout.random, part.core.covariances(), strict=True):
        values = np.clip(np.linalg.eigvalsh(covariance)[::-1], 0, None)
        total = float(values.sum())
        shares = values / total if total > 0 else np.zeros_like(values)
        rows += [(term.name + of, k + 1, float(np.sqrt(v)), float(shares[k])) for k, v in enumerate(values)]
    return rows


def check_random_effects(estimate: Estimate) -> Check:
    """Say for every random effect how many levels inform its variance, and how much the data say of each level."""
    parts = random_parts(estimate)
    if not parts:
        require_random_effects(estimate)
    table = by_part(parts, _informed, named=named_by_part(parts))
    few = list(
        dict.fromkeys(g.name for part in parts.values() for g in part.layout.groups if len(g.levels) < _FEW_LEVELS)
    )
    plain = {name: np.asarray(column) for name, column in table.items()}
    least, known = int(np.argmin(plain["informed"])), float(plain["informed"].min())
    of = plain["component"][least] if "component" in plain else "conditional"
    what = f"{plain['term'][least]} | {plain['group'][least]}{'' if of == 'conditional' else f' ({of})'}"
    finding = f"{what} is known least, with reliability {known:.2f} on average over its levels."
    if plain["sd"][least] == 0:
        finding = f"The variance of {what} is estimated as zero: its levels are taken as alike."
    if few:
        finding = (
            f"The variance between levels of {', '.join(few)} rests on fewer than {_FEW_LEVELS} levels. " + finding
        )
    caveat = "Little information on single levels shrinks their predictions; it does not bias the variances."
    return Check("random effects", LOOK if few else FINE, finding, caveat, table, estimate.kind)


def _informed(part: Estimate | RandomPart) -> dict[str, Column]:
    layout, left = part.layout, mode_variances(part)
    rows: list[tuple[str, str, int, float, float]] = []
    for k, term in enumerate(layout.random):
        variance, group = np.diag(part.core.covariances()[k]), layout.groups[term.group]
        informed = np.where(variance > 0, 1 - left[k].mean(axis=0) / np.where(variance > 0, variance, 1), 0.0)
        effects = zip(term.columns, np.sqrt(variance).tolist(), informed.tolist(), strict=True)
        rows += [(group.name, name, len(group.levels), sd, share) for name, sd, share in effects]
    return columns_of(("group", "term", "levels", "sd", "informed"), rows, ("group", "term"))
