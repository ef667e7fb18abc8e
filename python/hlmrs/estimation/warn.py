"""What a fit warns of, each in a category of its own."""

from ..errors import ConvergenceWarning, DroppedRowsWarning, RankDeficiencyWarning, SingularFitWarning, listed, warn
from .layout import Layout
from .verdict import Verdict, sentence


def warn_about_data(layout: Layout) -> None:
    """Warn of dropped rows and columns."""
    warn_about_rows(layout)
    if message := dropped_columns(layout):
        warn(message, RankDeficiencyWarning)


def warn_about_rows(layout: Layout) -> None:
    """Warn of dropped rows."""
    if message := dropped_rows(layout):
        warn(message, DroppedRowsWarning)


def warn_about_optimum(verdict: Verdict) -> None:
    """Warn of a search that did not converge, or ended at a boundary."""
    if message := not_converged(verdict):
        warn(message, ConvergenceWarning)
    if message := singular(verdict):
        warn(message, SingularFitWarning)


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
    if verdict.status not in ("not-converged", "pole", "unbounded", "rounded", "rough", "exact", "flat"):
        return ""
    return "\n".join([sentence(verdict), *verdict.advice])


def singular(verdict: Verdict) -> str:
    """Say which variances are zero or correlations one, and what to consider."""
    return f"singular fit. {' '.join(verdict.advice)}" if verdict.status == "boundary" and verdict.singular else ""
