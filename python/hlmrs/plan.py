"""A model over its data, before it is fitted: what the fit will cost."""

from collections.abc import Mapping
from typing import Any, cast

from numpy.typing import ArrayLike

from ._core import Problem
from .control import Control
from .estimation import Contrast, Estimate, ModelRows, Request, estimate_settled, make_request, model_rows
from .estimation.streaming import SufficientStatistics, request_of_statistics, streams, summed
from .frame import Frame, open_frame
from .report import Cost, cost_of
from .results import LinearMixedFit
from .results.linear_mixed_fit import with_warnings


class Model:
    """A formula over data, encoded and summed, ready to be fitted; ``hlmrs.model`` returns it."""

    def __init__(self, request: Request, source: Frame | SufficientStatistics, rows: str) -> None:
        self._request, self._kind = request, source.kind
        self._frame = None if isinstance(source, SufficientStatistics) else source
        self._statistics: SufficientStatistics | None = None
        self._data: ModelRows | None = None
        if self._frame is None:
            assert isinstance(source, SufficientStatistics)
            self._statistics, self._settled = source, source.core.settle()
        elif streams(rows, request, self._frame):
            self._statistics = summed(request, self._frame)
            self._settled = self._statistics.core.take_settled()
        else:
            self._data = model_rows(request, self._frame)
            threads = request.control.threads() or 0
            self._problem, self._names = Problem(self._data.rows, request.reml, threads), self._data.rows.group_names
            return
        self._problem, self._names = self._settled.problem(request.reml), self._settled.group_names

    @property
    def formula(self) -> str:
        """The formula as it was given."""
        return self._request.spec.formula

    @property
    def cost(self) -> Cost:
        """The plan of the fit: blocks, their kinds and sizes, work and memory.

        Crossed grouping factors share a block of kind ``dense``, ``sparse`` or ``iterative``, whichever is predicted to
        cost least; the first two are exact.
        """
        return cost_of(self._problem, self.formula.strip(), self._names, self._kind)

    def fit(self) -> LinearMixedFit:
        """Fit the model.

        Returns
        -------
        LinearMixedFit
            As ``lmer`` returns it.
        """
        request = self._request
        if self._data is None:
            assert self._statistics is not None, "rows are kept or summed"
            return with_warnings(estimate_settled(request, self._settled, self._problem, self._statistics))
        core = self._problem.fit(request.settings())
        return with_warnings(Estimate(request, core, self._kind, self._data.splines, self._data, self._frame))

    def __repr__(self) -> str:
        return f"Model: {self.formula}, {self._problem.n_obs:,} rows, not fitted"


def model(
    formula: str | SufficientStatistics,
    data: Any = None,
    *,
    reml: bool = True,
    weights: str | ArrayLike | None = None,
    offset: str | ArrayLike | None = None,
    contrasts: Mapping[str, Contrast] | None = None,
    missing: str = "drop",
    rows: str = "auto",
    control: Control | None = None,
) -> Model:
    """Prepare a linear mixed model, to see what its fit will cost.

    Parameters
    ----------
    formula, data, reml, weights, offset, contrasts, missing, rows, control
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
    asked = request_of_statistics(formula, data, reml, (weights, offset, contrasts, missing), control)
    if asked is not None:
        return Model(asked[1], asked[0], rows)
    if data is None:
        raise TypeError("model() needs data: a data frame, a path of Parquet files, or SufficientStatistics")
    frame = open_frame(data)
    request = make_request(
        cast("str", formula),
        frame.names,
        reml=reml,
        weights=weights,
        offset=offset,
        contrasts=contrasts,
        missing=missing,
        control=control,
    )
    return Model(request, frame, rows)
