"""The models of the steps, and a test of everything that a step adds.

Fixed terms are tested by the likelihood ratio of models fitted by maximum likelihood, which have the same random
effects; random effects by that of models with the same fixed terms, by the criterion of the fit, where the null
distribution knows that a variance cannot be negative.
"""

from collections.abc import Sequence
from dataclasses import replace

from ..estimation import Estimate, estimate_submodel
from ..formula import ModelSpec
from ..frame import Column, columns_of, plain_column
from ..hypotheses import comparison_table
from .steps import Step

_TEST = ("chisq", "df", "p_value", "null_distribution")


class Models:
    """Fits to the rows of the whole model, each made once."""

    def __init__(self, whole: Estimate, null: Estimate) -> None:
        self._whole = whole
        self._known = {str(known.request.spec): known for known in (whole, null)}

    def of(self, spec: ModelSpec) -> Estimate:
        """Return the fit of some of the terms."""
        name = str(spec)
        if name not in self._known:
            request = replace(self._whole.request, spec=spec)
            self._known[name] = estimate_submodel(self._whole, request)
        return self._known[name]


def step_table(models: Models, steps: Sequence[Step], labels: Sequence[str]) -> dict[str, Column]:
    """Tabulate what each step adds, and its test."""
    rows = []
    for label, step in zip(labels, steps, strict=True):
        smaller = None if step.before is None else steps[step.before].spec
        for addition in step.additions:
            assert smaller is not None and step.before is not None, "only the first step adds nothing"
            one, other = models.of(smaller), models.of(addition.spec)
            reml = not addition.is_fixed and other.request.reml
            test = comparison_table([one, other], None, reml=reml)
            found = (plain_column(test[name])[1] for name in _TEST)
            estimator = "REML" if reml else "ML"
            rows.append((label, labels[step.before], addition.words, estimator, *found))
            smaller = addition.spec
    words = ("model", "against", "added", "estimator")
    return columns_of((*words, *_TEST), rows, (*words, "null_distribution"))
