"""Without the package marginaleffects its adapter says what to install."""

import builtins

import pytest

import hlmrs
from kinds_of_models import fit_of


def test_a_package_that_is_not_there_is_named(monkeypatch):
    whole = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("marginaleffects"):
            raise ImportError(name)
        return whole(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(hlmrs.HlmrsError, match="pip install marginaleffects"):
        fit_of("slopes").marginal.to_marginaleffects()
