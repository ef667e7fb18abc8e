"""The fitted generalized linear mixed model, and new fits from it."""

from __future__ import annotations

from typing import Any, Unpack

from numpy.typing import ArrayLike

from ... import prediction
from ...calls import answers_calls
from ...errors import RankDeficiencyWarning, warn
from ...estimation import warn_about_optimum, warn_about_rows
from ...estimation.approximation import Approximation, laplace_approximation
from ...estimation.generalized import GeneralizedEstimate, fit_generalized, refit_generalized
from ...estimation.generalized_changes import GeneralizedChanges, change_generalized_request
from ...families import Family
from ...frame import open_frame
from ...inference import tests_by_normal
from ..fitted import Vector
from ..foreign import ONLY_OF_LINEAR_FITS
from ..likelihood import FittedModel
from ..pictures import GeneralizedPlots
from ..view import FrameT
from .bayes import GeneralizedBayesian
from .checks import GeneralizedChecks
from .effect_sizes import GeneralizedEffectSizes
from .estimates import GeneralizedEstimates
from .hypotheses import GeneralizedDeletions
from .marginal import GeneralizedMarginal
from .predictions import GeneralizedPredictions
from .responses import GeneralizedResponses


@tests_by_normal
@answers_calls
class GeneralizedMixedFit(
    GeneralizedEstimates[FrameT],
    GeneralizedPredictions[FrameT],
    GeneralizedResponses[FrameT],
    GeneralizedEffectSizes[FrameT],
    GeneralizedDeletions[FrameT],
    GeneralizedBayesian[FrameT],
    FittedModel[FrameT],
):
    """A fitted generalized linear mixed model, as ``glmer`` returns it.

    Attributes are numbers and arrays; methods return tables in the library of the data, or arrays.  The likelihood is
    that of Laplace's approximation, or of quadrature.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("cbpp", "dict")
    >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
    >>> fit.family, fit.verdict.converged, round(fit.loglik, 3)
    (Family(name='binomial', link='logit'), True, -92.026)
    >>> [round(float(b), 3) for b in fit.beta]
    [-1.399, -0.992, -1.129, -1.58]
    """

    __slots__ = ()

    _absent = ONLY_OF_LINEAR_FITS

    _estimate: GeneralizedEstimate

    @property
    def family(self) -> Family:
        """Distribution and link."""
        return self._estimate.family

    @property
    def dispersion(self) -> float:
        """The dispersion, where it is one number: phi; of gamma 1/sqrt(shape), of Gaussian responses sigma."""
        return self._estimate.dispersion

    @property
    def residual_sd(self) -> Vector:
        """Standard deviation of the response of every row used about its conditional mean, of weight one."""
        return prediction.residual_deviations(self._estimate)

    @property
    def family_parameters(self) -> dict[str, float]:
        """Further parameters of the family: ``power`` of tweedie, ``df`` of student, both cut points of ordbeta."""
        return self._estimate.family_parameters

    @property
    def log_prior(self) -> float:
        """Log-density of the prior at the estimates, which maximize it and ``loglik`` together; 0 without one."""
        return self._estimate.log_prior or 0.0

    @property
    def approximation(self) -> Approximation:
        """How far Laplace's approximation is from the likelihood, crossed models included: ``.error``, ``.corrected``.

        Where it matters quadrature (``nagq=``) is exact for one grouping factor, or two nested ones; the
        corrected estimates are there for all models with random effects of the mean.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> round(fit.approximation.error, 3)
        0.044
        """
        return laplace_approximation(self._estimate)

    @property
    def success(self) -> str:
        """The level that counts as success, of a response with two; else empty."""
        levels = self._estimate.levels
        return levels[1] if levels else ""

    @property
    def coef_names(self) -> list[str]:
        """Names of the estimated coefficients of the mean, as in R."""
        return list(self._estimate.parts["conditional"].names)

    def refit(self, y: ArrayLike) -> GeneralizedMixedFit[FrameT]:
        """Fit the same model to another response for the same rows.

        Parameters
        ----------
        y : array
            One number per row used, in their order, or for each row of the data; a pandas Series is matched by its
            index.  As ``simulate`` gives them: of counts of successes the successes, of two levels 0 and 1, of ordered
            categories their number from 1.

        Returns
        -------
        GeneralizedMixedFit
            The new fit.

        Raises
        ------
        DataError
            For a wrong length, or values that the family cannot have.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> again = fit.refit(fit.simulate(1, seed=1)[:, 0])
        >>> again.nobs
        56
        """
        again = refit_generalized(self._estimate, y)
        warn_about_optimum(again.verdict)
        return GeneralizedMixedFit(again)

    def update(
        self, formula: str = ". ~ .", data: Any = None, **options: Unpack[GeneralizedChanges]
    ) -> GeneralizedMixedFit[FrameT]:
        """Fit a changed model.

        Parameters
        ----------
        formula : str
            The change of the mean's formula, as in R: ``"~ . - x + (1 | g)"``, where ``.`` stands for what was there.
        data : data frame, optional
            Default: the data of this fit.
        **options
            Arguments of ``glmer`` to change; another family has the link that is its default.

        Returns
        -------
        GeneralizedMixedFit
            The new fit.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("cbpp", "dict")
        >>> fit = hlmrs.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", data, family="binomial")
        >>> fit.update("~ . - period", link="probit").n_params
        2
        >>> round(fit.update(nagq=10).loglik, 3)
        -91.983
        """
        old = self._estimate
        frame = old.frame if data is None else open_frame(data)
        request = change_generalized_request(old.generalized, formula, frame, options, same_rows=data is None)
        return generalized_with_warnings(fit_generalized(request, frame))

    @property
    def marginal(self) -> GeneralizedMarginal[FrameT]:
        """Further tables of the fixed part: ``fit.marginal.pairs()``, ``johnson_neyman``, ``to_marginaleffects``."""
        return GeneralizedMarginal(self._estimate)

    @property
    def check(self) -> GeneralizedChecks[FrameT]:
        """Checks of what the fit assumes: ``fit.check()`` runs all, ``fit.check.dispersion()`` one."""
        return GeneralizedChecks(self._estimate)

    @property
    def plot(self) -> GeneralizedPlots[FrameT]:
        """Plots of the fit: ``fit.plot.diagnostics()`` draws, ``fit.plot.diagnostics.data("uniform")`` is the table."""
        return GeneralizedPlots(self._estimate)

    @property
    def _model_named(self) -> str:
        return f"{self.formula.strip()}, {self.family.name} ({self.family.link})"


def generalized_with_warnings(estimate: GeneralizedEstimate) -> GeneralizedMixedFit[Any]:
    """Make the fit of an estimate, and warn of what users should know."""
    if estimate.rows.kept is not None:
        warn_about_rows(estimate.layout)
    if estimate.parts["conditional"].dropped:
        names = ", ".join(map(repr, estimate.parts["conditional"].dropped))
        warn(f"fixed-effects columns that depend on those before are not estimated: {names}", RankDeficiencyWarning)
    if not estimate.is_plain:
        warn_about_optimum(estimate.verdict)
    return GeneralizedMixedFit(estimate)
