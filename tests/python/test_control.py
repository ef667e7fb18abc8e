import dataclasses

import numpy as np
import pytest

from hlmrs.control import Control, seed_or_new
from hlmrs.errors import OptionError


def test_defaults_leave_everything_to_the_core():
    control = Control()
    assert control.optimizer == "trust-region"
    assert control.max_evaluations is control.tolerance is control.start is None


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("optimizer", "nlopt", "'trust-region', 'bobyqa'"),
        ("max_evaluations", 0, "positive whole number"),
        ("max_evaluations", 2.5, "positive whole number"),
        ("n_threads", True, "positive whole number"),
        ("tolerance", -1e-8, "between 0 and 1"),
        ("tolerance", "small", "between 0 and 1"),
        ("start", ["a"], "sequence of numbers"),
        ("start", 1.0, "sequence of numbers"),
    ],
)
def test_a_wrong_value_is_named_with_what_it_can_be(option, value, says):
    with pytest.raises(OptionError, match=says) as caught:
        Control(**{option: value})
    assert f"{option}=" in str(caught.value)


def test_it_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Control().optimizer = "bobyqa"


def test_start_is_copied_from_an_array():
    start = np.array([1.0, 0.0])
    control = Control(start=start)
    start[0] = 9
    assert control.start == (1.0, 0.0)


def test_threads_come_from_the_option_then_the_environment(monkeypatch):
    for variable in ("HLMRS_NUM_THREADS", "RAYON_NUM_THREADS"):
        monkeypatch.delenv(variable, raising=False)
    assert Control().threads() is None
    monkeypatch.setenv("RAYON_NUM_THREADS", "3")
    assert Control().threads() == 3
    monkeypatch.setenv("HLMRS_NUM_THREADS", "2")
    assert Control().threads() == 2
    monkeypatch.setenv("HLMRS_NUM_THREADS", "many")
    assert Control().threads() == 3
    assert Control(n_threads=1).threads() == 1


def test_seeds_are_below_two_to_the_64_given_or_new():
    assert all(0 <= seed_or_new(None) < 2**64 for _ in range(64))
    assert len({seed_or_new(None) for _ in range(64)}) == 64
    assert seed_or_new(2**64 - 1) == 2**64 - 1
    assert seed_or_new(np.int64(0)) == 0
    for wrong in (-1, 2**64, 1.0, "1"):
        with pytest.raises(OptionError, match="below"):
            seed_or_new(wrong)
