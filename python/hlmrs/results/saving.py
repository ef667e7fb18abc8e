"""Fits from files."""

import os
from typing import Any

from .. import estimation
from ..estimation.generalized import GeneralizedEstimate
from .generalized import GeneralizedMixedFit
from .linear import LinearMixedFit


def load(path: str | os.PathLike[str]) -> LinearMixedFit[Any] | GeneralizedMixedFit[Any]:
    """Read a fit that ``save`` wrote.  Runs no code of the file.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    LinearMixedFit or GeneralizedMixedFit
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
    return GeneralizedMixedFit(found) if isinstance(found, GeneralizedEstimate) else LinearMixedFit(found)
