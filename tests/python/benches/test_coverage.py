"""The page of coverage keeps one half when the other is written; intervals are counted against the truth."""

import numpy as np

from benches.coverage import GENERALIZED, Tally, write
from benches.coverage_generalized import draw, simulate


def test_one_half_of_the_page_stays_when_the_other_is_written(tmp_path):
    path = tmp_path / "coverage.md"
    write(path, linear="# Coverage\n\nlinear 1\n")
    write(path, generalized=f"{GENERALIZED}\n\ngeneralized 1\n")
    write(path, linear="# Coverage\n\nlinear 2\n")
    assert path.read_text() == f"# Coverage\n\nlinear 2\n\n{GENERALIZED}\n\ngeneralized 1\n"
    write(path, generalized=f"{GENERALIZED}\n\ngeneralized 2\n")
    assert path.read_text() == f"# Coverage\n\nlinear 2\n\n{GENERALIZED}\n\ngeneralized 2\n"


def test_an_interval_that_does_not_exist_is_not_counted():
    tally = Tally()
    for low, high in ((0.0, 1.0), (0.6, 1.0), (np.nan, 1.0)):
        tally.add("method", "target", low, high, 0.5)
    assert tally.percent("method", "target") == "50.0"


def test_every_method_of_a_family_has_intervals_of_the_same_parameters():
    tally, refused = simulate("poisson", 10, 2)
    assert refused == 0
    assert {target for method, target in tally.hits if method == "GEE, robust"} == {"w", "x"}
    assert all(len(hits) == 1 + ("bootstrap" not in method) for (method, _), hits in tally.hits.items())
    assert set(draw("binomial", 10, np.random.default_rng(1))["y"]) == {0.0, 1.0}
