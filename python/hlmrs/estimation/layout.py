"""What the numbers of a fit belong to: names, levels, and how many rows were used."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from .._core import Encoding, FinishedStatistics, Fit, Model, Rows
from ..formula.names import find_name
from ..frame import distinct

if TYPE_CHECKING:
    from .._core import GroupRecord


class LevelNames(Sequence[str]):
    """Names of the levels of a grouping factor, of which there may be very many: read when one is first asked for."""

    def __init__(self, n: int, read: Callable[[], list[str]]) -> None:
        self._n = n
        self._read = read

    @cached_property
    def _names(self) -> list[str]:
        return self._read()

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, index: Any) -> Any:
        return self._names[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class RandomTermLayout:
    """A random term: its columns, and the index of its grouping factor."""

    name: str
    group: int
    columns: Sequence[str]
    structure: str
    nearest: Sequence[float] = ()
    """Two columns that lie nearest to each other, and their distance, of a structure over places."""
    rank: int = 0
    """Of its covariance; zero where it is not given."""


@dataclass(frozen=True, slots=True)
class GroupLayout:
    """A grouping factor: its levels, and the rows of its smallest and largest level."""

    name: str
    levels: Sequence[str]
    smallest: int
    largest: int


@dataclass(frozen=True, slots=True)
class ResidualGroups:
    """The groups within which residuals are correlated: how many, and the rows of the smallest and the largest."""

    name: str
    n: int
    smallest: int
    largest: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of everything; `kept` are the columns of X that are estimated."""

    response: str
    columns: Sequence[str]
    column_terms: Sequence[int]
    terms: Sequence[str]
    kept: Sequence[int]
    reference_levels: dict[str, str]
    groups: Sequence[GroupLayout]
    random: Sequence[RandomTermLayout]
    n_rows: int
    n_rows_input: int
    dropped_rows: dict[str, int]
    residual_groups: Sequence[ResidualGroups] = field(default_factory=list)

    @property
    def further_groups(self) -> list[ResidualGroups]:
        """Return groups of the residuals that are none of the random effects'."""
        return [group for group in self.residual_groups if group.name not in self.group_names]

    @property
    def group_names(self) -> list[str]:
        """Names of the grouping factors."""
        return [group.name for group in self.groups]

    def find_group(self, name: object) -> int | None:
        """Return the index of the grouping factor that a name means, as the column is called or as in the formula."""
        found = find_name(name, self.group_names) if isinstance(name, str) else None
        return None if found is None else self.group_names.index(found)

    @property
    def coef_names(self) -> list[str]:
        """Names of the estimated coefficients."""
        return [self.columns[k] for k in self.kept]

    def terms_of(self, group: int) -> list[int]:
        """Return the random terms of a grouping factor."""
        return [k for k, term in enumerate(self.random) if term.group == group]

    @property
    def dropped_columns(self) -> list[str]:
        """Columns that depend on those before them."""
        kept = set(self.kept)
        return [name for k, name in enumerate(self.columns) if k not in kept]

    def as_json(self) -> dict[str, Any]:
        """Return plain lists and dictionaries."""
        groups = [replace(group, levels=list(group.levels)) for group in self.groups]
        return asdict(replace(self, groups=groups))

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> "Layout":
        """Rebuild what ``as_json`` made; a TypeError or KeyError where it is something else."""
        return cast("Layout", _read(cls, {"residual_groups": [], **entry}))

    def is_of(self, encoding: Encoding, *, response: str | None = None) -> bool:
        """Whether names and numbers of levels are those of what encodes new data, which may name another response."""
        known = encoding.layout()
        return (
            (response or self.response, self.columns, self.column_terms)
            == (known["response"], known["columns"], known["column_terms"])
            and (self.terms, self.reference_levels) == (known["terms"], known["reference_levels"])
            and [(g.name, len(g.levels)) for g in self.groups] == [(g["name"], g["n_levels"]) for g in known["groups"]]
            and list(self.random) == [RandomTermLayout(**term) for term in known["random"]]
        )

    def fits(self, core: Fit) -> bool:
        """Whether names and levels are as many as the numbers of a fit."""
        modes = core.modes()
        r = [len(term.columns) for term in self.random]
        return (
            len(self.kept) == len(core.beta)
            and max(self.kept, default=-1) < len(self.columns)
            and all(term.group < len(self.groups) for term in self.random)
            and all(own.n * own.smallest <= self.n_rows <= own.n * own.largest for own in self.residual_groups)
            and [m.shape for m in modes]
            == [(len(self.groups[t.group].levels), k) for t, k in zip(self.random, r, strict=True)]
        )

    def counts(self, group_rows: Sequence[NDArray[np.int64]]) -> bool:
        """Whether these can be the rows of every level: all rows used, each at one level of every grouping factor."""
        return all(
            rows.dtype == np.int64
            and rows.shape == (len(group.levels),)
            and (rows.min(), rows.max(), rows.sum()) == (group.smallest, group.largest, self.n_rows)
            for rows, group in zip(group_rows, self.groups, strict=True)
        )


def layout_of(rows: Rows | FinishedStatistics, model: Model) -> Layout:
    """Read the layout of encoded rows, or of statistics of them."""
    layout: dict[str, Any] = {**rows.layout(), "kept": model.kept}
    layout["columns"] = distinct(layout["columns"])
    groups = [_group(rows, k, group) for k, group in enumerate(layout.pop("groups"))]
    random = [RandomTermLayout(**term) for term in layout.pop("random")]
    return Layout(**layout, groups=groups, random=random)


def _read(kind: Any, value: Any) -> Any:
    """Read a value of a type from plain lists and dictionaries; counts are not negative."""
    if is_dataclass(kind):
        hints, optional = get_type_hints(kind), {own.name for own in fields(kind) if own.default is not MISSING}
        found = {
            name: _read(part, value[name]) for name, part in hints.items() if name in value or name not in optional
        }
        return kind(**found)  # type: ignore[operator]
    parts, whole = get_args(kind), {Sequence: list}.get(get_origin(kind), get_origin(kind) or kind)
    if type(value) is not whole or (whole is int and value < 0):
        raise TypeError(f"{value!r} should be of type {kind}")
    if whole is dict:
        return {_read(parts[0], name): _read(parts[1], part) for name, part in value.items()}
    return [_read(parts[0], part) for part in value] if whole is list else value


def _group(rows: Rows | FinishedStatistics, index: int, group: "GroupRecord") -> GroupLayout:
    levels: Sequence[str]
    if isinstance(rows, Rows):
        levels = LevelNames(group["n_levels"], lambda: rows.group_levels(index))
    else:  # sums, which the fit does not keep
        levels = rows.group_levels(index)
    return GroupLayout(group["name"], levels, group["smallest"], group["largest"])
