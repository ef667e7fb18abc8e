"""What every fitted model that has a likelihood is: its numbers, its verdict, its file."""

from __future__ import annotations

import os

from ... import estimation, inference
from ...calls import answers_calls
from ...display.text import listed_facts
from ...estimation import Verdict
from ...inference import InformationCriteria, information_criteria
from ..fitted import Fitted, Vector
from ..view import FrameT
from .changed_data import ChangedData
from .estimates import Estimates
from .groups import Groups
from .hypotheses import Hypotheses
from .key_figures import KeyFigures
from .means import Means
from .reporting import Reporting


@answers_calls
class FittedModel(
    Estimates[FrameT],
    KeyFigures[FrameT],
    Hypotheses[FrameT],
    Means[FrameT],
    ChangedData[FrameT],
    Groups[FrameT],
    Reporting[FrameT],
    Fitted[FrameT],
):
    """A fitted model: attributes are numbers and arrays, methods return tables in the library of the data.

    It does not change, and a copy of it is the fit itself.
    """

    __slots__ = ()

    @property
    def reml(self) -> bool:
        """Whether REML was used, rather than maximum likelihood."""
        return self._estimate.request.reml

    @property
    def n_groups(self) -> dict[str, int]:
        """Levels of each grouping factor."""
        return {group.name: len(group.levels) for group in self._estimate.layout.groups}

    @property
    def n_params(self) -> int:
        """Free parameters: fixed effects, covariance parameters, sigma."""
        return self._estimate.core.n_params

    @property
    def criterion(self) -> float:
        """What was minimized: the REML criterion, or -2 log-likelihood."""
        return self._estimate.core.criterion

    @property
    def loglik(self) -> float:
        """Log-likelihood with all constants; restricted under REML."""
        return self._criteria.loglik

    @property
    def llf(self) -> float:
        """The log-likelihood by the name that statsmodels has, as ``loglik``."""
        return self._criteria.loglik

    @property
    def random_effects(self) -> dict[str, dict[str, float]]:
        """Random effects by group and term, as statsmodels has them; ``ranef()`` is their table.

        Levels of several grouping factors stand under ``"factor: level"``.
        """
        return inference.random_effects_by_level(self._estimate)

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return self._criteria.aic

    @property
    def bic(self) -> float:
        """Schwarz's information criterion, with the logarithm of the number of rows."""
        return self._criteria.bic

    @property
    def sigma(self) -> float:
        """Residual standard deviation: by visit that of the first, with ``dispersion=`` where its variables are zero.

        ``residual_sd`` has those of all rows, ``residual_parameters()`` those of visits.
        """
        return self._estimate.sigma

    @property
    def theta(self) -> Vector:
        """Relative covariance parameters, term by term."""
        return self._estimate.core.theta

    @property
    def verdict(self) -> Verdict:
        """What the optimum is worth: ``.converged``, ``.singular``, ``.explain()``."""
        return self._estimate.verdict

    @property
    def blocks(self) -> FrameT:
        """The blocks of the factorization: ``block, kind, levels, width, size, entries, fill``.

        Crossed grouping factors share a block of kind ``dense``, ``sparse`` (few of their levels meet; exact too), or
        ``iterative`` (the log-determinant is an estimate: see ``verdict.std_error``).
        """
        return self._table(inference.blocks_table(self._estimate.core.model, inference.factor_names(self._estimate)))

    def save(self, path: str | os.PathLike[str], *, keep_rows: bool = False) -> None:
        """Write the fit to a file, which ``hlmrs.load`` reads; see docs/file-format.md.

        Parameters
        ----------
        path : str or path
            The file.
        keep_rows : bool
            Whether to keep response and fitted values, so that ``fitted``, ``resid()``, ``predict()`` of the rows used
            and ``residual_sd`` of generalized fits work on the loaded fit.  The data themselves are never saved: what
            is made from them (``anova``, ``check``, ``influence``, ``simulate``, ``bootstrap``, ``refit``, ``update``,
            shares of the variance, plots) says that they are gone, and everything else works either way.

        Examples
        --------
        >>> import os
        >>> import tempfile
        >>> import hlmrs
        >>> fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "polars"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     fit.save(os.path.join(folder, "sleep.fit"))
        ...     hlmrs.load(os.path.join(folder, "sleep.fit"))
        LinearMixedFit: Reaction ~ Days + (Days | Subject), 180 rows, REML criterion 1743.628, converged
        """
        estimation.save(self._estimate, path, keep_rows=keep_rows)

    def __repr__(self) -> str:
        criterion = "REML criterion" if self.reml else "-2 log-likelihood"
        state = "converged" if self.verdict.converged else "NOT converged"
        if self.verdict.singular:
            state += ", singular"
        kind = type(self).__name__
        facts = [f"{self.nobs} rows", f"{criterion} {self.criterion:.3f}", *state.split(", ")]
        return listed_facts(f"{kind}: {self._model_named}", facts)

    @property
    def _model_named(self) -> str:
        return self.formula

    @property
    def _criteria(self) -> InformationCriteria:
        return information_criteria(self.criterion, self.n_params, self.nobs)
