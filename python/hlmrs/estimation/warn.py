"""What a fit warns of, each in a category of its own."""

import warnings

from ..errors import ConvergenceWarning, DroppedRowsWarning, RankDeficiencyWarning, SingularFitWarning
from ..formula.problems import listed
from .layout import Layout
from .verdict import Verdict


def warn_about_data(layout: Layout, stacklevel: int) -> None:
    """Warn of dropped rows and columns."""
    _warn(dropped_rows(layout), DroppedRowsWarning, stacklevel)
    _warn(dropped_columns(layout), RankDeficiencyWarning, stacklevel)


def warn_about_optimum(verdict: Verdict, stacklevel: int) -> None:
    """Warn of optima that are none, or lie on a boundary."""
    _warn(not_converged(verdict), ConvergenceWarning, stacklevel)
    _warn(singular(verdict), SingularFitWarning, stacklevel)


def dropped_rows(layout: Layout) -> str:
    """Count the rows with missing values."""
    n = layout.n_rows_input - layout.n_rows
    if not n:
        return ""
    counts = ", ".join(f"{name}: {count:,}" for name, count in layout.dropped_rows.items())
    return (
        f"{n:,} of {layout.n_rows_input:,} rows have missing values and were dropped ({counts}); "
        'missing="error" refuses them'
    )


def dropped_columns(layout: Layout) -> str:
    """Name the columns that depend on others."""
    names = layout.dropped_columns
    if not names:
        return ""
    number = "column depends" if len(names) == 1 else "columns depend"
    return f"{len(names):,} fixed-effects {number} on those before and cannot be estimated: {listed(names)}"


def not_converged(verdict: Verdict) -> str:
    """Say why a search stopped, or what it cannot tell apart."""
    return verdict.explain() if verdict.status in ("not-converged", "flat") else ""


def singular(verdict: Verdict) -> str:
    """Say which variances are zero, and what to consider."""
    return f"singular fit. {' '.join(verdict.advice)}" if verdict.status == "boundary" else ""


def _warn(message: str, category: type[Warning], stacklevel: int) -> None:
    if message:
        warnings.warn(message, category, stacklevel=stacklevel + 2)
