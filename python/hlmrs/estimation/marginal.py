"""A marginal model: estimating equations of the mean, solved, with a working correlation of the rows of a group."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import EquationsFit, GeneralizedModel
from ..display.text import wrapped
from ..errors import DesignError, FitStateError, OneLevelError
from ..families import Family
from ..frame import Frame
from .equations_request import EquationsRequest
from .estimate import GONE, Estimate, RowValues
from .family_spec import link_means
from .generalized import generalized_model
from .layout import Layout, layout_of
from .parts import PartDesign, dropped_rows, generalized_rows, refuse_weightless
from .response import Response
from .separation import judge_separation
from .waves import Waves, waves_of

Vector = NDArray[np.float64]

FEW_GROUPS = 40
"""Groups below which robust standard errors are noticeably too small (Mancl and DeRouen 2001; Li and Redden 2015)."""
_MOST_ITERATIONS = 100


@dataclass(frozen=True, slots=True)
class EquationsVerdict:
    """What a solution of estimating equations is worth.

    Attributes
    ----------
    converged : bool
        Whether the last step was none, to rounding.
    iterations : int
        Steps taken with the working correlation.
    positive_definite : bool
        Whether the moments of the working correlation are of a correlation matrix for all groups; if not they were made
        smaller until they were.
    advice : tuple of str
        What to consider.
    """

    converged: bool
    iterations: int
    positive_definite: bool
    advice: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """One of ``"solved"``, ``"not-definite"``, ``"not-converged"``."""
        if not self.converged:
            return "not-converged"
        return "solved" if self.positive_definite else "not-definite"

    def __str__(self) -> str:
        after = f"solved after {self.iterations} step{'' if self.iterations == 1 else 's'}"
        if not self.converged:
            return f"not {after}"
        return after if self.positive_definite else f"{after}, with a working correlation that is not positive definite"

    def explain(self) -> str:
        """Say what the verdict means and what to consider.

        Examples
        --------
        >>> import hlmrs
        >>> data = hlmrs.datasets.load("Contraception")
        >>> fit = hlmrs.gee("use ~ age", data, groups="district", family="binomial", correlation="exchangeable")
        >>> fit.verdict.explain()
        'Solved after ... steps.'
        """
        return "\n".join(map(wrapped, [self._sentence, *self.advice]))

    @property
    def warning(self) -> str:
        """What is warned of: the verdict, and the first advice."""
        return "\n".join([self._sentence, *self.advice[:1]])

    @property
    def _sentence(self) -> str:
        return f"{str(self)[0].upper()}{str(self)[1:]}."


class EquationsCore:
    """The core's solution as the tables of a fit meet it."""

    def __init__(self, fit: EquationsFit, model: GeneralizedModel | None, n_levels: int) -> None:
        self.fit, self.model, self._n_levels = fit, model, n_levels
        self._covariances: dict[str, NDArray[np.float64]] = {}

    @classmethod
    def of(cls, asked: EquationsRequest, model: GeneralizedModel, part: PartDesign, waves: Waves) -> "EquationsCore":
        """Solve the equations of a model."""
        control, rows = asked.generalized.mean.control, part.rows
        most, threads = control.max_evaluations or _MOST_ITERATIONS, control.threads() or 0
        fit = EquationsFit(model, rows, waves.codes, asked.correlation, asked.scale, asked.size, most, threads)
        return cls(fit, model, len(rows.group_levels(0)))

    @property
    def beta(self) -> Vector:
        """Coefficients of the mean."""
        return self.fit.coefficients

    def covariance(self, kind: str) -> NDArray[np.float64]:
        """Return a covariance of the coefficients by its name."""
        if kind not in self._covariances:
            self._covariances[kind] = self.fit.covariance(kind)
        return self._covariances[kind].copy()

    @cached_property
    def cic(self) -> float:
        """The correlation information criterion."""
        return self.fit.cic()

    def vcov(self) -> NDArray[np.float64]:
        """Return the robust covariance."""
        return self.covariance("robust")

    def modes(self) -> list[NDArray[np.float64]]:
        """Return zeros: groups have no effects."""
        return [np.zeros((self._n_levels, 1))]


