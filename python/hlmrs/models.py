"""What the user calls: ``model()`` prepares, ``lmer()`` is ``model().fit()``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any, Generic, TypedDict, TypeVar, Unpack, cast, overload

from numpy.typing import ArrayLike

from ._core import FinishedStatistics, Fit, Rows
from ._core import Model as CoreModel
from .calls import answers, refuse_unknown, take_alias
from .control import Control
from .errors import ArgumentError
from .estimation import (
    Changes,
    Contrast,
    Estimate,
    Request,
    core_model,
    estimate_of_statistics,
    fit_model,
    make_request,
    model_rows,
)
from .estimation.by_levels import in_levels
from .estimation.fixed_parameters import refuse_fix, with_fixed
from .estimation.streaming import (
    BatchSums,
    SufficientStatistics,
    refuse_prior_of_sums,
    request_of_statistics,
    streams,
    summed,
)
from .frame import Collects, Frame, open_frame
from .options import CovariancePrior, Missing, Reading
from .priors import covariance_prior_alone
from .residual_models import (
    fit_location_scale,
    fit_with_residual,
    refuse_prior_beside_scale,
    refuse_sigma_beside_scale,
)
from .results import GeneralizedMixedFit, LinearMixedFit
from .results.linear import with_warnings

if TYPE_CHECKING:
    from .report import Cost

FrameT = TypeVar("FrameT")


class FitOptions(Changes, total=False):
    """Arguments of ``lmer`` by name."""

    rows: Reading


class ModelOptions(TypedDict, total=False):
    """Arguments of ``model`` by name."""

    reml: bool
    weights: str | ArrayLike | None
    offset: str | ArrayLike | None
    contrasts: Mapping[str, Contrast] | None
    missing: Missing
    rows: Reading
    control: Control | None
    sigma: float | None
    prior: CovariancePrior | None


class Aliases(TypedDict, total=False):
    """Other names of arguments of ``lmer``."""

    REML: bool


_OPTIONS = ("reml", "weights", "offset", "contrasts", "missing", "rows", "control", "sigma", "prior")


class Model(Generic[FrameT]):
    """A formula over data, encoded and summed, ready to be fitted; ``hlmrs.model`` returns it."""

    def __init__(
        self,
        request: Request,
        core: CoreModel,
        source: Rows | FinishedStatistics,
        kind: str,
        estimate: Callable[[Fit], Estimate],
    ) -> None:
        self._request, self._core = request, core
        self._source, self._kind = source, kind
        self._estimate = estimate

    @property
    def formula(self) -> str:
        """The formula as it was given."""
        return self._request.spec.formula

    @property
    def cost(self) -> Cost:
        """What the fit will cost: blocks, their kinds and sizes, work and memory.

        Crossed grouping factors share a block of kind ``dense``, ``sparse`` or ``iterative``, whichever is predicted to
        cost least; the first two are exact.
        """
        from .report import cost_of  # loaded when it is wanted: importing hlmrs should take no time

        groups = [group["name"] for group in self._source.layout()["groups"]]
        return cost_of(self._core, self.formula.strip(), groups, self._kind)

    def fit(self) -> LinearMixedFit[FrameT]:
        """Fit the model.

        Returns
        -------
        LinearMixedFit
            As ``lmer`` returns it.
        """
        return with_warnings(self._estimate(fit_model(self._core, self._request)))

    def __repr__(self) -> str:
        return f"Model: {self.formula}, {self._core.n_obs:,} rows, not fitted"


@overload
def lmer(formula: str, data: Collects[FrameT], **options: Unpack[FitOptions]) -> LinearMixedFit[FrameT]: ...


@overload
def lmer(
    formula: str, data: str | os.PathLike[str] | SufficientStatistics, **options: Unpack[FitOptions]
) -> LinearMixedFit[Any]: ...


@overload
def lmer(formula: SufficientStatistics, **options: Unpack[FitOptions]) -> LinearMixedFit[Any]: ...


@overload
def lmer(formula: str, data: FrameT, **options: Unpack[FitOptions]) -> LinearMixedFit[FrameT]: ...


@overload
def lmer(
    formula: str, data: Any, *, dispersion: str, **options: Unpack[FitOptions]
) -> LinearMixedFit[Any] | GeneralizedMixedFit[Any]: ...


@answers
def lmer(
    formula: str | SufficientStatistics,
    data: Any = None,
    *,
    reml: bool = True,
    weights: str | ArrayLike | None = None,
    offset: str | ArrayLike | None = None,
    contrasts: Mapping[str, Contrast] | None = None,
    missing: Missing = "drop",
    rows: Reading = "auto",
    control: Control | None = None,
    residual: str | None = None,
    dispersion: str | None = None,
    sigma: float | None = None,
    prior: CovariancePrior | None = None,
    **aliases: Unpack[Aliases],
) -> LinearMixedFit[Any] | GeneralizedMixedFit[Any]:
    """Fit a linear mixed model.

    Parameters
    ----------
    formula : str or SufficientStatistics
        In lme4's language: ``"mAch ~ ses * sector + (ses | school)"``; ``(ses | school, by=sector)`` has a covariance
        of its own in every sector; ``ar1(0 + week | plot)`` has a covariance with a structure: ``diag``, ``cs``,
        ``homcs``, ``ar1``, ``ar1h``, ``toep``, ``rr(0 + week | plot, d=2)`` of rank 2, and ``ou(t | g)``,
        ``exp(x + y | g)``, ``gau(x + y | g)``, ``mat(x + y | g, nu=1.5)``, whose effects at times or places are the
        less alike the farther these are (docs/repeated-measures.md).  Columns of text and categories become factors;
        ``factor(x)`` makes one of numbers.  It is parsed, never run as code.
    data : data frame, path or SufficientStatistics
        Polars (also lazy), pandas, pyarrow, a DuckDB relation, anything with an Arrow stream, a dictionary of columns,
        or the path of a Parquet file, a folder of them, or a pattern.  Tables of the fit come back in the same library.
        Statistics carry their formula, so that ``lmer(stats)`` is enough.
    reml : bool
        REML, or maximum likelihood.
    weights : str or array, optional
        Prior weights, which must be positive: the variance of row i is sigma² / wᵢ.  A column's name, or one number
        a row.
    offset : str or array, optional
        Added to the linear predictor of the rows of the fit; for new data write ``offset(x)`` in the formula.
    contrasts : dict, optional
        Coding by column: ``"treatment"`` (the default), ``"sum"``, ``"helmert"``, ``"poly"``, a matrix with a row per
        level, or a dictionary of named columns of such a matrix.
    missing : {"drop", "error"}
        What happens to rows with a missing value (null or NaN) in a used column: dropped with a warning, or refused.
    rows : {"auto", "keep", "stream"}
        Whether the rows are kept, or summed batch by batch and forgotten, in memory that does not grow with their
        number.  ``"auto"`` streams a LazyFrame, Parquet files, a DuckDB relation or a pyarrow dataset whose columns
        would take more than 2 GB, or a quarter of the memory that is free.  A fit without rows tests coefficients,
        tabulates random effects and variances, predicts new rows and takes further ones (``summary``, ``tidy``,
        ``confint``, ``test``, ``profile``, ``varcorr``, ``ranef``, ``coef``, ``predict``, ``append``, ``adapt``); what
        needs its rows raises a ``FitStateError``.
    control : Control, optional
        Optimizer, limits, threads.
    residual : str, optional
        Correlations of the residuals within groups: a structure over times, such as ``"ar1(t | id)"``; ``gls`` lists
        them.  Default: residuals are independent.
    dispersion : str, optional
        A model of the logarithm of the residual standard deviation.  Without random effects, such as ``"~ x"``, the fit
        is a linear one, with degrees of freedom; ``fitted`` stands for the fitted values.  With random effects, such as
        ``"~ x + (1 | g)"`` (location and scale), and without ``residual=``, it is one of ``glmer``'s, with
        ``family="gaussian"``: by Laplace's approximation, and its tests refer to the normal distribution.
    sigma : float, optional
        The residual standard deviation of a row of weight one, where it is known and not to be estimated.  With
        ``sigma=1`` and weights of 1 / variance the sampling variances of the rows are known, as in meta-analysis.
    prior : {"avoid-boundary"}, optional
        Keeps variances above zero and correlations off their limits, for fits that would be singular: the estimates
        maximize the likelihood times the density ``|S|^0.75``, S the covariance of a random term over the residual
        variance (an improper Wishart distribution with r + 2.5 degrees of freedom for r effects, blme's default;
        Chung et al. 2013, Psychometrika 78, 685-709, and 2015, Journal of Educational and Behavioral Statistics 40,
        136-157).  It weighs little where groups are many.  ``loglik`` is the log-likelihood without the prior; tests by
        likelihood ratios and profiles are not there.  Default: none.
    **aliases
        ``REML=`` is accepted for ``reml=``.

    Returns
    -------
    LinearMixedFit
        The fitted model; a ``GeneralizedMixedFit`` where ``dispersion`` has random effects.

    Raises
    ------
    FormulaError, DataError, DesignError, OptionError, NumericalError
        Each names the column or place, the value, and what to do; all are ``HlmrsError``.

    Warns
    -----
    DroppedRowsWarning, RankDeficiencyWarning, SingularFitWarning, ConvergenceWarning
        In plain words; ``fit.verdict.explain()`` repeats the last two.

    Examples
    --------
    >>> import hlmrs
    >>> data = hlmrs.datasets.load("Penicillin")
    >>> fit = hlmrs.lmer("diameter ~ 1 + (1 | plate) + (1 | sample)", data)
    >>> round(fit.sigma, 4), fit.n_groups
    (0.5499, {'plate': 24, 'sample': 6})
    """
    reml = take_alias("lmer", cast("dict[str, Any]", aliases), "REML", "reml", reml, True)
    refuse_unknown("lmer", aliases, [*_OPTIONS, "residual", "dispersion"])
    given = {"weights": weights, "offset": offset, "contrasts": contrasts, "missing": missing}
    given |= {"sigma": sigma, "prior": prior}
    if residual is not None or (isinstance(dispersion, str) and "|" not in dispersion):
        return fit_with_residual(
            formula, data, rows, reml, {"residual": residual, "dispersion": dispersion}, given, control
        )
    if dispersion is not None:
        refuse_sigma_beside_scale(given.pop("sigma"))
        refuse_prior_beside_scale(given.pop("prior"))
        refuse_fix("a dispersion with random effects", control)
        return fit_location_scale(formula, data, dispersion, reml, rows, given | {"control": control})
    return _prepare("lmer", formula, data, reml, rows, control, given).fit()


# how help() shows it: other names are said below the arguments
vars(lmer)["__signature__"] = (_shown := signature(lmer)).replace(
    parameters=[parameter for parameter in _shown.parameters.values() if parameter.name != "aliases"]
)


@overload
def model(formula: str, data: Collects[FrameT], **options: Unpack[ModelOptions]) -> Model[FrameT]: ...


@overload
def model(
    formula: str, data: str | os.PathLike[str] | SufficientStatistics, **options: Unpack[ModelOptions]
) -> Model[Any]: ...


@overload
def model(formula: SufficientStatistics, **options: Unpack[ModelOptions]) -> Model[Any]: ...


@overload
def model(formula: str, data: FrameT, **options: Unpack[ModelOptions]) -> Model[FrameT]: ...


@answers
def model(
    formula: str | SufficientStatistics,
    data: Any = None,
    *,
    reml: bool = True,
    weights: str | ArrayLike | None = None,
    offset: str | ArrayLike | None = None,
    contrasts: Mapping[str, Contrast] | None = None,
    missing: Missing = "drop",
    rows: Reading = "auto",
    control: Control | None = None,
    sigma: float | None = None,
    prior: CovariancePrior | None = None,
) -> Model[Any]:
    """Prepare a linear mixed model, to see what its fit will cost.

    Parameters
    ----------
    formula, data, reml, weights, offset, contrasts, missing, rows, control, sigma, prior
        As for ``lmer``.

    Returns
    -------
    Model
        With ``.cost`` and ``.fit()``.

    Raises
    ------
    FormulaError, DataError, DesignError, OptionError
        As ``lmer``.

    Examples
    --------
    >>> import hlmrs
    >>> plan = hlmrs.model("diameter ~ 1 + (1 | plate) + (1 | sample)", hlmrs.datasets.load("Penicillin"))
    >>> plan
    Model: diameter ~ 1 + (1 | plate) + (1 | sample), 144 rows, not fitted
    >>> plan.cost.n_random, plan.cost.n_theta
    (30, 2)
    >>> round(plan.fit().sigma, 4)
    0.5499
    """
    given = {"weights": weights, "offset": offset, "contrasts": contrasts, "missing": missing}
    given |= {"sigma": sigma, "prior": prior}
    return _prepare("model", formula, data, reml, rows, control, given)


def _prepare(
    function: str,
    formula: str | SufficientStatistics,
    data: Any,
    reml: bool,
    rows: str,
    control: Control | None,
    given: dict[str, Any],
) -> Model[Any]:
    """Check the arguments and encode the rows, or sum them; `given` are those that statistics have of their own."""
    if isinstance(data, str) and not isinstance(formula, str | SufficientStatistics):
        raise ArgumentError(f"{function}() takes the formula first and then the data: {function}({data!r}, data)")
    of_rows = tuple(value for name, value in given.items() if name not in ("sigma", "prior"))
    asked = request_of_statistics(formula, data, reml, given["sigma"], of_rows, control)
    if asked is not None:
        statistics, request = asked
        refuse_prior_of_sums(covariance_prior_alone(given["prior"]))
        return _of_sums(request, statistics, statistics.known[1].finish())
    if data is None:
        raise ArgumentError(f"{function}() needs data: a data frame, a path of Parquet files, or SufficientStatistics")
    if not isinstance(formula, str):
        raise ArgumentError(f"{function}() takes a formula, such as 'y ~ x + (1 | g)', and no {type(formula).__name__}")
    frame = open_frame(data)
    request = make_request(formula, frame, reml=reml, control=control, **given)
    if streams(rows, request, frame):
        statistics = summed(request, frame)
        return _of_sums(request, statistics, statistics.known[1].take_finished())
    return _of_rows(request, frame)


def _of_rows(request: Request, frame: Frame) -> Model[Any]:
    request, columns = in_levels(request, frame)
    data = model_rows(request, columns)
    return Model(
        request,
        core_model(request, data),
        data.rows,
        frame.kind,
        lambda core: Estimate(request, core, frame.kind, data.splines, data, frame),
    )


def _of_sums(request: Request, statistics: BatchSums, finished: FinishedStatistics) -> Model[Any]:
    prepared = with_fixed(finished.model(request.reml, request.sigma), finished, request)
    return Model(
        request,
        prepared,
        finished,
        statistics.kind,
        lambda core: estimate_of_statistics(request, core, finished, prepared, statistics.kind, statistics.splines),
    )
