"""The grid of designs whose computed power is held against that of simulated data sets."""

from collections.abc import Iterator

import hlmrs

LINEAR, GENERALIZED = "linear", "generalized"
AIM = 0.7
"""Effects are those with this power, to three digits."""


def two_levels() -> Iterator[tuple[str, hlmrs.Power]]:
    """Trials of clusters of unequal sizes."""
    for clusters in (8, 12, 20, 40):
        for icc in (0.05, 0.15, 0.3):
            design = hlmrs.Design.cluster_randomized(cluster=clusters, person=(10, 4))
            yield f"{clusters} clusters of 10 (sd 4), ICC {icc}", _aimed(design, None, "treat", icc=icc)


def three_levels() -> Iterator[tuple[str, hlmrs.Power]]:
    """Trials of schools with classes."""
    for schools in (10, 20, 40):
        design = hlmrs.Design.cluster_randomized(school=schools, classroom=2, pupil=(8, 3))
        icc = {"school": 0.1, "classroom": 0.1}
        yield f"{schools} schools of 2 classes of 8 (sd 3)", _aimed(design, None, "treat", icc=icc)


def multisite() -> Iterator[tuple[str, hlmrs.Power]]:
    """Trials within sites, in which the effect of the treatment varies."""
    for sites in (8, 16, 32):
        design = hlmrs.Design.multisite(site=sites, person=(12, 4))
        sd = {"site": {"(Intercept)": 0.5, "treat": 0.4}}
        yield f"{sites} sites of 12 (sd 4), sd of the effect 0.4", _aimed(design, None, "treat", sd=sd, sigma=0.9)


def crossed() -> Iterator[tuple[str, hlmrs.Power]]:
    """Subjects by items, with slopes of both."""
    for subjects, items in ((16, 12), (24, 24), (40, 20)):
        units = {"subject": subjects, "item": items}
        design = hlmrs.Design("subject * item", units, {"condition": "subject * item"})
        sd = {"subject": {"(Intercept)": 0.6, "condition": 0.3}, "item": {"(Intercept)": 0.4, "condition": 0.25}}
        formula = "y ~ condition + (condition | subject) + (condition | item)"
        yield f"{subjects} subjects by {items} items", _aimed(design, formula, "condition", sd=sd, sigma=1.0)


def growth() -> Iterator[tuple[str, hlmrs.Power]]:
    """Persons over waves, some of whom drop out; a difference of slopes."""
    for waves in (3, 4, 5, 6):
        design = hlmrs.Design(
            "person * wave",
            {"person": 40, "wave": waves},
            {"time": ("wave", "index"), "treat": "person"},
            {"wave": [0.06 * k for k in range(waves)]},
        )
        sd = {"person": {"(Intercept)": 1.0, "time": 0.3}}
        formula = "y ~ time * treat + (time | person)"
        yield f"40 persons, {waves} waves, dropout", _aimed(design, formula, "time:treat", sd=sd, sigma=0.8)


def further() -> Iterator[tuple[str, hlmrs.Power]]:
    """Plan a stepped wedge, an interaction across levels, and a joint test."""
    wedge = hlmrs.Design.stepped_wedge(cluster=12, period=5, person=6)
    yield "stepped wedge, 12 clusters, 5 periods of 6", _aimed(wedge, None, "treat", icc=0.1)
    variables = {"treat": "school", "ses": ("pupil", "normal"), "arm": ("school", {"a": 1, "b": 1, "c": 1})}
    design = hlmrs.Design("school/pupil", {"school": 24, "pupil": (10, 4)}, variables)
    sd = {"school": {"(Intercept)": 0.4, "ses": 0.2}}
    formula = "y ~ treat * ses + (ses | school)"
    yield "24 schools of 10 (sd 4), treat:ses", _aimed(design, formula, "treat:ses", sd=sd, sigma=0.9)
    effects = {"armb": 0.45, "armc": 0.75}
    found = hlmrs.power("y ~ arm + (1 | school)", design, effects=effects, test="arm", icc=0.15)
    yield "24 schools of 10 (sd 4), three arms jointly", found


def generalized() -> Iterator[tuple[str, hlmrs.Power]]:
    """Binary responses and counts."""
    for clusters in (20, 40, 80):
        design = hlmrs.Design.cluster_randomized(cluster=clusters, person=(12, 4))
        for family, start, sd in (("binomial", -1.0, 0.6), ("poisson", 0.3, 0.4)):
            given = {"sd": {"cluster": sd}, "family": family}
            yield f"{family}, {clusters} clusters of 12 (sd 4)", _aimed(design, None, "treat", start, **given)
    for sites in (20, 60):
        design = hlmrs.Design.multisite(site=sites, person=16)
        given = {"sd": {"site": {"(Intercept)": 0.6, "treat": 0.4}}, "family": "binomial"}
        yield f"binomial, {sites} sites of 16, sd of the effect 0.4", _aimed(design, None, "treat", -0.5, **given)


GRID = {LINEAR: (two_levels, three_levels, multisite, crossed, growth, further), GENERALIZED: (generalized,)}


def _aimed(design: hlmrs.Design, formula: str | None, test: str, start: float | None = None, **given) -> hlmrs.Power:
    """Plan the effect with the power that is aimed at."""
    asked = (design,) if formula is None else (formula, design)
    fixed = {} if start is None else {"(Intercept)": start}
    effect = 0.5
    for _ in range(8 if start is not None else 1):
        first = hlmrs.power(*asked, effects={**fixed, test: effect}, test=test, **given)
        effect = float(first.minimum_effect(AIM)["minimum_effect"][0])
    return hlmrs.power(*asked, effects={**fixed, test: round(effect, 3)}, test=test, **given)
