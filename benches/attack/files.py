"""Files of fits and statistics with one thing changed: another value is a typed error or a fit that can be used."""

import copy
import json
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import hlmrs
from hlmrs import storage
from kinds_of_models import KINDS, fit_of, rows_of_groups

ODD: list[Any] = [
    None, True, -1, 0, 1, 2**31, 2**63, 2**70, 0.5, -1e308, 1e-320, "", "x", "é\x00", "\ud800", [], [1], {},
    {"a": 1}, [[]],
]  # fmt: skip
NUMBERS = [np.nan, np.inf, -np.inf, 0.0, -1.0, 1e308, 1e-320, 2.0**53]
SUMMED = "y ~ x * f + bs(w, df=4) + (x | g) + (1 | h)"
KIND_NAMES = [name for name in KINDS if name not in ("lazy", "arrow", "pandas")]


@cache
def saved(kind: str) -> bytes:
    """Return the file of a small fit."""
    with TemporaryDirectory() as folder:
        fit_of(kind).save(Path(folder) / "fit", keep_rows=True)
        return (Path(folder) / "fit").read_bytes()


@cache
def summed() -> bytes:
    """Return the file of statistics."""
    return hlmrs.SufficientStatistics(SUMMED, first=rows_of_groups()).update(rows_of_groups()).to_bytes()


def changed(data: bytes, kind: storage.Kind, rng: np.random.Generator) -> bytes:
    """Return the file with one part changed, and with the digest of its bytes as they are now."""
    header, arrays = storage.from_bytes(data, "it", kind)
    if rng.random() < 0.6:
        _change_text(header, rng)
    else:
        name = str(rng.choice(list(arrays)))
        arrays[name] = _changed_array(arrays[name], rng)
    try:
        return storage.to_bytes(header, arrays, kind)
    except (ValueError, UnicodeEncodeError):  # no JSON
        return data


def _change_text(header: dict[str, Any], rng: np.random.Generator) -> None:
    """Change one entry, at any depth; what is JSON within the text too."""
    places = list(_places(header))
    holder, key = places[rng.integers(len(places))]
    value = holder[key]
    if isinstance(value, str) and value[:1] in ("{", "[") and rng.random() < 0.95:
        inner = {"": json.loads(value)}
        _change_text(inner, rng)
        holder[key] = json.dumps(inner[""])
    elif type(value) in (int, float) and rng.random() < 0.6:
        holder[key] = [value + 1, value - 1, -value, 2 * value, value + 2**40][rng.integers(5)]
    elif isinstance(value, list) and value and rng.random() < 0.5:
        holder[key] = [value[1:], value + value[:1], value[::-1], value * 2][rng.integers(4)]
    elif isinstance(holder, dict) and rng.random() < 0.2:
        del holder[key]
    else:
        holder[key] = copy.deepcopy(ODD[rng.integers(len(ODD))])


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every holder with every key."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _changed_array(array: Any, rng: np.random.Generator) -> Any:
    """Return an array with another number, another length, another shape or another type."""
    way = rng.integers(6)
    if way < 3 and array.size:
        array = array.copy()
        values = NUMBERS if array.dtype == np.float64 else [0, 1, 2, 2**31, 2**32 - 1]
        array.flat[rng.integers(array.size)] = np.array(values[rng.integers(len(values))]).astype(array.dtype)
        return array
    if way == 3:
        return array[: max(len(array) - 1, 0)]
    return np.concatenate([array, array]) if way == 4 else array.astype(rng.choice(["<f8", "<u4", "<i8", "?"]))


def fits(number: int) -> None:
    """Load a file with one part changed; use what is loaded."""
    rng = np.random.default_rng(number)
    data = changed(saved(str(rng.choice(KIND_NAMES))), storage.FIT, rng)
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (Path(folder) / "fit").write_bytes(data)
        try:
            fit = hlmrs.load(Path(folder) / "fit")
        except hlmrs.HlmrsError:
            return
        for use in USES:
            try:
                use(fit)
            except hlmrs.HlmrsError:
                continue


USES = [
    lambda fit: str(fit.summary()),
    lambda fit: fit.tidy(ddf="kenward-roger"),
    lambda fit: fit.ranef(),
    lambda fit: fit.anova(),
    lambda fit: fit.predict(rows_of_groups(), interval="prediction", new_levels="population"),
    lambda fit: fit.icc(),
    lambda fit: fit.emmeans("f"),
]


def statistics(number: int) -> None:
    """Read statistics with one part changed; add rows, merge, and fit."""
    rng = np.random.default_rng(number)
    data = changed(summed(), storage.STATISTICS, rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            sums = hlmrs.SufficientStatistics.from_bytes(data)
            sums.update(rows_of_groups(seed=4))
            sums.merge(hlmrs.SufficientStatistics.from_bytes(summed()))
            str(hlmrs.lmer(sums).summary())
        except hlmrs.HlmrsError:
            return


def bits(number: int) -> None:
    """Flip bits, cut and lengthen: never read."""
    rng = np.random.default_rng(number)
    data = bytearray(saved(str(rng.choice(KIND_NAMES))))
    for _ in range(rng.integers(1, 4)):
        data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    if rng.random() < 0.2:
        data = data[: rng.integers(len(data))]
    try:
        storage.from_bytes(bytes(data), "it")
    except hlmrs.DataError:
        return
    assert bytes(data) in map(saved, KIND_NAMES), "a changed file was read"


ATTACKS = {"files: one part of a fit": fits, "files: one part of statistics": statistics, "files: bits": bits}
