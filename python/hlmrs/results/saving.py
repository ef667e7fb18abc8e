"""Fits from files."""

import os
from typing import Any

from .. import estimation
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.marginal import EquationsEstimate
from .equations import MarginalFit
from .generalized import GeneralizedMixedFit
from .linear import LinearMixedFit


def load(path: str | os.PathLike[str]) -> LinearMixedFit[Any] | GeneralizedMixedFit[Any] | MarginalFit[Any]:
    """Read a fit that ``save`` wrote.  Runs no code of the file.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    LinearMixedFit, GeneralizedMixedFit or MarginalFit
        The fit, without the data.  What needs them raises a ``FitStateError``.

    Examples
    --------
    >>> import os
    >>> import tempfile
    >>> import hlmrs
    >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fit.save(os.path.join(folder, "sleep.fit"))
    ...     again = hlmrs.load(os.path.join(folder, "sleep.fit"))
    >>> again.ranef("Subject").equals(fit.ranef("Subject"))
    True
    """
    found = estimation.load(path)
    if isinstance(found, EquationsEstimate):
        return MarginalFit(found)
    return GeneralizedMixedFit(found) if isinstance(found, GeneralizedEstimate) else LinearMixedFit(found)
