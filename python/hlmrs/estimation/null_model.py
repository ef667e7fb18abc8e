"""The null model of a fit: an intercept, and a random one for every grouping factor of the mean, in the same rows."""

from dataclasses import replace

from ..formula import PLAIN, ModelSpec, RandomTerm
from .estimate import Estimate
from .generalized import GeneralizedEstimate, fit_submodel
from .making import estimate_submodel


def null_model(estimate: Estimate) -> Estimate:
    """Fit it; offsets, and parts of a generalized model beside the mean's, stay."""
    if isinstance(estimate, GeneralizedEstimate):
        asked = estimate.generalized
        mean = replace(asked.mean, spec=_null_spec(asked.mean.spec), contrasts={})
        return fit_submodel(estimate, replace(asked, mean=mean))
    request = replace(estimate.request, spec=_null_spec(estimate.request.spec), contrasts={})
    return estimate_submodel(estimate, request)


def _null_spec(spec: ModelSpec) -> ModelSpec:
    groups = {tuple(factor.name for factor in random.group): random.group for random in spec.random}
    intercepts = tuple(RandomTerm(PLAIN, True, (), group, (0, 0)) for group in groups.values())
    null = replace(spec, intercept=True, terms=(), random=intercepts)
    return replace(null, formula=str(null))
