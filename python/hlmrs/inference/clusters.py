"""The clusters of a robust covariance: a grouping factor, another column of the data, or labels by row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core import Rows, is_nested
from ..errors import DataError, DesignError, OptionError, choose, suggestion
from ..estimation import Estimate
from ..formula import PLAIN, Call, ColumnName, RandomTerm, TermFactor
from ..formula.names import find_name
from ..frame import is_missing

_ROW = "(row)"
Clusters = str | Sequence[str] | ArrayLike | None
"""A grouping factor or a column of the data, two that cross, or a label by row; None: the outermost grouping factor."""


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """The cluster of every row used; `nested` says whether all groups of the model lie within clusters."""

    name: str
    codes: NDArray[np.uint32]
    nested: bool

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Clustering) and np.array_equal(self.codes, other.codes)

    def __hash__(self) -> int:
        return hash(self.codes.tobytes())

    @property
    def n_clusters(self) -> int:
        """How many clusters there are."""
        return int(self.codes.max()) + 1


def clusterings(estimate: Estimate, cluster: Clusters) -> list[Clustering]:
    """Read one clustering, or two that cross."""
    if cluster is None:
        return [_outermost(estimate)]
    if isinstance(cluster, str):
        return [_named(estimate, cluster)]
    if (
        isinstance(cluster, Sequence)
        and cluster
        and all(isinstance(name, str) for name in cluster)
        and len(cluster) < 3
    ):
        names = list(dict.fromkeys(cluster))
        return [_named(estimate, str(name)) for name in names]
    return [_of_labels(estimate, cluster)]


def drawn_factors(estimate: Estimate, cluster: "str | Sequence[str] | None") -> list[int]:
    """Return the grouping factors whose levels a case bootstrap draws: by default the outermost, all that cross."""
    names = [group.name for group in estimate.layout.groups]
    codes = [estimate.rows.group_codes(k) for k in range(len(names))]
    if cluster is None:
        return _outermost_factors(codes)
    given = list(dict.fromkeys([cluster] if isinstance(cluster, str) else cluster))
    chosen = []
    for name in given:
        found = estimate.layout.find_group(name)
        chosen.append(names.index(choose("cluster", name, names)) if found is None else found)
    for k in range(len(names)):
        holders = [c for c in chosen if c != k and lies_within(codes[k], codes[c])]
        if k in chosen and holders:
            raise OptionError(f"cluster: {names[k]!r} lies within {names[holders[0]]!r}; name the outer one alone")
        if k not in chosen and not holders:
            raise OptionError(
                f"cluster={cluster!r} would leave the levels of {names[k]!r} as they are, which understates what is "
                f"uncertain; draw {', '.join(repr(names[j]) for j in _outermost_factors(codes))}, as without cluster="
            )
    return chosen


def _outermost_factors(codes: Sequence[NDArray[np.uint32]]) -> list[int]:
    """Return the factors that lie within no other; of equal ones the first."""

    def is_inner(k: int) -> bool:
        holders = [j for j in range(len(codes)) if j != k and lies_within(codes[k], codes[j])]
        return any(j < k or not lies_within(codes[j], codes[k]) for j in holders)

    return [k for k in range(len(codes)) if not is_inner(k)]


def lies_within(inner: NDArray[np.uint32], outer: NDArray[np.uint32]) -> bool:
    """Whether every level of one factor lies in a single level of another."""
    pairs = np.unique(inner.astype(np.uint64) * (int(outer.max(initial=0)) + 1) + outer)
    return len(pairs) == len(np.unique(inner))


def crossed(estimate: Estimate, one: Clustering, other: Clustering) -> Clustering:
    """Return the intersections of two clusterings."""
    pairs = np.stack([one.codes, other.codes])
    codes = np.unique(pairs, axis=1, return_inverse=True)[1].astype(np.uint32).ravel()
    return Clustering(f"{one.name}:{other.name}", codes, is_nested(estimate.rows, codes))


def residual_clustering(estimate: Estimate) -> Clustering | None:
    """Return the groups within which residuals are correlated, if they are."""
    request = estimate.request.residual
    if request is None or request.term is None or estimate.data.residual is None:
        return None
    codes = estimate.data.residual.group_codes()
    return None if codes is None else Clustering(request.term.label, codes, is_nested(estimate.rows, codes))


def require_whole_groups(estimate: Estimate, found: Sequence[Clustering]) -> None:
    """Refuse clusters that part rows whose residuals are correlated."""
    own = residual_clustering(estimate)
    for clustering in found:
        if own is not None and not lies_within(own.codes, clustering.codes):
            raise OptionError(
                f"cluster={clustering.name!r}: the model correlates the residuals of rows of one {own.name!r}, and "
                f"these lie in different clusters of {clustering.name!r}; name clusters that hold every {own.name!r} "
                f"whole, such as cluster={own.name!r}"
            )


def _outermost(estimate: Estimate) -> Clustering:
    """Return the grouping factor, of random effects or of residuals, that all others are nested in."""
    found, own = [_grouping(estimate, k) for k in range(len(estimate.layout.groups))], residual_clustering(estimate)
    if own is not None:
        found = [*(clustering for clustering in found if clustering.name != own.name), own]
    if not found:
        raise OptionError("the model has no grouping factors: name the column of the clusters in cluster=")
    holds = [own is None or lies_within(own.codes, clustering.codes) for clustering in found]
    nested = [clustering for clustering, whole in zip(found, holds, strict=True) if clustering.nested and whole]
    if not nested:
        names = [clustering.name for clustering in found]
        raise OptionError(
            f"the grouping factors {', '.join(map(repr, names))} cross each other: name one or two of them in "
            "cluster=; such a covariance is right for many clusters only"
        )
    return min(nested, key=lambda clustering: clustering.n_clusters)


def _grouping(estimate: Estimate, k: int) -> Clustering:
    codes = estimate.rows.group_codes(k)
    return Clustering(estimate.layout.groups[k].name, codes, is_nested(estimate.rows, codes))


def _named(estimate: Estimate, name: str) -> Clustering:
    group = estimate.layout.find_group(name)
    if group is not None:
        return _grouping(estimate, group)
    own = residual_clustering(estimate)
    if own is not None and own.name == name:
        return own
    frame = estimate.frame
    column = find_name(name, frame.names)
    if column is None:
        known = [*estimate.layout.group_names, *frame.names]
        raise OptionError(f"cluster={name!r}: the data have no such column{suggestion(name, known)}")
    return _dense(estimate, column, _column_codes(estimate, column))


def _column_codes(estimate: Estimate, name: str) -> NDArray[np.int64]:
    try:
        return coded_column(estimate, name)[0]
    except DesignError as error:
        raise OptionError(f"cluster={name!r} has one cluster; a robust covariance needs many") from error


def coded_column(estimate: Estimate, name: str) -> tuple[NDArray[np.int64], list[str]]:
    """Code a column of the data as a grouping factor would be, -1 where it is missing; return its levels too."""
    spec = estimate.request.spec
    label = TermFactor(name, Call("factor", (ColumnName(name, (0, 0)),), (), (0, 0)))
    group = RandomTerm(PLAIN, True, (), (label,), (0, 0))
    rows_numbered = TermFactor(_ROW, ColumnName(_ROW, (0, 0)))
    alone = replace(spec, response=rows_numbered, intercept=True, terms=(), offsets=(), random=(group,))
    columns = estimate.frame.read([name], {name})
    columns.add_numeric(_ROW, np.arange(columns.n_rows, dtype=np.float64))
    rows = Rows(alone.to_json(), columns, '{"missing": "drop"}')
    whole = np.full(rows.n_rows_input, -1, dtype=np.int64)
    whole[slice(None) if rows.kept is None else rows.kept] = rows.group_codes(0)
    kept = estimate.rows.kept
    return whole if kept is None else whole[kept], rows.group_levels(0)


def coded_labels(
    estimate: Estimate, option: str, labels: ArrayLike, instead: str
) -> tuple[NDArray[np.int64], NDArray[np.generic]]:
    """Return the code of every row used, -1 where it is missing, and the levels of labels by row."""
    values = np.asarray(estimate.by_row_used(option, labels))
    n = estimate.layout.n_rows
    if values.shape != (n,):
        raise DataError(f"{option} has shape {values.shape}; {instead}, or give a label for each of the {n:,} rows")
    codes, present = np.full(n, -1, dtype=np.int64), ~is_missing(values)
    try:
        levels, codes[present] = np.unique(values[present], return_inverse=True)
    except TypeError:
        raise DataError(f"{option} mixes labels of several types; make them texts, or numbers") from None
    return codes, levels


def _of_labels(estimate: Estimate, labels: ArrayLike) -> Clustering:
    return _dense(estimate, "cluster", coded_labels(estimate, "cluster", labels, "name one or two columns")[0])


def _dense(estimate: Estimate, name: str, codes: NDArray[np.int64]) -> Clustering:
    if (codes < 0).any():
        row = int(np.flatnonzero(codes < 0)[0])
        raise DataError(f"cluster={name!r} misses a value at row {row} of the rows used; every row needs a cluster")
    dense = np.unique(codes, return_inverse=True)[1].astype(np.uint32).ravel()
    return Clustering(name, dense, is_nested(estimate.rows, dense))
