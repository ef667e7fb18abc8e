"""All checks of a fit at once."""

from ..estimation import Estimate
from .autocorrelation import check_autocorrelation
from .collinearity import check_collinearity, has_collinearity
from .finding import Check, ModelCheck
from .group_means import check_heterogeneity_bias
from .homogeneity import check_homogeneity
from .normality import check_normality
from .optimum import check_convergence, check_random_effects, check_singularity
from .outliers import check_outliers

_NOT_CHECKED = (
    "Normality and outliers of the residuals, and means of groups: these checks are of models with random effects "
    "whose residuals are independent, with one variance."
)

_NO_ORDER = (
    " Autocorrelation: the residuals have no structure that says whose rows follow each other, and in what order; "
    "check.autocorrelation('id', order='t') goes by columns."
)


def check_model(estimate: Estimate, order: str | None) -> ModelCheck:
    """Run every check that there is for the model; of autocorrelation only where the order of the rows is known."""
    checks = [check_convergence(estimate)]
    if estimate.layout.random or estimate.verdict.singular:
        checks.append(check_singularity(estimate))
    if estimate.layout.random:
        checks.append(check_random_effects(estimate))
    residual = estimate.request.residual
    if residual is not None:
        checks.append(check_homogeneity(estimate, None, order))
        in_order = residual.term is not None or (bool(estimate.layout.groups) and order is not None)
        if in_order:
            checks.append(check_autocorrelation(estimate, None, order))
        text = _NOT_CHECKED if in_order else _NOT_CHECKED + _NO_ORDER
        return ModelCheck([*checks, *_of_columns(estimate)], estimate.kind, text)
    checks += [
        check_normality(estimate),
        check_homogeneity(estimate, None, order),
        check_outliers(estimate),
        check_heterogeneity_bias(estimate),
    ]
    checks[-1:-1] = _of_columns(estimate)
    if order is not None:
        checks.append(check_autocorrelation(estimate, None, order))
    return ModelCheck(checks, estimate.kind)


def _of_columns(estimate: Estimate) -> list[Check]:
    return [check_collinearity(estimate)] if has_collinearity(estimate) else []
