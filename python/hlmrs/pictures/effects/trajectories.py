"""Predictions along time for prototypical persons: what the fixed part says of values that the user names.

Singer and Willett (2003), Applied Longitudinal Data Analysis, p. 60-61 and 207-208.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...display import Picture
from ...display.numbers import short
from ...errors import OptionError, name_in
from ...estimation import Estimate
from ...inference import TestOptions
from ...marginal import At, ScaleVariables, held, marginal_means, places_in
from ...options import MeanScale
from ..rows import spaghetti
from ..words import named, percent
from .places import along, scale_words, usual_scale

Persons = Mapping[str, Mapping[str, Any]]
_NUMBERS = ("estimate", "std_error", "df", "conf_low", "conf_high")
_OBSERVED = 40


def trajectories(
    estimate: Estimate,
    time: str,
    persons: Persons | None,
    at: At | None,
    observed: bool,
    knots: Sequence[float],
    scale: MeanScale | None,
    options: TestOptions,
) -> Picture:
    """Return the line of every person, or of every category of each; what depends on time is a function of it."""
    chosen = scale or usual_scale(estimate, "mean.class")
    variables = ScaleVariables(estimate, chosen)
    (name,) = variables.names(name_in("time", time), "time")
    placed = along(variables, name, places_in(at))
    if name not in placed:
        raise OptionError(f"time={time!r} is a factor; effect({time!r}) draws its means")
    known = {"all": {}} if persons is None else dict(persons)
    if not known:
        raise OptionError("persons={}: name one person at least, as persons={'name': {'variable': value}}")
    times = [float(t) for t in np.atleast_1d(placed[name])]
    categories = variables.categories([name])
    of_each = categories.levels if categories else [""]
    tables = [_of_person(estimate, name, times, placed, person, chosen, options) for person in known.values()]
    lines = [(label, category) for label in known for category in of_each]
    table: dict[str, Any] = {
        "person": [label for label, _ in lines for _ in times],
        **({categories.name: [category for _, category in lines for _ in times]} if categories else {}),
        name: np.tile(times, len(lines)),
        **{key: np.concatenate([own[key].ravel() for own in tables]) for key in _NUMBERS},
    }
    note = " ".join(part for part in (_band(options), _held(variables, placed, name, known)) if part)
    shown = [(label if persons is not None else "", category) for label, category in lines]
    called = [", ".join(filter(None, words)) for words in shown]
    further = {
        "x": name,
        "lines": called,
        "knots": [float(knot) for knot in knots],
        "observed": spaghetti(estimate, name, None, _OBSERVED)[1] if observed else None,
    }
    title = f"{named(estimate)} along {named(estimate, name)}"
    alt = f"{title}: {_ends(table, called, len(times), name)} {note}"
    return Picture(
        "trajectories", table, title, named(estimate, name), scale_words(estimate, chosen), alt, note, further
    )


def _of_person(
    estimate: Estimate,
    time: str,
    times: list[float],
    at: At,
    person: Mapping[str, Any],
    scale: str,
    options: TestOptions,
) -> dict[str, Any]:
    """Return predictions, shape (categories, times); times at which a person has the same values are taken together."""
    fixed = {name: value for name, value in person.items() if not callable(value)}
    moving = {name: value for name, value in person.items() if callable(value)}
    if time in person:
        raise OptionError(f"persons: {time!r} is the time, which at={{{time!r}: [...]}} places")
    parts: dict[tuple[Any, ...], list[int]] = {}
    for k, t in enumerate(times):
        parts.setdefault(tuple(value(t) for value in moving.values()), []).append(k)
    found = []
    for values, own in parts.items():
        places = {**at, **fixed, **dict(zip(moving, values, strict=True)), time: [times[k] for k in own]}
        found.append(marginal_means(estimate, time, None, places, "equal", scale, options))
    order = np.argsort([k for own in parts.values() for k in own])
    rows = {key: np.concatenate([np.asarray(own[key]) for own in found]) for key in _NUMBERS}
    return {key: column.reshape(len(times), -1)[order].T for key, column in rows.items()}


def _band(options: TestOptions) -> str:
    return f"Bands: {percent(options.level)} confidence intervals of the mean."


def _held(variables: ScaleVariables, at: At, time: str, persons: Persons) -> str:
    return held(variables.axes(at), at, [time, *{name for person in persons.values() for name in person}])


def _ends(table: dict[str, Any], lines: list[str], n: int, time: str) -> str:
    value, times = table["estimate"].reshape(len(lines), n), table[time][:n]
    parts = [
        f"{label} from {short(float(own[0]))} at {short(float(times[0]))} to {short(float(own[-1]))} at "
        f"{short(float(times[-1]))}"
        for label, own in zip(lines, value, strict=True)
    ]
    return "; ".join(parts[:8]) + "."
