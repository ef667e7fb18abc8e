"""How much a step explains: of the variances of the model before it, and of the variance at every level.

The proportional reduction of a variance is Raudenbush and Bryk's (2002, p. 74); the share of a level's variance that
is explained by fixed effects is Rights and Sterba's (2019), and cannot be negative.
"""

from collections.abc import Sequence

import numpy as np

from ..effectsize import decomposition_table, reduction_table
from ..estimation import Estimate
from ..frame import Column, columns_of, plain_column
from .steps import Step


def reductions(estimates: Sequence[Estimate], steps: Sequence[Step], labels: Sequence[str]) -> dict[str, Column]:
    """Tabulate the variances of every model beside those of the model before it."""
    tables, models, against = [], [], []
    for label, step, estimate in zip(labels, steps, estimates, strict=True):
        if step.before is not None:
            tables.append(reduction_table(estimate, estimates[step.before]))
            n = len(plain_column(tables[-1]["reduction"]))
            models += [label] * n
            against += [labels[step.before]] * n
    joined = {name: _joined([table[name] for table in tables]) for name in tables[0]}
    before, after = joined.pop("variance_null"), joined.pop("variance")
    reduction = joined.pop("reduction")
    return {
        "model": models,
        "against": against,
        **joined,
        "variance_before": before,
        "variance": after,
        "reduction": reduction,
    }


def shares(estimates: Sequence[Estimate], labels: Sequence[str]) -> dict[str, Column]:
    """Tabulate the share of every level's variance that the fixed part of each model explains."""
    rows = []
    for label, estimate in zip(labels, estimates, strict=True):
        table = decomposition_table(estimate)
        columns = (plain_column(table[name]) for name in ("source", "level", "share_of_level"))
        rows += [(label, level, share) for source, level, share in zip(*columns, strict=True) if source == "fixed"]
    return columns_of(("model", "level", "share"), rows, ("model", "level"))


def _joined(columns: Sequence[Column]) -> Column:
    """Put columns of the same name below each other."""
    if isinstance(columns[0], np.ndarray):
        return np.concatenate([np.asarray(column) for column in columns])
    return [value for column in columns for value in plain_column(column)]
