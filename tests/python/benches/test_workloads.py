"""Every generator gives the stated shape, in proportion where it is shrunk, and the same rows each time."""

import numpy as np
import polars as pl
import pytest

from benches.workloads import WORKLOADS
from benches.workloads.crossed import clusters_of_taste, long_tail
from benches.workloads.nested import groups_on_disk

SHAPES = {
    "chem97": (31_022, {"school": 2_410, "lea": 131}),
    "maximal": (37_623, {"subj": 60, "item": 80}),
    "insteval-28": (73_421, {"s": 2_972, "d": 1_128}),
    "many-responses": (200, {"subject": 20, "item": 10}),
}
SHRUNK = {
    "nested-1m": (10_000, {"school": 50, "class": 500}),
    "crossed-1m": (10_000, {"user": 1_000, "item": 500}),
    "near-nested": (3_000, {"student": 1_000, "school": 10}),
    "regions": (10_000, {"user": 1_000, "item": 200}),
    "thin-crossed": (6_000, {"user": 3_000, "item": 300}),
    "nested-10m": (100_000, {"group": 5_000}),
    "crossed-10m": (100_000, {"user": 1_500, "item": 2_000}),
    "movielens": (250_000, {"user": 1_620, "item": 5_900}),
}


def made(name: str, scale: float) -> pl.DataFrame:
    return pl.concat(list(WORKLOADS[name].make(scale)))


def counts(frame: pl.DataFrame, levels: dict[str, int]) -> dict[str, int]:
    return {name: frame[name].n_unique() for name in levels}


@pytest.mark.parametrize("name", SHAPES)
def test_the_shape_is_as_stated(name: str):
    rows, levels = SHAPES[name]
    frame = made(name, 1.0)
    assert frame.height == rows
    assert counts(frame, levels) == levels


@pytest.mark.parametrize("name", SHRUNK)
def test_a_shrunk_workload_keeps_every_level(name: str):
    rows, levels = SHRUNK[name]
    frame = made(name, 0.01)
    assert frame.height == rows
    assert counts(frame, levels) == levels


@pytest.mark.parametrize("name", ["chem97", "maximal", "crossed-1m", "near-nested", "movielens", "many-responses"])
def test_rows_are_the_same_each_time(name: str):
    assert made(name, 0.005).equals(made(name, 0.005))


def test_factors_nest_as_stated():
    for name in ("chem97", "nested-1m"):
        outer, inner = WORKLOADS[name].nesting
        frame = made(name, 0.01)
        assert frame.select(pl.struct(outer, inner).n_unique()).item() == frame[inner].n_unique()


def test_no_user_rates_an_item_twice():
    for frame in (next(long_tail(10_000, 900, 300, 1.0)), next(clusters_of_taste(0.001))):
        assert frame.select(pl.struct("user", "item").n_unique()).item() == frame.height


def test_the_tail_of_a_crossed_design_is_long():
    items = next(long_tail(100_000, 10_000, 2_000, 1.0))["item"].value_counts()["count"].to_numpy()
    assert np.median(items) < items.mean() / 2
    assert items.max() > 20 * items.mean()


def test_large_workloads_are_written_in_parts():
    parts = list(groups_on_disk(0.025))
    assert [part.height for part in parts] == [1_000_000, 1_000_000, 500_000]
