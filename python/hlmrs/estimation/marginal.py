"""A marginal model: estimating equations of the mean, solved, with a working correlation of the rows of a group."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core import EquationsFit, GeneralizedModel
from ..errors import DataError, DesignError, FitStateError, FormulaError, OptionError, suggestion
from ..families import Family
from ..formula import parse
from ..formula.names import find_name
from ..frame import Frame, index_names
from .estimate import Estimate, RowValues
from .family_spec import link_means
from .generalized import generalized_model
from .generalized_request import GeneralizedRequest, make_generalized_request
from .layout import layout_of
from .limits import refuse_separation
from .parts import RESPONSE, PartDesign, generalized_rows
from .response import Response
from .waves import Waves, waves_of

Vector = NDArray[np.float64]

FEW_GROUPS = 40
"""Groups below which robust standard errors are noticeably too small (Mancl and DeRouen 2001; Li and Redden 2015)."""
_WITH_EQUATIONS = ("gaussian", "binomial", "poisson", "gamma", "inverse_gaussian", "nbinom2")
_MOST_ITERATIONS = 100


@dataclass(frozen=True, slots=True)
class EquationsRequest:
    """What was asked for; None where scale and size are estimated, and where the order of the rows is that of time."""

    generalized: GeneralizedRequest
    groups: str
    time: str | None
    correlation: str
    scale: float | None
    size: float | None

    @property
    def family(self) -> Family:
        """The family."""
        return self.generalized.family


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
        return "\n".join([self._sentence, *self.advice])

    @property
    def warning(self) -> str:
        """What is warned of: the verdict, and the first advice."""
        return "\n".join([self._sentence, *self.advice[:1]])

    @property
    def _sentence(self) -> str:
        return f"{str(self)[0].upper()}{str(self)[1:]}."


class EquationsCore:
    """The core's solution as the tables of a fit meet it."""

    def __init__(self, fit: EquationsFit, model: GeneralizedModel, n_levels: int) -> None:
        self.fit, self.model, self._n_levels = fit, model, n_levels
        self._covariances: dict[str, NDArray[np.float64]] = {}

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
        frame: Frame,
        part: PartDesign,
        response: Response,
        waves: Waves,
    ) -> None:
        super().__init__(part.request, core, frame.kind, part.splines, part.data, frame)  # type: ignore[arg-type]
        self.asked, self.own, self.response, self.waves = asked, core, response, waves
        layout = layout_of(part.rows, core.model)  # type: ignore[arg-type]
        name = part.request.spec.response.name
        dropped = {name if column == RESPONSE else column: n for column, n in layout.dropped_rows.items()}
        self.layout = replace(layout, response=name, dropped_rows=dropped)

    def __reduce__(self) -> tuple[Any, ...]:
        raise FitStateError("a fit of gee() cannot be saved or sent to another process yet; fit it there")

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
        new = self.rows.encoding().bind(self.data.columns)
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
            _FEW.format(self.n_groups): self.n_groups < FEW_GROUPS,
        }
        advice = tuple(text for text, holds in checks.items() if holds)
        return EquationsVerdict(fit.converged, fit.iterations, fit.shrinkage == 1, advice)


def make_equations_request(
    formula: str,
    frame: Frame,
    family: Family,
    groups: str,
    time: str | None,
    correlation: str,
    scale: float | None,
    size: float | None,
    **given: Any,
) -> EquationsRequest:
    """Check what was asked for, as far as the data are not needed for it."""
    if family.name not in _WITH_EQUATIONS:
        raise OptionError(f"family={family.name!r}: gee() has {', '.join(map(repr, _WITH_EQUATIONS))}")
    if size is not None and family.name != "nbinom2":
        raise OptionError(f"size={size!r} belongs to family 'nbinom2', not to {family.name!r}")
    term, time = _group_term(groups, frame), None if time is None else _column("time", time, frame)
    taken = [name for name in (time, given["weights"], given["offset"]) if isinstance(name, str)]
    if random := parse(formula, frame.names, index_names(frame), [*taken, *_columns_of(term)]).random:
        raise FormulaError(
            f"gee() has no random effects, and the formula has {random[0].name}: groups= names the groups whose rows "
            "are correlated; for random effects use glmer()"
        )
    asked = make_generalized_request(f"{formula} + (1 | {term})", frame, family, {}, taken=taken, **given)
    spec = replace(asked.mean.spec, formula=formula)
    asked = replace(asked, mean=replace(asked.mean, spec=spec))
    return EquationsRequest(asked, groups, time, correlation, scale, size)


def _group_term(groups: Any, frame: Frame) -> str:
    """Write the column or columns that name the groups as the formula does."""
    if not isinstance(groups, str):
        raise TypeError(f"groups={groups!r}: name the column of the groups, or several as 'a:b'")
    found = find_name(groups, frame.names)
    names = [found] if found is not None else [_column("groups", name.strip(), frame) for name in groups.split(":")]
    return ":".join(f"`{name}`" for name in (n.replace("\\", "\\\\").replace("`", "\\`") for n in names))


def _columns_of(term: str) -> list[str]:
    return [name.strip("`") for name in term.split("`:`")]


def _column(option: str, name: Any, frame: Frame) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{option}={name!r}: give the name of a column")
    found = find_name(name, frame.names)
    if found is None:
        raise DataError(f"{option}={name!r}: the data have no such column{suggestion(name, frame.names)}")
    return found


def solve_equations(asked: EquationsRequest, frame: Frame) -> EquationsEstimate:
    """Solve the equations of a frame."""
    request = asked.generalized
    try:
        rows, response = generalized_rows(request, frame)
    except DesignError as error:
        if "grouping factor" in str(error) and "has one level" in str(error):
            raise DesignError(
                f"groups={asked.groups!r} has one group; robust standard errors rest on many groups"
            ) from None
        raise
    part = rows["conditional"]
    encoded = part.rows
    if not encoded.layout()["columns"]:
        raise DesignError("the model has no coefficients; it needs an intercept or a predictor")
    waves = waves_of(asked.time, asked.correlation, asked.groups, frame, encoded)
    threads = request.mean.control.threads() or 0
    model = generalized_model(request, rows, response, in_unit=False)
    refuse_separation(model, request.mean.spec.response.name, {"conditional": part})
    most = request.mean.control.max_evaluations or _MOST_ITERATIONS
    fit = EquationsFit(model, encoded, waves.codes, asked.correlation, asked.scale, asked.size, most, threads)
    core = EquationsCore(fit, model, len(encoded.group_levels(0)))
    return EquationsEstimate(asked, core, frame, part, response, waves)


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
_FEW = (
    "There are {} groups: with fewer than about 40 robust standard errors are too small; use "
    "vcov='mancl-derouen' or 'kauermann-carroll' with ddf='groups'."
)
