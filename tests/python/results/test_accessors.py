"""Accessors of a fit show what they offer and travel; a member that was moved says where it is."""

import pickle

import pytest

import hlmrs

FIT = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", hlmrs.datasets.load("sleepstudy", "dict"))


@pytest.mark.parametrize(
    ("name", "offers"), [("check", "normality"), ("variance", "reliability"), ("marginal", "pairs")]
)
def test_accessors_show_what_they_offer_and_can_be_pickled(name, offers):
    accessor = getattr(FIT, name)
    assert f"  .{offers}: " in repr(accessor)
    assert offers in dir(accessor)
    again = pickle.loads(pickle.dumps(accessor))
    assert repr(again) == repr(accessor)
    assert (again._estimate.core.beta == FIT.beta).all()


def test_plots_that_are_not_named_are():
    assert ".diagnostics: " in repr(FIT.plot)
    with pytest.raises(hlmrs.OptionError, match=r"fit\.plot\.diagnostics\(\)"):
        FIT.plot()


@pytest.mark.parametrize(
    ("old", "new"),
    [("check_normality", "check.normality()"), ("pairs", "marginal.pairs()"), ("structure", "blocks")],
)
def test_a_member_that_was_moved_says_where_it_is(old, new):
    with pytest.raises(AttributeError) as caught:
        getattr(FIT, old)
    assert str(caught.value) == f"'LinearMixedFit' object has no attribute {old!r}; it is fit.{new}"
    assert not hasattr(FIT, "nothing")
