"""Checks of generalized models that need no simulation, and all checks at once."""

import numpy as np

from .._core import chi_square_tail
from ..errors import DesignError, OptionError
from ..estimation.generalized import GeneralizedEstimate
from ..families import COUNTS, TRIALS
from ..frame import Column, columns_of
from ..inference import coded_column
from ..prediction import generalized_residuals
from .collinearity import check_collinearity, has_collinearity
from .finding import CONCERN, FINE, LOOK, Check, ModelCheck, p_text
from .optimum import check_convergence, check_random_effects, check_singularity
from .simulated import Simulated, check_dispersion, check_residuals, check_simulated_outliers, check_zeros

_FEW = 5


def check_generalized(estimate: GeneralizedEstimate, found: Simulated) -> ModelCheck:
    """Run every check that the family has."""
    checks = [
        check_convergence(estimate),
        check_singularity(estimate),
        check_random_effects(estimate),
        check_residuals(estimate, found),
        check_simulated_outliers(estimate, found),
    ]
    if has_collinearity(estimate):
        checks.append(check_collinearity(estimate))
    family = estimate.family.name
    if family != "cumulative":
        checks.append(check_dispersion(estimate, found))
    if family in COUNTS:
        checks.append(check_zeros(estimate, found))
    if family in ("binomial", "poisson") and "zero_inflation" not in estimate.parts and not _is_binary(estimate):
        checks.append(check_overdispersion(estimate))
    if estimate.has_frame and _kinds(estimate) is not None:
        checks.append(check_sparseness(estimate))
    return ModelCheck(checks, estimate.kind)


def check_overdispersion(estimate: GeneralizedEstimate) -> Check:
    """Compare the sum of squared Pearson residuals with its degrees of freedom."""
    if estimate.family.name not in ("binomial", "poisson"):
        raise OptionError(
            f"family {estimate.family.name!r} has a dispersion of its own; dispersion() compares with simulated data"
        )
    chi2 = float(np.nansum(generalized_residuals(estimate, pearson=True) ** 2))
    df = estimate.layout.n_rows - estimate.core.n_params
    if df <= 0:
        raise DesignError(f"{estimate.layout.n_rows} rows leave no degrees of freedom beside the parameters")
    ratio, p = chi2 / df, float(chi_square_tail(chi2, float(df)))
    table: dict[str, Column] = {
        "statistic": np.array([chi2]),
        "df": np.array([float(df)]),
        "ratio": np.array([ratio]),
        "p_value": np.array([p]),
    }
    caveat = (
        "The test takes random effects as known, and means as large; below about 1 the ratio says nothing, as random "
        "effects take up some of the spread."
    )
    if _is_binary(estimate):
        finding = "A single trial a row has no dispersion to be tested: its variance follows from its mean."
        return Check("overdispersion", FINE, finding, caveat, table, estimate.kind)
    verdict = CONCERN if p < 0.01 and ratio > 1.5 else LOOK if p < 0.05 and ratio > 1.1 else FINE
    finding = f"Pearson's chi-square is {ratio:.2f} times its degrees of freedom ({p_text(p)})."
    if verdict != FINE:
        instead = "'betabinomial'" if estimate.family.name == "binomial" else "'nbinom2'"
        finding += f" Family {instead}, or a random effect of every row, has room for more."
    return Check("overdispersion", verdict, finding, caveat, table, estimate.kind)


def _is_binary(estimate: GeneralizedEstimate) -> bool:
    """Whether every row is of one trial."""
    trials = estimate.response.trials
    return estimate.family.name == "binomial" and (trials is None or float(trials.max(initial=1.0)) <= 1)


def check_sparseness(estimate: GeneralizedEstimate) -> Check:
    """Count, for every level of the fixed part's factors, the rarest kind of response."""
    kinds = _kinds(estimate)
    if kinds is None:
        raise OptionError(f"responses of family {estimate.family.name!r} are of no kinds that could be rare")
    names, counts = kinds
    rows: list[tuple[str, str, int, str, float]] = []
    for variable in estimate.encoding.factor_levels:
        if variable not in estimate.frame.names:
            continue  # made by a function of the formula
        codes, levels = coded_column(estimate, variable)
        for k, level in enumerate(levels):
            own = counts[codes == k].sum(axis=0)
            rarest = int(np.argmin(own))
            if (codes == k).any():
                rows.append((variable, level, int((codes == k).sum()), names[rarest], float(own[rarest])))
    table = columns_of(("variable", "level", "n_rows", "rarest", "count"), rows, ("variable", "level", "rarest"))
    few = [row for row in rows if row[-1] < _FEW]
    caveat = "Wald's tests and intervals are poor where counts are small; likelihood ratios and profiles are better."
    if not few:
        finding = f"Every level of every factor has {_FEW} responses or more of each kind."
        return Check("sparseness", FINE, finding, caveat, table, estimate.kind)
    shown = ", ".join(f"{variable} = {level} ({count:.0f} {what})" for variable, level, _, what, count in few[:_FEW])
    finding = f"Fewer than {_FEW} responses of a kind stand behind {shown}{', ...' if len(few) > _FEW else ''}."
    return Check("sparseness", LOOK, finding, caveat, table, estimate.kind)


def _kinds(estimate: GeneralizedEstimate) -> tuple[list[str], np.ndarray] | None:
    """Return the kinds of responses that there are, and how many of each every row has."""
    y, trials = estimate.response.y, estimate.response.trials
    if estimate.categories:
        return list(estimate.categories), (y[:, None] == np.arange(len(estimate.categories))).astype(float)
    if estimate.family.name in TRIALS:
        n = np.ones(len(y)) if trials is None else trials
        return ["successes", "failures"], np.column_stack([y, n - y])
    if estimate.family.name in COUNTS and not estimate.family.name.startswith("truncated_"):
        return ["counts above zero"], (y > 0).astype(float)[:, None]
    return None
