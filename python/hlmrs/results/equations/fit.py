"""The fitted marginal model: generalized estimating equations, solved."""

from __future__ import annotations

import os
from typing import Any, Unpack

from ... import estimation
from ...calls import answers_calls
from ...display.text import listed_facts
from ...errors import ConvergenceWarning, InferenceWarning, warn
from ...estimation import warn_about_data
from ...estimation.equations_changes import EquationsChanges, change_equations_request
from ...estimation.marginal import EquationsEstimate, EquationsVerdict, solve_equations
from ...families import Family
from ...frame import open_frame
from ...inference import quasi_criteria
from ..fitted import Fitted, Vector
from ..foreign import ABSENT_FROM_MARGINAL_FITS
from ..view import FrameT
from .estimates import EquationEstimates
from .hypotheses import EquationHypotheses
from .means import EquationMeans
from .predictions import EquationPredictions


@answers_calls
class MarginalFit(
    EquationEstimates[FrameT],
    EquationPredictions[FrameT],
    EquationHypotheses[FrameT],
    EquationMeans[FrameT],
    Fitted[FrameT],
):
    """A fitted marginal model, as ``gee`` returns it: attributes are numbers and arrays, methods return tables.

    Methods that test take the same three options: ``vcov``, the covariance of the coefficients as ``type`` in
    ``vcov()``; ``ddf``, ``"normal"`` or ``"groups"``, t and F with groups less coefficients; and ``level``, of the
    confidence intervals.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("Contraception")
    >>> fit = hlmrs.gee("use ~ age + urban", data, groups="district", family="binomial", correlation="exchangeable")
    >>> fit.family, fit.n_groups, round(fit.scale, 3)
    (Family(name='binomial', link='logit'), 60, 1.005)
    """

    __slots__ = ()

    _estimate: EquationsEstimate
    _absent = ABSENT_FROM_MARGINAL_FITS

    @property
    def family(self) -> Family:
        """What gives the variance as a function of the mean, and the link."""
        return self._estimate.family

    @property
    def correlation(self) -> str:
        """The structure of the working correlation."""
        return self._estimate.asked.correlation

    @property
    def n_groups(self) -> int:
        """Groups of rows, of positive weight."""
        return self._estimate.n_groups

    @property
    def scale(self) -> float:
        """The scale of variances, phi: the mean squared Pearson residual, or what was given."""
        return self._estimate.own.fit.scale

    @property
    def size(self) -> float:
        """The size of family ``"nbinom2"``; infinite where counts vary no more than Poisson's, else NaN."""
        return self._estimate.own.fit.size

    @property
    def correlation_parameters(self) -> Vector:
        """Parameters of the working correlation; if unstructured by pairs of times: 1 and 2, 1 and 3, ..., 2 and 3."""
        return self._estimate.own.fit.correlation_parameters

    @property
    def correlation_matrix(self) -> Vector:
        """The working correlation of as many rows as the largest group has, or of all times."""
        fit = self._estimate.own.fit
        return fit.correlation_matrix(fit.n_waves)

    @property
    def success(self) -> str:
        """The level that counts as success, of a response with two; else empty."""
        levels = self._estimate.levels
        return levels[1] if levels else ""

    @property
    def qic(self) -> float:
        """The quasi-likelihood information criterion as geepack has it: with quasi-likelihoods of scale one.

        Those of families whose scale is free depend on the unit of the response; ``compare`` divides them by a scale.
        """
        return quasi_criteria(self._estimate, 1.0).qic

    @property
    def verdict(self) -> EquationsVerdict:
        """What the solution is worth: ``.converged``, ``.positive_definite``, ``.explain()``."""
        return self._estimate.verdict

    def update(
        self, formula: str = ". ~ .", data: Any = None, **options: Unpack[EquationsChanges]
    ) -> MarginalFit[FrameT]:
        """Fit a changed model.

        Parameters
        ----------
        formula : str
            The change of the formula, as in R: ``"~ . - x"``, where ``.`` stands for what was there.
        data : data frame, optional
            Default: the data of this fit.
        **options
            Arguments of ``gee`` to change; another family has the link that is its default.

        Returns
        -------
        MarginalFit
            The new fit.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont", "dict"), groups="Subject")
        >>> fit.update("~ . + Sex", correlation="exchangeable").coef_names
        ['(Intercept)', 'age', 'SexMale']
        """
        old = self._estimate
        frame = old.frame if data is None else open_frame(data)
        asked = change_equations_request(old.asked, formula, frame, options, same_rows=data is None)
        return marginal_with_warnings(solve_equations(asked, frame))

    def save(self, path: str | os.PathLike[str], *, keep_rows: bool = False) -> None:
        """Write the fit to a file, which ``hlmrs.load`` reads.

        Parameters
        ----------
        path : str or path
            The file.
        keep_rows : bool
            Whether to keep response and fitted means, so that ``fitted`` and ``resid()`` work on the loaded fit.  The
            data themselves are never saved.

        Examples
        --------
        >>> import os
        >>> import tempfile
        >>> import hlmrs
        >>> fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont", "dict"), groups="Subject")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     fit.save(os.path.join(folder, "growth.fit"))
        ...     hlmrs.load(os.path.join(folder, "growth.fit"))
        MarginalFit: distance ~ age, gaussian (identity), independence, 108 rows, 27 groups, solved
        """
        estimation.save(self._estimate, path, keep_rows=keep_rows)

    def __repr__(self) -> str:
        family, state = self.family, "solved" if self.verdict.converged else "NOT solved"
        kind = [f"{family.name} ({family.link})", str(self.correlation)]
        facts = [*kind, f"{self.nobs} rows", f"{self.n_groups} groups", state]
        return listed_facts(f"MarginalFit: {self.formula.strip()}", facts)


def marginal_with_warnings(estimate: EquationsEstimate) -> MarginalFit[Any]:
    """Make the fit of an estimate, and warn of what users should know."""
    warn_about_data(estimate.layout)
    verdict = estimate.verdict
    if verdict.status != "solved":
        category = InferenceWarning if verdict.converged else ConvergenceWarning
        warn(verdict.warning, category)
    return MarginalFit(estimate)
