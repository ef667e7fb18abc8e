"""F tests of terms, and tests of linear hypotheses, as columns of a frame."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArgumentError, InferenceWarning, OptionError, listed, warn
from ..estimation import Estimate
from ..estimation.generalized import GeneralizedEstimate, without_term
from ..frame import Column, by_name
from ..inference import (
    CellDesign,
    TestOptions,
    Uncertainty,
    cell_design,
    chi_square_tail,
    f_tail,
    information_criteria,
    uncertainty,
    wald,
)
from .equations import Hypothesis, read_hypotheses
from .terms import term_hypotheses, tested

Vector = NDArray[np.float64]


def anova_table(estimate: Estimate, kind: int | str, options: TestOptions) -> dict[str, Column]:
    """Tabulate an F test for every term of the fixed part but the intercept."""
    return _f_tests(term_hypotheses(cell_design(estimate), kind), uncertainty(estimate, options))


def deletion_table(estimate: Estimate, options: TestOptions) -> dict[str, Column]:
    """Tabulate an F test for every term that could be dropped: no interaction of it is in the model."""
    design = cell_design(estimate)
    free = _droppable(design)
    hypotheses = {name: rows for name, rows in term_hypotheses(design, 2).items() if name in free}
    return _f_tests(hypotheses, uncertainty(estimate, options))


def deletion_ratio_table(estimate: GeneralizedEstimate) -> dict[str, Column]:
    """Tabulate likelihood ratios of the fit and those without each term that could be dropped."""
    core, n = estimate.core, estimate.layout.n_rows
    names = _droppable(cell_design(estimate))
    rows = []
    for name in names:
        small = without_term(estimate, name).core
        df, chisq = core.n_params - small.n_params, max(small.criterion - core.criterion, 0.0)
        criteria = information_criteria(small.criterion, small.n_params, n)
        p_value = chi_square_tail(chisq, df) if df else np.nan
        rows.append((float(df), criteria.loglik, criteria.aic, chisq, p_value))
    numbers = np.array(rows).reshape(-1, 5).T
    return {"term": names, **dict(zip(("df", "loglik", "aic", "chisq", "p_value"), numbers, strict=True))}


def _droppable(design: CellDesign) -> list[str]:
    return [term.name for term in tested(design) if not any(map(term.is_marginal_to, design.terms))]


def hypothesis_table(
    estimate: Estimate, hypotheses: Any, joint: bool | None, options: TestOptions
) -> dict[str, Column]:
    """Tabulate tests of hypotheses, one by one or jointly."""
    equations = read_equations(estimate, hypotheses)
    matrix = np.stack([equation.weights for equation in equations])
    values = np.array([equation.value for equation in equations])
    rest = np.array([equation.rest for equation in equations])
    how = uncertainty(estimate, options)
    if len(equations) > 1 if joint is None else joint:
        text = ", ".join(dict.fromkeys(equation.text for equation in equations))
        row = np.array([how.joint(matrix, _origin(matrix, values - rest))])
        _warn_without_test([text], row[:, 2])
        return {"hypothesis": [text], **_f_row(row)}
    estimates, std_errors, df = how.rows(matrix)
    tests = wald(estimates + rest, std_errors, df, options.level, values)
    others = tests.columns("std_error", "df", "statistic", "p_value", "conf_low", "conf_high")
    texts = [equation.text for equation in equations]
    _warn_without_test(texts, np.where(std_errors == 0, np.nan, 0.0))
    return {"hypothesis": texts, "estimate": tests.estimate, "value": values, **others}


def _f_tests(hypotheses: dict[str, Vector], how: Uncertainty) -> dict[str, Column]:
    tested = {name: rows for name, rows in hypotheses.items() if len(rows)}
    single = _single_rows([rows[0] for rows in tested.values() if len(rows) == 1], how)
    numbers = np.array([next(single) if len(rows) == 1 else how.joint(rows) for rows in tested.values()])
    numbers = numbers.reshape(-1, 3)
    _warn_without_test(list(tested), numbers[:, 2])
    empty = [name for name in hypotheses if name not in tested]
    numbers = np.concatenate([numbers, np.tile([0.0, np.nan, np.nan], (len(empty), 1))])
    return {"term": [*tested, *empty], **_f_row(numbers)}


def _single_rows(functions: Sequence[Vector], uncertainty: Uncertainty) -> Iterator[tuple[float, float, float]]:
    """Test functions one by one, all at once: F is the square of t."""
    if functions:
        value, std_error, df = uncertainty.rows(np.stack(functions))
        statistic = (value / np.where(std_error == 0, np.nan, std_error)) ** 2
        yield from ((1.0, float(d), float(f)) for d, f in zip(df, statistic, strict=True))


def _warn_without_test(names: Sequence[str], statistics: Vector) -> None:
    """Say which functions have no test, since they, or combinations of them, have no variance."""
    without = [name for name, statistic in zip(names, statistics.tolist(), strict=True) if np.isnan(statistic)]
    if without:
        warn(
            f"no test of {listed(without)}: by this covariance the function tested, or a combination of those tested "
            "together, has no variance, as where clusters are fewer than what is tested; take vcov='model', or test "
            "fewer functions",
            InferenceWarning,
        )


def _f_row(numbers: Vector) -> dict[str, Column]:
    num_df, den_df, statistic = numbers.T
    p_value = [f_tail(f, a, b) for a, b, f in numbers.tolist()]
    return {"num_df": num_df, "den_df": den_df, "statistic": statistic, "p_value": np.array(p_value)}


def read_equations(estimate: Estimate, hypotheses: "str | Sequence[str] | ArrayLike") -> list[Hypothesis]:
    """Read hypotheses in words, or take the rows of a matrix over the coefficients."""
    names, beta = estimate.layout.coef_names, estimate.core.beta
    if isinstance(hypotheses, str):
        return read_hypotheses(hypotheses, names, beta)
    if isinstance(hypotheses, Sequence) and hypotheses and all(isinstance(text, str) for text in hypotheses):
        return [equation for text in hypotheses for equation in read_hypotheses(str(text), names, beta)]
    hypotheses = by_name("hypotheses", hypotheses, names)
    try:
        matrix = np.atleast_2d(np.asarray(hypotheses, dtype=float))
    except (TypeError, ValueError):
        raise ArgumentError(f"hypotheses={hypotheses!r}: give a text, several, or a matrix") from None
    if matrix.ndim != 2 or matrix.shape[1] != len(names) or not len(matrix):
        raise OptionError(
            f"the matrix of hypotheses has shape {matrix.shape}; it needs a column for each of the {len(names)} "
            "coefficients"
        )
    if not np.isfinite(matrix).all() or not matrix.any(axis=1).all():
        raise OptionError("a row of the matrix of hypotheses is zero or not finite")
    return [Hypothesis(_spelled(row, names), row, 0.0) for row in matrix]


def _spelled(row: Vector, names: Sequence[str]) -> str:
    """Write a row of a matrix as an equation."""
    parts = []
    for weight, name in zip(row.tolist(), names, strict=True):
        if weight:
            size = "" if abs(weight) == 1 else f"{abs(weight):g} * "
            parts.append(f"{'-' if weight < 0 else '+'} {size}{name}")
    text = " ".join(parts)
    return f"{text.removeprefix('+ ')} = 0"


def _origin(matrix: Vector, values: Vector) -> Vector:
    """Return coefficients that meet all hypotheses, or refuse hypotheses that contradict each other."""
    solution = np.linalg.lstsq(matrix, values, rcond=None)[0]
    if not np.allclose(matrix @ solution, values, rtol=1e-9, atol=1e-9 * max(1.0, float(np.abs(values).max()))):
        raise OptionError("these hypotheses contradict each other: no coefficients meet them all")
    return np.asarray(solution)
