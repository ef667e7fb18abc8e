"""Reference posteriors agree with each other: Stan's are those by quadrature, to their Monte Carlo errors."""

import json
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[2] / "golden"
EXACT = json.loads((GOLDEN / "posteriors_exact.json").read_text(encoding="utf-8"))["models"]


@pytest.mark.parametrize("name", EXACT)
def test_stans_posteriors_are_those_by_quadrature(name):
    stan = json.loads((GOLDEN / "posteriors" / f"{name}.json").read_text(encoding="utf-8"))["posterior"]
    exact = EXACT[name]["posterior"]
    assert set(stan) == set(exact)
    for parameter, values in exact.items():
        for key, value in values.items():
            assert stan[parameter][key] == pytest.approx(value, abs=4 * stan[parameter]["mcse"][key]), (parameter, key)


@pytest.mark.parametrize("path", sorted((GOLDEN / "posteriors").glob("*.json")), ids=lambda path: path.stem)
def test_chains_of_the_references_have_mixed(path):
    reference = json.loads(path.read_text(encoding="utf-8"))
    assert reference["sampler"]["divergences"] == 0
    for own in reference["posterior"].values():
        assert own["rhat"] < 1.005
        assert min(own["ess_bulk"], own["ess_tail"]) > 4000
