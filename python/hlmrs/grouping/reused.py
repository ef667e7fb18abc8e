"""Labels that begin anew in every group: classrooms 1 to 4 of each school, which HLM and SPSS nest unasked."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MOST_MISSING = 0.1
"""Part of the labels up to a group's last one that may be missing."""


def is_reused(
    inner: NDArray[np.integer], outer: NDArray[np.integer], inner_labels: Sequence[str], outer_labels: Sequence[str]
) -> bool:
    """Whether labels of one factor begin anew in the levels of another; where each do, in those of the larger one."""
    n_inner, n_outer = len(inner_labels), len(outer_labels)
    if n_inner == n_outer or not _begins_anew(inner, outer, inner_labels, n_outer):
        return False
    return n_inner < n_outer or not _begins_anew(outer, inner, outer_labels, n_inner)


def _begins_anew(
    inner: NDArray[np.integer], outer: NDArray[np.integer], inner_labels: Sequence[str], n_outer: int
) -> bool:
    """Whether outer levels have the first few of the inner levels, most of them several, with several rows of each."""
    n_inner, n_rows = len(inner_labels), len(inner)
    if n_inner * n_outer > 2 * n_rows:
        return False
    codes = outer.astype(np.int64) * n_inner + inner
    seen = np.bincount(codes, minlength=n_inner * n_outer).reshape(n_outer, n_inner) > 0
    seen = seen[:, sorted(range(n_inner), key=lambda k: _natural(inner_labels[k]))]
    sizes, last = seen.sum(axis=1), n_inner - seen[:, ::-1].argmax(axis=1)
    few_missing = (last - sizes).sum() <= _MOST_MISSING * last.sum()
    return bool(2 * (sizes > 1).sum() > n_outer and few_missing and 2 * sizes.sum() <= n_rows)


def _natural(label: str) -> list[tuple[int, str]]:
    """Order labels as people do: 'class 2' before 'class 10'."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", label)]
