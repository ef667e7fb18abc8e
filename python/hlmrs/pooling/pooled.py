"""What ``hlmrs.pool`` returns: one result of many fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar, Unpack, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core import f_tail
from ..calls import answers, answers_calls
from ..display import DisplayColumn, Facts, Notes, Report, Section, Table
from ..display.numbers import decimals_of, write_column, write_df, write_fixed, write_p
from ..errors import OptionError, listed
from ..estimation import Estimate
from ..estimation.marginal import EquationsEstimate
from ..frame import Column, build, columns_of
from ..hypotheses import read_equations
from ..inference import (
    EquationOptions,
    TestKeywords,
    TestOptions,
    Uncertainty,
    chosen_options,
    uncertainty,
    variance_components,
    wald,
    with_test_keywords,
)
from ..marginal import RATIOS, turned_back
from ..results import ResultTable
from .rules import PooledNumbers, pool_numbers, pool_test

Vector = NDArray[np.float64]
FrameT = TypeVar("FrameT")


@answers
@with_test_keywords
def pool(fits: Sequence[Any], *, options: TestOptions | None = None, **tests: Unpack[TestKeywords]) -> PooledFit[Any]:
    """Put fits of one model to several completed data sets together, by Rubin's rules.

    Parameters
    ----------
    fits : list of LinearMixedFit, GeneralizedMixedFit or MarginalFit
        Two or more: one for each imputed data set, or for each plausible value of the response.
    options, **tests
        How each fit is tested: ``TestOptions``, or its fields ``ddf, vcov, cluster, level`` as keywords.  Degrees of
        freedom of the fits are those of complete data.  Of marginal fits the level alone counts.

    Returns
    -------
    PooledFit
        ``.tidy()``, ``.test(...)``, ``.emmeans(...)``, ``.contrasts(...)``, ``.varcorr()``, ``.summary()``.

    Raises
    ------
    OptionError
        For fewer than two fits, or fits with other coefficients.

    Notes
    -----
    Rubin (1987), *Multiple Imputation for Nonresponse in Surveys*; degrees of freedom of Barnard and Rubin (1999),
    Biometrika 86, 948-955.

    Examples
    --------
    >>> import hlmrs
    >>> import numpy as np
    >>> data = hlmrs.datasets.load("sleepstudy", "dict")
    >>> rng = np.random.default_rng(1)
    >>> gaps = np.arange(180) % 9 == 0
    >>> drawn = [np.where(gaps, data["Reaction"] + rng.normal(0, 20, 180), data["Reaction"]) for _ in range(5)]
    >>> fits = [hlmrs.lmer("y ~ Days + (Days | Subject)", {**data, "y": y}) for y in drawn]
    >>> list(hlmrs.pool(fits).tidy()["term"])
    ['(Intercept)', 'Days']
    """
    how = chosen_options(options, tests)
    estimates = [fit._estimate for fit in fits]
    if len(estimates) < 2:
        raise OptionError("pooling needs two fits or more, of as many completed data sets")
    names = estimates[0].layout.coef_names
    for k, estimate in enumerate(estimates):
        if estimate.layout.coef_names != names:
            other = sorted(set(names) ^ set(estimate.layout.coef_names)) or names
            raise OptionError(f"fit {k} has other coefficients than the first: they differ in {listed(other)}")
    return PooledFit(fits, how)


@answers_calls
class PooledFit(Generic[FrameT]):
    """Fits of one model to several completed data sets, put together.

    Estimates are means over the fits; standard errors hold what differs between them.
    """

    __slots__ = ("_options", "fits")

    def __init__(self, fits: Sequence[Any], options: TestOptions) -> None:
        self.fits = tuple(fits)
        self._options = options

    @property
    def coef_names(self) -> list[str]:
        """Names of the coefficients."""
        return self._estimates[0].layout.coef_names

    @property
    def _estimates(self) -> list[Estimate]:
        return [fit._estimate for fit in self.fits]

    def tidy(self) -> FrameT:
        """Return the pooled coefficients.

        Returns
        -------
        data frame
            ``term, estimate, std_error, statistic, df, p_value, conf_low, conf_high``, then ``riv``, the relative
            increase of the variance, and ``fmi``, the fraction of missing information.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> pooled = hlmrs.pool([fit.refit(y) for y in fit.simulate(3, seed=1).T])
        >>> pooled.tidy()["term"].to_list()
        ['(Intercept)', 'MachineB', 'MachineC']
        """
        return self._frame({"term": self.coef_names, **self._tests(self._pooled())})

    def test(self, hypotheses: str | Sequence[str] | ArrayLike, *, joint: bool | None = None) -> ResultTable[FrameT]:
        """Test hypotheses about the coefficients, linear ones or others by the delta method.

        Parameters
        ----------
        hypotheses : str, list of str, or array
            As ``test`` of a fit.
        joint : bool, optional
            Whether all are tested together.  Default: if there are several.

        Returns
        -------
        ResultTable
            Together ``hypothesis, num_df, den_df, statistic, p_value, riv``; otherwise a row each as ``tidy``, with
            ``hypothesis`` and ``value``.

        Notes
        -----
        Together by D1 of Li, Raghunathan and Rubin (1991), JASA 86, 1065-1073, with degrees of freedom of Reiter
        (2007), Biometrika 94, 502-508, for those of complete data: the smallest of the hypotheses', on average over the
        fits.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> pooled = hlmrs.pool([fit.refit(y) for y in fit.simulate(3, seed=1).T])
        >>> pooled.test("MachineB = 0, MachineC = 0")["num_df"].to_list()
        [2.0]
        """
        equations = [read_equations(estimate, hypotheses) for estimate in self._estimates]
        values = np.array([equation.value for equation in equations[0]])
        matrices = [np.stack([equation.weights for equation in own]) for own in equations]
        rests = np.array([[equation.rest for equation in own] for own in equations])
        rows = [how.rows(matrix) for how, matrix in zip(self._uncertainties(), matrices, strict=True)]
        estimate = np.array([row[0] for row in rows]) + rests
        df = np.array([row[2] for row in rows]).mean(axis=0)
        texts = [equation.text for equation in equations[0]]
        if len(values) > 1 if joint is None else joint:
            covariances = [how.covariance(m) for how, m in zip(self._uncertainties(), matrices, strict=True)]
            found = pool_test(estimate, np.array(covariances), values, float(df.min()))
            p_value = f_tail(found.statistic, found.num_df, found.den_df)
            row = (", ".join(dict.fromkeys(texts)), found.num_df, found.den_df, found.statistic, p_value, found.riv)
            names = ("hypothesis", "num_df", "den_df", "statistic", "p_value", "riv")
            return self._shown("Pooled test of hypotheses", columns_of(names, [row], ("hypothesis",)))
        pooled = pool_numbers(estimate, np.array([row[1] for row in rows]) ** 2, df)
        return self._shown("Pooled tests", {"hypothesis": texts, "value": values, **self._tests(pooled, values)})

    def emmeans(self, specs: str | Sequence[str], **options: Any) -> ResultTable[FrameT]:
        """Return pooled marginal means.

        Parameters
        ----------
        specs, **options
            As ``emmeans`` of a fit, on the scale that is asked for; how fits are tested is chosen in ``pool``.

        Returns
        -------
        ResultTable
            The columns that tell means apart, then those of ``tidy``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> pooled = hlmrs.pool([fit.refit(y) for y in fit.simulate(3, seed=1).T])
        >>> pooled.emmeans("Machine")["Machine"].to_list()
        ['A', 'B', 'C']
        """
        return self._pooled_table("Pooled marginal means", "emmeans", specs, options)

    def contrasts(self, specs: str | Sequence[str], **options: Any) -> ResultTable[FrameT]:
        """Return pooled contrasts of marginal means, each tested by itself.

        Parameters
        ----------
        specs, **options
            As ``contrasts`` of a fit, with ``adjust="none"``; how fits are tested is chosen in ``pool``.

        Returns
        -------
        ResultTable
            The columns that tell contrasts apart, then those of ``tidy``; ratios, in a column ``ratio``, are pooled as
            their logarithms and turned back.

        Raises
        ------
        OptionError
            For an adjustment of several tests, of which there are no rules, or a choice that belongs to ``pool``.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> pooled = hlmrs.pool([fit.refit(y) for y in fit.simulate(3, seed=1).T])
        >>> pooled.contrasts("Machine")["contrast"].to_list()
        ['A - B', 'A - C', 'B - C']
        """
        if options.setdefault("adjust", "none") != "none":
            raise OptionError(
                f"adjust={options['adjust']!r}: pooled contrasts are tested one by one; give adjust='none'"
            )
        return self._pooled_table("Pooled contrasts", "contrasts", specs, options)

    def varcorr(self) -> FrameT:
        """Return variances and covariances of the random effects on average over the fits.

        Returns
        -------
        data frame
            ``group, term1, term2, variance, sd, corr``, the latter two of the mean variances and covariances.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> pooled = hlmrs.pool([fit.refit(y) for y in fit.simulate(3, seed=1).T])
        >>> pooled.varcorr()["group"].to_list()
        ['Worker', 'Residual']
        """
        tables = [variance_components(estimate) for estimate in self._estimates]
        means = [float(np.mean([row.variance for row in rows])) for rows in zip(*tables, strict=True)]
        variance = {(row.group, row.term1): v for row, v in zip(tables[0], means, strict=True) if row.term2 is None}
        rows = []
        for row, value in zip(tables[0], means, strict=True):
            sd = np.sqrt(value) if row.term2 is None else np.nan
            scale = np.nan
            if row.term2 is not None:
                scale = np.sqrt(variance[row.group, row.term1] * variance[row.group, row.term2])
            rows.append((row.group, row.term1, row.term2, value, float(sd), value / scale if scale > 0 else np.nan))
        return self._frame(
            columns_of(("group", "term1", "term2", "variance", "sd", "corr"), rows, ("group", "term1", "term2"))
        )

    def summary(self) -> Report:
        """Return a report: printed as text, shown as HTML in a notebook.

        Returns
        -------
        Report
            Coefficients with their tests, and how much of their variance is due to what is missing.

        Examples
        --------
        >>> import hlmrs
        >>> fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "polars"))
        >>> pooled = hlmrs.pool([fit.refit(y) for y in fit.simulate(3, seed=1).T])
        >>> print(str(pooled.summary()).splitlines()[0])
        Pooled fits, by Rubin's rules
        """
        tests = self._tests(self._pooled())
        errors = np.asarray(tests["std_error"])
        decimals = decimals_of(errors)
        columns = [
            DisplayColumn("term", self.coef_names, False),
            DisplayColumn("estimate", write_column(np.asarray(tests["estimate"]), decimals)),
            DisplayColumn("std error", write_column(errors, decimals)),
            DisplayColumn("df", [write_df(round(df, 2)) for df in np.asarray(tests["df"]).tolist()]),
            DisplayColumn("statistic", [write_fixed(v, 2) for v in np.asarray(tests["statistic"]).tolist()]),
            DisplayColumn("p", [write_p(p) for p in np.asarray(tests["p_value"]).tolist()]),
            DisplayColumn("riv", [write_fixed(v, 3) for v in np.asarray(tests["riv"]).tolist()]),
            DisplayColumn("fmi", [write_fixed(v, 3) for v in np.asarray(tests["fmi"]).tolist()]),
        ]
        formula = self._estimates[0].request.spec.formula.strip()
        words = "riv: relative increase of the variance by what is missing; fmi: fraction of missing information."
        sections = [
            Section("", Facts([("Formula", formula), ("Data sets", str(len(self.fits)))])),
            Section("Coefficients (Barnard and Rubin's degrees of freedom)", Table(columns)),
            Section("", Notes([words])),
        ]
        return Report("Pooled fits, by Rubin's rules", sections)

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def _tested(self, estimate: Estimate) -> dict[str, Any]:
        """Return what a fit is given of how to test; a marginal one has a choice of its own."""
        return {} if isinstance(estimate, EquationsEstimate) else {"options": self._options}

    def _uncertainties(self) -> list[Uncertainty]:
        marginal = EquationOptions(level=self._options.level)
        return [
            uncertainty(e, marginal if isinstance(e, EquationsEstimate) else self._options) for e in self._estimates
        ]

    def _pooled(self) -> PooledNumbers:
        """Pool the coefficients."""
        rows = [how.rows(np.eye(len(self.coef_names))) for how in self._uncertainties()]
        estimates, errors, df = (np.array([row[k] for row in rows]) for k in range(3))
        return pool_numbers(estimates, errors**2, df.mean(axis=0))

    def _tests(self, pooled: PooledNumbers, null: Vector | float = 0.0) -> dict[str, Column]:
        tests = wald(pooled.estimate, pooled.std_error, pooled.df, self._options.level, null)
        return {**tests.columns(), "riv": pooled.riv, "fmi": pooled.fmi}

    def _pooled_table(
        self, title: str, method: str, specs: str | Sequence[str], options: Mapping[str, Any]
    ) -> ResultTable[FrameT]:
        """Pool the rows of tables that all fits have, which are told apart by the columns before the estimate.

        Ratios are pooled as their logarithms.
        """
        taken = next((name for name in ("options", *TestKeywords.__annotations__) if name in options), None)
        if taken:
            raise OptionError(
                f"{taken}=: how the fits are tested is chosen once for all, in hlmrs.pool(fits, {taken}=...)"
            )
        asked = [{**options, **self._tested(estimate)} for estimate in self._estimates]
        tables = [_columns(getattr(fit, method)(specs, **own)) for fit, own in zip(self.fits, asked, strict=True)]
        first = list(tables[0])
        are_ratios = RATIOS.column in first
        shown = RATIOS.column if are_ratios else "estimate"
        keys = first[: first.index(shown)]
        own = [[np.asarray(table[key]).tolist() for key in keys] for table in tables]
        if any(other != own[0] for other in own[1:]):
            raise OptionError("the fits have other rows in their tables; all data sets need the same levels")
        estimates, errors, df = (
            np.array([np.asarray(table[name], dtype=float) for table in tables]) for name in (shown, "std_error", "df")
        )
        if are_ratios:
            estimates, errors = np.log(estimates), errors / estimates
        tests = self._tests(pool_numbers(estimates, errors**2, df.mean(axis=0)))
        own_tests = turned_back(tests, RATIOS) if are_ratios else tests
        return self._shown(title, {key: tables[0][key] for key in keys} | own_tests)

    def _shown(self, title: str, columns: Mapping[str, Column]) -> ResultTable[FrameT]:
        return ResultTable(title, columns, self._estimates[0].kind, level=self._options.level)

    def _frame(self, columns: Mapping[str, Column]) -> FrameT:
        return cast("FrameT", build(self._estimates[0].kind, columns))


def _columns(table: Any) -> dict[str, Any]:
    """Return the columns of a frame of any kind, or of a result that gives one."""
    frame = table.to_frame() if hasattr(table, "to_frame") else table
    names = getattr(frame, "column_names", None) or getattr(frame, "columns", None)
    values = {str(name): np.asarray(frame[name]) for name in (frame if names is None else names)}
    return {name: own if own.dtype.kind in "biuf" else own.tolist() for name, own in values.items()}