class EquationsEstimate(Estimate):
    """Solved equations with their names."""

    has_residual = False

    def __init__(
        self,
        asked: EquationsRequest,
        core: EquationsCore,
        part: PartDesign,
        response: Response | None,
        waves: Waves,
        *,
        kind: str,
        frame: Frame | None = None,
        levels: tuple[str, str] | None = None,
        why_gone: str = GONE,
        **made: Any,
    ) -> None:
        super().__init__(part.request, core, kind, part.splines, part.data_if_kept, frame, why_gone, **made)  # type: ignore[arg-type]
        self.asked, self.own, self._response, self.waves, self.levels = asked, core, response, waves, levels
        self.encoding = part.encoding

    @cached_property
    def layout(self) -> Layout:
        """Names, levels, sizes."""
        layout = layout_of(self.rows, self.core.model)
        name = self.request.spec.response.name
        return replace(layout, response=name, dropped_rows=dropped_rows([self.rows], name))

    @property
    def response(self) -> Response:
        """The response of the rows used."""
        if self._response is None:
            raise FitStateError(self._why_gone)
        return self._response

    @property
    def has_values(self) -> bool:
        """Whether the values of the rows are there."""
        return self._response is not None

    @property
    def family(self) -> Family:
        """The family."""
        return self.asked.family

    @cached_property
    def values(self) -> RowValues:
        """Response (of counts of successes their proportion), fitted means, weights."""
        y, trials = self.response.y, self.response.trials
        shown = y if trials is None else np.divide(y, trials, out=np.full(len(y), np.nan), where=trials > 0)
        return RowValues(shown, self.means(self.linear_predictor()), self.prior_weights(), self.rows.kept)

    def prior_weights(self) -> Vector | None:
        """Return weights times trials; None if all are one."""
        given = [w for w in (self.response.trials, self.response.weights) if w is not None]
        return np.prod(given, axis=0) if given else None

    def linear_predictor(self, use_terms: list[bool] | None = None) -> Vector:
        """Return that of the rows used."""
        new = self.data.bound()
        eta = new.linear_predictor(self.full_coefficients(), self.own.modes(), [False])
        return eta if self.rows.kept is None else eta[self.rows.kept]

    def means(self, eta: Vector) -> Vector:
        """Return the means of linear predictors."""
        return link_means(self.family, eta)[0]

    def full_coefficients(self) -> Vector:
        """Return one coefficient per column of the design; those that are not estimated count as zero."""
        beta = np.zeros(len(self.layout.columns))
        beta[list(self.layout.kept)] = self.own.beta
        return beta

    @property
    def sigma(self) -> float:
        """Not a number: the scale is that of variances."""
        return float("nan")

    @cached_property
    def n_groups(self) -> int:
        """Groups with rows of positive weight."""
        return len(self.own.fit.cluster_sizes())

    @cached_property
    def verdict(self) -> EquationsVerdict:  # type: ignore[override]
        """What the solution is worth."""
        fit = self.own.fit
        checks = {
            _NOT_CONVERGED: not fit.converged,
            _NOT_DEFINITE.format(1 - fit.shrinkage): fit.converged and fit.shrinkage < 1,
            _NO_OVERDISPERSION: self.asked.size is None and np.isinf(fit.size),
            few_groups(self.n_groups): self.n_groups < FEW_GROUPS,
        }
        advice = tuple(text for text, holds in checks.items() if holds)
        return EquationsVerdict(fit.converged, fit.iterations, fit.shrinkage == 1, advice)


def solve_equations(asked: EquationsRequest, frame: Frame) -> EquationsEstimate:
    """Solve the equations of a frame."""
    request = asked.generalized
    try:
        _, rows, response = generalized_rows(request, frame)
    except OneLevelError:
        raise OneLevelError(
            f"groups={asked.groups!r} has one group; robust standard errors rest on many groups"
        ) from None
    part = rows["conditional"]
    if not part.rows.layout()["columns"]:
        raise DesignError("the model has no coefficients; it needs an intercept or a predictor")
    refuse_weightless(request, response, part.rows.kept)
    waves = waves_of(asked.time, asked.correlation, asked.groups, frame, part.rows)
    model = generalized_model(request, rows, response, in_unit=False)
    judge_separation(model, request, rows, response)
    core = EquationsCore.of(asked, model, part, waves)
    origin: dict[str, Any] = {"kind": frame.kind, "frame": frame, "levels": response.levels}
    return EquationsEstimate(asked, core, part, response, waves, **origin)


_NOT_CONVERGED = (
    "The numbers of this fit are those of the point where the search stopped. With few groups the equations may have "
    "no solution: coefficients and correlation drive each other away. Use correlation='independence', under which "
    "robust standard errors are right as well, or more steps: control=hlmrs.Control(max_evaluations=...)."
)
_NOT_DEFINITE = (
    "The moments that estimate the working correlation give no correlation matrix for some groups; all correlations "
    "were made smaller by {:.0%} until they do. Coefficients and robust standard errors hold nevertheless, naive "
    "standard errors do not: use a correlation with fewer parameters, or 'independence'."
)
_NO_OVERDISPERSION = (
    "The counts vary no more than Poisson's: the size of nbinom2 is infinite, and the fit is that of family 'poisson'."
)


def few_groups(n: int) -> str:
    """Advise on robust standard errors of few groups."""
    return (
        f"There are {n} groups: with fewer than about {FEW_GROUPS} robust standard errors are too small; use "
        "vcov='mancl-derouen' or 'kauermann-carroll' with ddf='groups'."
    )
