"""Fits from files."""

import os
from typing import Any

from .. import estimation, storage
from ..estimation.generalized import GeneralizedEstimate
from ..estimation.marginal import EquationsEstimate
from ..posterior import posterior_from_state
from .equations import MarginalFit
from .generalized import GeneralizedMixedFit
from .linear import LinearMixedFit
from .posterior import Posterior


def load(
    path: str | os.PathLike[str],
) -> LinearMixedFit[Any] | GeneralizedMixedFit[Any] | MarginalFit[Any] | Posterior[Any]:
    """Read a fit or a posterior that ``save`` wrote.  Runs no code of the file.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    LinearMixedFit, GeneralizedMixedFit, MarginalFit or Posterior
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
    header, arrays = storage.read(path)
    found = estimation.rebuilt(header, arrays, os.fspath(path))
    if "posterior" in header:
        return Posterior(posterior_from_state(found, header, arrays, os.fspath(path)))
    if isinstance(found, EquationsEstimate):
        return MarginalFit(found)
    return GeneralizedMixedFit(found) if isinstance(found, GeneralizedEstimate) else LinearMixedFit(found)
