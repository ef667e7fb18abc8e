"""What several models are called beside each other."""

from collections.abc import Sequence

from ...display import model_names
from ...estimation import Estimate


def labels_of(estimates: Sequence[Estimate], names: Sequence[str] | None) -> list[str]:
    """Name models as everywhere; a single one has its formula."""
    if names is None and len(estimates) == 1:
        return [estimates[0].request.spec.formula]
    return model_names(len(estimates), names)


def legend_of(estimates: Sequence[Estimate], names: Sequence[str]) -> str:
    """Say which formulas the names stand for, where they stand for something else."""
    pairs = [(name, own.request.spec.formula) for name, own in zip(names, estimates, strict=True)]
    return "; ".join(f"{name}: {formula}" for name, formula in pairs if name != formula)
