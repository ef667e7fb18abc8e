"""A design that is planned: how many units of every kind there will be, and what varies between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..display import DisplayColumn, Facts, Printed, Report, Section, Table, displayed
from ..errors import OptionError, choose, listed, mapping_in, suggestion
from ..frame import KINDS, Column, build, installed_kind
from .expansion import expand
from .layout import names_of, read_layout
from .numbers import number, values
from .spread import places, sizes
from .variables import Units, read_variables, variable_columns

Codes = NDArray[np.intp]

_MOST_ROWS = 2_000_000


class Design(Printed):
    """Planned rows: units within units or across them, their numbers, and the variables that vary between them.

    Nothing in it is drawn: sizes are quantiles of their distribution, values alternate in their shares, and what is
    normal has normal scores, so that a design has one power, which grows smoothly with its units.

    Parameters
    ----------
    layout : str
        Kinds of units: ``"school/classroom/pupil"`` for units within others, ``"subject * item"`` where all meet all,
        ``"(school/pupil) * wave"`` for both.  A row is a unit of the innermost kinds.
    units : dict
        By kind how many there are, in each unit of what they lie in: a number; ``(mean, sd)`` for sizes that differ;
        or a list of sizes, which is repeated.
    variables : dict, optional
        By name the level it varies at, such as ``"school"``: then it is 0 and 1 for halves of the units in turn.  Or
        the level and its values: ``("wave", [0, 1, 3])`` by place, ``("school", {"control": 0.6, "new": 0.4})`` in
        shares, ``("pupil", "normal")`` with mean 0 and standard deviation 1, ``("wave", "index")`` for 0, 1, 2, ...,
        ``("cluster * period", "stepped")`` for a stepped wedge.  At ``"subject * item"`` values alternate in a Latin
        square.
    missing : dict, optional
        By kind of units the share of them that is missing for the others: ``{"wave": [0, 0.1, 0.2]}`` is dropout.
    formula : str, optional
        The model that ``hlmrs.power`` takes of this design if it is given none.

    Examples
    --------
    >>> import hlmrs
    >>> design = hlmrs.Design("school/pupil", {"school": 20, "pupil": 25}, {"treat": "school"})
    >>> design
    Planned design school/pupil
    <BLANKLINE>
      units   per unit  in all
      school        20      20
      pupil         25     500
    <BLANKLINE>
      variable  varies at  values
      treat     school     0, 1
    >>> design.n_rows
    500
    >>> waves = hlmrs.Design("person * wave", {"person": 60, "wave": 4}, {"time": ("wave", "index"), "group": "person"})
    >>> sorted(set(waves.columns()["time"].tolist()))
    [0.0, 1.0, 2.0, 3.0]
    """

    def __init__(
        self,
        layout: str,
        units: Mapping[str, Any],
        variables: Mapping[str, Any] | None = None,
        missing: Mapping[str, Any] | None = None,
        *,
        formula: str | None = None,
    ) -> None:
        self._text, self._layout, self.formula = layout, read_layout(layout), formula
        self.levels = names_of(self._layout)
        self.units = _read_units(units, self.levels)
        self._given, self._variables = variables, read_variables(variables, self.levels)
        self._missing = _read_missing(missing, self.levels)

    def with_units(self, units: Mapping[str, Any]) -> Design:
        """Return the same design with other numbers of units.

        Parameters
        ----------
        units : dict
            By kind, as in ``Design``; others stay.

        Returns
        -------
        Design

        Examples
        --------
        >>> import hlmrs
        >>> design = hlmrs.Design("school/pupil", {"school": 20, "pupil": 25})
        >>> design.with_units({"school": 40}).n_rows
        1000
        """
        units = mapping_in("units", units, "{'school': 40}")
        for name in units:
            _require_level("units", name, self.levels)
        return Design(self._text, {**self.units, **units}, self._given, self._missing, formula=self.formula)

    @classmethod
    def cluster_randomized(cls, *, share: float = 0.5, **units: Any) -> Design:
        """Return a trial whose outermost units are assigned to ``treat``, 0 or 1: ``school=40, pupil=20``.

        Parameters
        ----------
        share : float
            The share of them that is treated.
        **units
            By kind, from the outermost inwards, as in ``Design``: two for a two-level trial, three for a three-level
            one, and so on.

        Returns
        -------
        Design
            With a formula: a random intercept of every kind but the innermost.

        Examples
        --------
        >>> import hlmrs
        >>> design = hlmrs.Design.cluster_randomized(school=40, classroom=2, pupil=20)
        >>> design.formula
        'y ~ treat + (1 | school) + (1 | classroom)'
        """
        outer, *_ = _nested_names("cluster_randomized", units)
        return cls._nested(units, outer, share, [f"(1 | {name})" for name in list(units)[:-1]])

    @classmethod
    def multisite(cls, *, share: float = 0.5, **units: Any) -> Design:
        """Return a trial that assigns units within every site to ``treat``, 0 or 1: ``site=20, pupil=30``.

        Parameters
        ----------
        share : float
            The share that is treated in every site.
        **units
            By kind, from the outermost inwards, as in ``Design``.  Those within the sites are assigned, with all that
            is in them.

        Returns
        -------
        Design
            With a formula: intercepts and effects of ``treat`` vary between sites, intercepts of what lies within.

        Examples
        --------
        >>> import hlmrs
        >>> hlmrs.Design.multisite(site=20, pupil=30).formula
        'y ~ treat + (treat | site)'
        """
        outer, assigned, *_ = _nested_names("multisite", units)
        return cls._nested(units, assigned, share, [f"(treat | {outer})", *(f"(1 | {n})" for n in list(units)[1:-1])])

    @classmethod
    def _nested(cls, units: Mapping[str, Any], assigned: str, share: float, random: Sequence[str]) -> Design:
        if not 0 < share < 1:
            raise OptionError(f"share={share!r}: give the share that is treated, between 0 and 1")
        treat = {"treat": (assigned, {0: 1 - share, 1: share})}
        return cls("/".join(units), units, treat, formula=" + ".join(["y ~ treat", *random]))

    @classmethod
    def stepped_wedge(cls, *, cluster: int, period: int, person: Any) -> Design:
        """Return a trial in which clusters go over to ``treat`` one after the other, with new persons in every period.

        Parameters
        ----------
        cluster, period : int
            How many.
        person
            Persons in every cluster and period, as units in ``Design``.

        Returns
        -------
        Design
            With the formula of Hussey and Hughes (2007): effects of periods, and a random intercept of clusters.

        Examples
        --------
        >>> import hlmrs
        >>> hlmrs.Design.stepped_wedge(cluster=12, period=5, person=10).formula
        'y ~ factor(period) + treat + (1 | cluster)'
        """
        return cls(
            "(cluster * period) / person",
            {"cluster": cluster, "period": period, "person": person},
            {"treat": ("cluster * period", "stepped")},
            formula="y ~ factor(period) + treat + (1 | cluster)",
        )

    @cached_property
    def _rows(self) -> Units:
        self._require_few()
        _, codes, order = expand(self._layout, 1, self._sizes)
        kept = self._kept(codes, order)
        return Units({k: v[kept] for k, v in codes.items()}, {k: v[kept] for k, v in order.items()})

    def _require_few(self) -> None:
        if why := too_many_rows(self):
            raise OptionError(why)

    def _sizes(self, name: str, n: int) -> Codes:
        given = self.units[name]
        if isinstance(given, int):
            return np.full(n, given, dtype=np.intp)
        if isinstance(given, tuple):
            return sizes(n, *given)
        return np.resize(np.array(given, dtype=np.intp), n)

    def _kept(self, codes: Mapping[str, Codes], order: Mapping[str, Codes]) -> NDArray[np.bool_]:
        """Leave out what is missing: of the other units as many as the share says, always the same ones."""
        kept = np.ones(len(next(iter(codes.values()))), dtype=bool)
        for name, shares in self._missing.items():
            others = np.stack([codes[level] for level in self.levels if level != name] or [codes[name]], axis=1)
            of_others = np.unique(others, axis=0, return_inverse=True)[1].ravel()
            share = np.resize(shares, int(order[name].max(initial=0)) + 1)[order[name]]
            kept &= places(int(of_others.max(initial=-1)) + 1)[of_others] >= share
        return kept

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self._rows.codes.values())))

    def counts(self) -> dict[str, int]:
        """Return how many units of every kind there are in all.

        Returns
        -------
        dict

        Examples
        --------
        >>> import hlmrs
        >>> hlmrs.Design("school/pupil", {"school": 20, "pupil": 25}).counts()
        {'school': 20, 'pupil': 500}
        """
        return {name: len(np.unique(codes)) for name, codes in self._rows.codes.items()}

    def columns(self) -> dict[str, Column]:
        """Return the columns: units of every kind, counted from 1, and the variables.

        Returns
        -------
        dict

        Examples
        --------
        >>> import hlmrs
        >>> design = hlmrs.Design("school/pupil", {"school": 2, "pupil": 2}, {"treat": "school"})
        >>> {name: values.tolist() for name, values in design.columns().items()}
        {'school': [1, 1, 2, 2], 'pupil': [1, 2, 3, 4], 'treat': [0.0, 0.0, 1.0, 1.0]}
        """
        units: dict[str, Column] = {name: codes + 1 for name, codes in self._rows.codes.items()}
        return units | variable_columns(self._variables, self._rows)

    def to_frame(self, frame: str | None = None) -> Any:
        """Return the planned rows as a data frame.

        Parameters
        ----------
        frame : str, optional
            The library, ``"polars"``, ``"pandas"``, ``"pyarrow"``, ``"dict"``.  Default: the first that is installed.

        Returns
        -------
        data frame

        Examples
        --------
        >>> import hlmrs
        >>> hlmrs.Design("school/pupil", {"school": 20, "pupil": 25}).to_frame("pandas").shape
        (500, 2)
        """
        return build(installed_kind() if frame is None else choose("frame", frame, KINDS), self.columns())

    def _report(self) -> Report:
        counts = self.counts()
        units: dict[str, Column] = {
            "units": [*self.levels],
            "per unit": [_written(self.units[name]) for name in self.levels],
            "in all": [f"{counts[name]:,}" for name in self.levels],
        }
        sections = [Section("", Table(_right(displayed(units))))]
        if self._variables:
            about: dict[str, Column] = {
                "variable": [variable.name for variable in self._variables],
                "varies at": [" * ".join(variable.levels) for variable in self._variables],
                "values": [_written_values(variable.values) for variable in self._variables],
            }
            sections.append(Section("", Table(displayed(about))))
        missing = [(f"missing {name}", ", ".join(f"{s:g}" for s in shares)) for name, shares in self._missing.items()]
        return Report(f"Planned design {self._text}", [*sections, *([Section("", Facts(missing))] if missing else [])])


def _nested_names(name: str, units: Mapping[str, Any]) -> list[str]:
    if len(units) < 2:
        raise OptionError(f"{name}(): give two kinds of units or more, from the outermost inwards: school=40, pupil=20")
    return list(units)


def _read_units(units: Mapping[str, Any], levels: Sequence[str]) -> dict[str, Any]:
    units = mapping_in("units", units, "{'school': 20, 'pupil': 25}")
    for name in units:
        _require_level("units", name, levels)
    for name in levels:
        if name not in units:
            raise OptionError(f"units: say how many units of {name!r} there are")
    return {name: _number(name, units[name]) for name in levels}


def _require_level(option: str, name: Any, levels: Sequence[str]) -> None:
    if name not in levels:
        raise OptionError(
            f"{option}: the design has no units {name!r}{suggestion(str(name), levels)}; they are {listed(levels)}"
        )


def _number(name: str, value: Any) -> Any:
    """Return a number of units, the mean and standard deviation of sizes, or sizes."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= 1:
        return int(value)
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, int | float) for part in value):
        mean, sd = map(float, value)
        if 1 <= mean < np.inf and 0 <= sd < np.inf:
            return mean, sd
    elif isinstance(value, list | range | np.ndarray) and len(value):
        counts = np.asarray(value)
        if counts.dtype.kind in "iu" and (counts >= 0).all() and counts.any():
            return counts.tolist()
    raise OptionError(
        f"units={{{name!r}: {value!r}}}: give a whole number from 1 on, (mean, sd) of sizes that differ with a mean "
        "from 1 on, or a list of sizes"
    )


