"""All checks of a fit at once."""

from ..estimation import Estimate
from .autocorrelation import check_autocorrelation
from .collinearity import check_collinearity, has_collinearity
from .finding import ModelCheck
from .group_means import check_heterogeneity_bias
from .homogeneity import check_homogeneity
from .normality import check_normality
from .optimum import check_convergence, check_random_effects, check_singularity
from .outliers import check_outliers


def check_model(estimate: Estimate, order: str | None) -> ModelCheck:
    """Run every check; that of autocorrelation only where an order of the rows is given."""
    checks = [
        check_convergence(estimate),
        check_singularity(estimate),
        check_random_effects(estimate),
        check_normality(estimate),
        check_homogeneity(estimate, None),
        check_outliers(estimate),
        check_heterogeneity_bias(estimate),
    ]
    if has_collinearity(estimate):
        checks.insert(-1, check_collinearity(estimate))
    if order is not None:
        checks.append(check_autocorrelation(estimate, None, order))
    return ModelCheck(checks, estimate.kind)
