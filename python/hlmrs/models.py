"""What the user calls: check, build, fit."""

from collections.abc import Mapping
from typing import Any, cast

from numpy.typing import ArrayLike

from .control import Control
from .estimation import Contrast, estimate, make_request, refuse_unknown, take_alias
from .estimation.streaming import (
    SufficientStatistics,
    estimate_statistics,
    estimate_streamed,
    request_of_statistics,
    streams,
)
from .frame import open_frame
from .results import LinearMixedFit
from .results.linear_mixed_fit import with_warnings

_OPTIONS = ("reml", "weights", "offset", "contrasts", "missing", "rows", "control")


def lmer(
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
    **aliases: Any,
) -> LinearMixedFit:
    """Fit a linear mixed model.

    Parameters
    ----------
    formula : str or SufficientStatistics
        In lme4's language: ``"mAch ~ ses * sector + (ses | school)"``.  Columns of text and categories become factors;
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
        would take more than 2 GB, or a quarter of the memory that is free.  A fit without rows has no fitted values,
        residuals or ``augment``; everything else works.
    control : Control, optional
        Optimizer, limits, threads.
    **aliases
        ``REML=`` is accepted for ``reml=``.

    Returns
    -------
    LinearMixedFit
        The fitted model.

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
    reml = take_alias("lmer", aliases, "REML", "reml", reml, True)
    refuse_unknown("lmer", aliases, _OPTIONS)
    asked = request_of_statistics(formula, data, reml, (weights, offset, contrasts, missing), control)
    if asked is not None:
        return with_warnings(estimate_statistics(*asked))
    if data is None:
        raise TypeError("lmer() needs data: a data frame, a path of Parquet files, or SufficientStatistics")
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
    if streams(rows, request, frame):
        return with_warnings(estimate_streamed(request, frame))
    return with_warnings(estimate(request, frame))
