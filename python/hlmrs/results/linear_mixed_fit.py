"""The fitted linear mixed model."""

import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import storage
from ..errors import DataError
from ..estimation import (
    Estimate,
    change_request,
    estimate,
    from_state,
    numeric_array,
    reestimate,
    to_state,
    warn_about_data,
    warn_about_optimum,
)
from ..estimation.streaming import adapted, appended
from ..frame import open_frame
from .by_row import ByRow
from .checks import Checks
from .diagnostics import Diagnostics
from .effect_sizes import EffectSizes
from .means import Means
from .panel import Panel
from .resampling import Resampling
from .slopes import Slopes
from .testing import Tests


class LinearMixedFit(Means, Slopes, Tests, EffectSizes, Resampling, Diagnostics, Checks, Panel, ByRow):
    """A fitted linear mixed model, as ``lmer`` returns it.

    Attributes are numbers and arrays; methods return tables in the library of the data, or arrays.  It does not change:
    ``refit`` and ``update`` return new fits.

    Examples
    --------
    >>> import hlmrs
    >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy"))
    >>> fit
    LinearMixedFit: Reaction ~ Days + (Days | Subject), 180 rows, REML criterion 1743.628, converged
    >>> fit.tidy()["term"].to_list()
    ['(Intercept)', 'Days']
    """

    __slots__ = ()

    def refit(self, y: ArrayLike) -> "LinearMixedFit":
        """Fit the same model to another response; everything that does not depend on it is used again.

        Parameters
        ----------
        y : array of shape (nobs,)
            The response in the rows used, in their order.

        Returns
        -------
        LinearMixedFit
            The new fit.
        """
        response = numeric_array("y", y)
        if response.shape != (self.nobs,):
            raise DataError(f"y has {response.size} values; the fit used {self.nobs} rows")
        if not np.isfinite(response).all():
            bad = int(np.flatnonzero(~np.isfinite(response))[0])
            raise DataError(f"y is {response[bad]} at row {bad}; every row used needs a finite value")
        again = reestimate(self._estimate, response)
        warn_about_optimum(again.verdict)
        return LinearMixedFit(again)

    def update(self, formula: str = ". ~ .", data: Any = None, **options: Any) -> "LinearMixedFit":
        """Fit a changed model.

        Parameters
        ----------
        formula : str
            The change, as in R: ``"~ . - x + (1 | g)"``, where ``.`` stands for what was there.
        data : data frame, optional
            Default: the data of this fit.
        **options
            Arguments of ``lmer`` to change.

        Returns
        -------
        LinearMixedFit
            The new fit.
        """
        old = self._estimate
        frame = old.frame if data is None else open_frame(data)
        return with_warnings(estimate(change_request(old.request, formula, frame.names, options), frame))

    def append(self, data: Any) -> "LinearMixedFit":
        """Fit the model to its rows and further ones, from this optimum; the rows of this fit are not read again.

        The new rows are encoded as those of the fit were: levels of fixed variables and transforms stay, grouping
        factors gain levels.

        Parameters
        ----------
        data : data frame
            The further rows, the response included.

        Returns
        -------
        LinearMixedFit
            The new fit, which keeps no rows.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("sleepstudy", "polars")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", data.head(150))
        >>> fit.append(data.tail(30))
        LinearMixedFit: Reaction ~ Days + (Days | Subject), 180 rows, REML criterion 1743.628, converged
        """
        return with_warnings(appended(self._estimate, data))

    def adapt(self, data: Any) -> "LinearMixedFit":
        """Take new rows into account without fitting again: random effects of their groups, new ones included.

        Fixed effects, covariances and sigma stay as they are.

        Parameters
        ----------
        data : data frame
            The new rows, the response included.

        Returns
        -------
        LinearMixedFit
            A fit with the parameters of this one, whose ``ranef`` and ``predict`` know the new rows.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("sleepstudy", "polars")
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", data.head(170))
        >>> fit.n_groups, fit.adapt(data.tail(10)).n_groups
        ({'Subject': 17}, {'Subject': 18})
        """
        return LinearMixedFit(adapted(self._estimate, data))

    def save(self, path: str | os.PathLike[str], *, keep_rows: bool = False) -> None:
        """Write the fit to a file, which ``hlmrs.load`` reads; see docs/file-format.md.

        Parameters
        ----------
        path : str or path
            The file.
        keep_rows : bool
            Whether to keep response and fitted values.  The data themselves are never saved.
        """
        storage.write(path, *to_state(self._estimate, keep_rows=keep_rows))

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return _from_bytes, (storage.to_bytes(*to_state(self._estimate, keep_rows=True)),)

    def __copy__(self) -> "LinearMixedFit":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "LinearMixedFit":
        return self

    def __repr__(self) -> str:
        name = "REML criterion" if self.reml else "-2 log-likelihood"
        state = "converged" if self.verdict.converged else "NOT converged"
        singular = ", singular" if self.verdict.singular else ""
        return f"LinearMixedFit: {self.formula}, {self.nobs} rows, {name} {self.criterion:.3f}, {state}{singular}"

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def with_warnings(result: Estimate) -> LinearMixedFit:
    """Wrap an estimate, and warn of what the user should know; called by what the user calls."""
    warn_about_data(result.layout)
    warn_about_optimum(result.verdict)
    return LinearMixedFit(result)


def load(path: str | os.PathLike[str]) -> LinearMixedFit:
    """Read a fit that ``save`` wrote.  Runs no code of the file.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    LinearMixedFit
        The fit, without the data.  What needs them raises a ``FitStateError``.
    """
    return LinearMixedFit(from_state(*storage.read(path), os.fspath(path)))


def _from_bytes(data: bytes) -> LinearMixedFit:
    return LinearMixedFit(from_state(*storage.from_bytes(data, "pickle"), "pickle"))