def too_many_rows(design: Design) -> str:
    """Say that a design has more rows than are laid out; empty if it has not."""
    most = float(np.prod([_mean(design.units[name]) for name in design.levels]))
    return f"units: the design has about {most:,.0f} rows, and {_MOST_ROWS:,} is the most" if most > _MOST_ROWS else ""


def _mean(number: Any) -> float:
    return float(number if isinstance(number, int) else number[0] if isinstance(number, tuple) else np.mean(number))


def _read_missing(missing: Mapping[str, Any] | None, levels: Sequence[str]) -> dict[str, list[float]]:
    if missing is None:
        return {}
    found = {}
    for name, given in mapping_in("missing", missing, "{'wave': [0, 0.1, 0.2]}").items():
        _require_level("missing", name, levels)
        shares = [given] if isinstance(given, int | float) else values(f"missing={{{name!r}: ...}}", given)
        found[name] = [number(f"missing of {name!r}", share, 0, 1, "shares from 0 to below 1") for share in shares]
    return found


def _written(number: Any) -> str:
    if isinstance(number, int):
        return f"{number:,}"
    if isinstance(number, tuple):
        return f"mean {number[0]:g}, sd {number[1]:g}"
    return f"{min(number)} to {max(number)}"


def _written_values(values: Any) -> str:
    if isinstance(values, str):
        return values
    if isinstance(values, dict):
        equal = len({round(share, 9) for share in values.values()}) == 1
        return ", ".join(str(v) if equal else f"{v} ({100 * share:.3g} %)" for v, share in values.items())
    shown = ", ".join(map(str, values[:6]))
    return shown if len(values) <= 6 else f"{shown}, ..."


def _right(columns: Sequence[DisplayColumn]) -> list[DisplayColumn]:
    """Align all columns but the first as numbers."""
    return [columns[0], *(replace(column, numeric=True) for column in columns[1:])]
