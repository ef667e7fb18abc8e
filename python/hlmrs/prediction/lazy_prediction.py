"""Predictions for a LazyFrame as a query: expressions for X beta, left joins on the tables of modes for Z b.

Polars sees all of it: it reads the columns that are needed, moves filters and slices to the source, and runs it in the
streaming engine.  A row that eager prediction would refuse is handed to it, so that the error is the same.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ..errors import HlmrsError
from ..estimation import Estimate
from ..frame import new_names
from ..inference.random_effects import chosen_terms
from .expression import Writer
from .level_keys import LevelKey, NoExpressionError
from .prediction import Choice, full_beta

Finish: TypeAlias = Callable[[Any, Any], tuple[Any, list[Writer]]]
"""From linear predictor and types of the columns the prediction, and the writers of what else it is made of."""
_OWN = "__hlmrs"
"""What the names of columns begin with that are there on the way."""


def lazy_prediction(
    estimate: Estimate,
    data: Any,
    choice: Choice,
    predict: Callable[[Any], dict[str, Any]],
    finish: Finish | None = None,
) -> Any | None:
    """Return the LazyFrame with a column ``prediction``; None where expressions of Polars cannot say it.

    `predict` does it eagerly, for rows that are in memory; `finish` makes the prediction of the linear predictor.
    """
    import polars as pl

    use = chosen_terms(estimate, choice.random_effects)
    schema = data.collect_schema()
    predict(pl.DataFrame(schema=schema))  # missing columns and wrong types are errors now
    if choice.interval is not None or choice.offset is not None or choice.type != "link" or choice.forecast:
        return None
    if choice.new_levels != "error" and estimate.request.spec.takes_group_means:
        return None
    try:
        plan = _Plan(estimate, data, schema, choice.new_levels)
        return plan.predicted([k for k, used in enumerate(use) if used], predict, finish)
    except NoExpressionError:
        return None


class _Plan:
    """A query in the making."""

    def __init__(self, estimate: Estimate, data: Any, schema: Any, new_levels: str) -> None:
        import polars as pl

        self._pl, self._estimate, self._data = pl, estimate, data
        self._schema, self._names = schema, list(schema.names())
        self._new_levels = new_levels
        self._writer = Writer(estimate, schema)
        self._keys: dict[int, LevelKey] = {}

    def predicted(self, terms: Sequence[int], predict: Callable[[Any], dict[str, Any]], finish: Finish | None) -> Any:
        """Add the column."""
        pl, writer = self._pl, self._writer
        total = writer.fixed_part([float(b) for b in full_beta(self._estimate)])
        frame = self._data
        for group in dict.fromkeys(map(self._group, terms)):
            frame = self._joined(frame, group, [t for t in terms if self._group(t) == group])
        for term in terms:
            total = total + self._random_part(term)
        writers = [writer]
        if finish is not None:
            total, further = finish(total, self._schema)
            writers += further
        conditions = [condition for own in writers for condition in own.invalid]
        invalid = pl.any_horizontal(pl.lit(False), *(condition.fill_null(False) for condition in conditions))
        parts = {f"{_OWN}_value": total.fill_nan(None), f"{_OWN}_invalid": invalid}
        read = [name for name in self._names if any(name in own.read for own in writers)]
        guarded = pl.struct(*parts, *read).map_batches(
            lambda rows: _checked(rows, predict), return_dtype=pl.Float64, is_elementwise=True
        )
        new = new_names(self._names, {"prediction"})
        kept = {new_name: pl.col(name) for name, new_name in new.items()}
        frame = frame.with_columns(**parts).with_columns(prediction=guarded, **kept)
        return frame.select([*(new.get(name, name) for name in self._names), "prediction"])

    def _group(self, term: int) -> int:
        return self._writer.model["random"][term]["group"]

    def _categories(self, group: int) -> list[int]:
        return self._writer.model["groups"][group]["categories"]

    def _joined(self, frame: Any, group: int, terms: Sequence[int]) -> Any:
        """Join the modes of a grouping factor to the rows, by its columns."""
        categories = self._categories(group)
        for category in categories:
            if category not in self._keys:
                self._keys[category] = self._writer.key(category)
                frame = frame.with_columns(self._keys[category].expr.alias(_key(category)))
        table = self._modes(group, categories, terms)
        unseen = self._pl.all_horizontal(
            self._pl.col(_known(group)).is_null(), *(self._pl.col(_key(c)).is_not_null() for c in categories)
        )
        if self._new_levels == "error":
            self._writer.invalid.append(unseen)
        return frame.join(table.lazy(), on=list(map(_key, categories)), how="left", maintain_order="left")

    def _modes(self, group: int, categories: Sequence[int], terms: Sequence[int]) -> Any:
        """Tabulate the modes of a grouping factor by the values of its columns."""
        pl = self._pl
        all_modes = self._estimate.core.modes()
        places = self._writer.model["groups"][group]["levels"]
        table = {_key(c): [self._keys[c].levels[k] for k in own] for c, own in zip(categories, places, strict=True)}
        modes = {_mode(t, j): column for t in terms for j, column in enumerate(all_modes[t].T)}
        types = {_key(c): self._keys[c].dtype for c in categories}
        frame = pl.DataFrame(table, schema=types).with_columns(
            **{name: pl.Series(values) for name, values in modes.items()}
        )
        return frame.drop_nulls(list(table)).with_columns(pl.lit(True).alias(_known(group)))

    def _random_part(self, term: int) -> Any:
        """Write z'b; nothing without a value, and for a level that was not seen what `new_levels` says."""
        pl = self._pl
        group = self._group(term)
        keys = [pl.col(_key(c)) for c in self._categories(group)]
        total = pl.lit(0.0)
        for j, z in enumerate(self._writer.random_columns(term)):
            mode = pl.col(_mode(term, j))
            total = total + z * (mode if self._new_levels == "missing" else mode.fill_null(0.0))
        return pl.when(pl.all_horizontal(*(key.is_not_null() for key in keys))).then(total)


def _key(category: int) -> str:
    return f"{_OWN}_key_{category}"


def _known(group: int) -> str:
    return f"{_OWN}_known_{group}"


def _mode(term: int, column: int) -> str:
    return f"{_OWN}_mode_{term}_{column}"


def _checked(rows: Any, predict: Callable[[Any], dict[str, Any]]) -> Any:
    """Return the values of a batch, or raise the error of eager prediction, without the row: it counts the batch's."""
    frame = rows.struct.unnest()
    invalid = frame[f"{_OWN}_invalid"]
    if invalid.any():
        try:
            predict(frame.filter(invalid))
        except HlmrsError as error:
            raise type(error)(re.sub(r" at row \d+", "", str(error))) from None
    return frame[f"{_OWN}_value"]
