"""Equations as HLM writes them become formulas; any model of nested levels is read from what it prints."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hlmrs
from hlmrs.formula import parse
from hlmrs.level_equations.level_model import Factor, LevelModel, RandomPart, of_spec

GREEK = """Level-1 Model
    MATHACHij = β0j + β1j*(SESij) + rij
Level-2 Model
    β0j = γ00 + γ01*(SECTORj) + γ02*(MEANSESj) + u0j
    β1j = γ10 + γ11*(SECTORj) + γ12*(MEANSESj) + u1j
SES has been centered around the group mean.
Mixed Model
    MATHACHij = γ00 + γ01*SECTORj + γ02*MEANSESj + γ10*SESij + u0j + u1j*SESij + rij"""
HLM6 = """ Level-1 Model
        Y = B0 + B1*(SES) + R
 Level-2 Model
        B0 = G00 + G01*(SECTOR) + G02*(MEANSES) + U0
        B1 = G10 + G11*(SECTOR) + G12*(MEANSES) + U1"""
ONE_LINE = (
    "Level-1 Model: MATHACHij = b0j + b1j*(SESij) + rij; "
    "Level-2 Model: b0j = g00 + g01*(MEANSESj) + u0j; b1j = g10 + g11*(MEANSESj) + u1j"
)
THREE = """Level-1 Model
    MATHijk = π0jk + π1jk*(YEARijk) + eijk
Level-2 Model
    π0jk = β00k + β01k*(FEMALEjk) + r0jk
    π1jk = β10k + r1jk
Level-3 Model
    β00k = γ000 + γ001(LOWINCk) + u00k
    β01k = γ010
    β10k = γ100 + γ101(LOWINCk) + u10k"""
LOGIT = """Level-1 Model
    Prob(REPETITIONij=1|βj) = ϕij
    log[ϕij/(1 - ϕij)] = ηij
    ηij = β0j + β1j*(SEXij)
Level-2 Model
    β0j = γ00 + γ01*(MSESCj) + u0j
    β1j = γ10"""


def same(formula, wanted):
    """Whether two formulas are one model, whatever the order of their terms."""
    one, other = parse(formula), parse(wanted)
    assert (one.response, one.intercept, set(one.terms)) == (other.response, other.intercept, set(other.terms))
    assert {term.identity() for term in one.random} == {term.identity() for term in other.random}
    return True


@pytest.mark.parametrize(
    ("text", "groups", "formula"),
    [
        (GREEK, "school", "MATHACH ~ (SECTOR + MEANSES) * within(SES, school) + (within(SES, school) | school)"),
        (HLM6, "school", "Y ~ (SECTOR + MEANSES) * SES + (SES | school)"),
        (ONE_LINE, "school", "MATHACH ~ MEANSES * SES + (SES | school)"),
        (THREE, ["child", "school"], "MATH ~ YEAR * LOWINC + FEMALE + (YEAR | child) + (YEAR | school)"),
        (LOGIT, "school", "REPETITION ~ SEX + MSESC + (1 | school)"),
        ("yij = b0j + rij\nb0j = g00 + u0j", ["g"], "y ~ 1 + (1 | g)"),
        ("yij = b1j*(xij) + rij\nb1j = g10 + u1j", ["g"], "y ~ 0 + x + (0 + x | g)"),
        ("yij = b0j + b1j*(xij) + rij\nb0j = g00 + u0j\nb1j = u1j", ["g"], "y ~ 1 + (x | g)"),
        ("yij = b0j\n + b1j*(xij) + rij\nb0j = g00 + u0j\nb1j = g10", ["g"], "y ~ x + (1 | g)"),
    ],
)
def test_pasted_equations_become_formulas(text, groups, formula):
    assert same(hlmrs.levels(text, groups=groups).formula, formula)


def test_centring_that_the_text_states_and_new_names_are_heeded():
    text = GREEK.replace("SES has", "SECTOR MEANSES have been centered around the grand mean.\nSES has")
    model = hlmrs.levels(text, groups="id", names={"MATHACH": "mAch", "SES": "ses"})
    fixed = "(center(SECTOR, id) + center(MEANSES, id)) * within(ses, id)"
    assert same(model.formula, f"mAch ~ {fixed} + (within(ses, id) | id)")


def test_a_pasted_model_fits_as_its_formula():
    data = hlmrs.datasets.load("Hsb82")
    names = {"MATHACH": "mAch", "SES": "ses", "SECTOR": "sector", "MEANSES": "meanses"}
    fit = hlmrs.lmer(hlmrs.levels(GREEK, groups="school", names=names).formula, data)
    direct = hlmrs.lmer("mAch ~ (sector + meanses) * within(ses, school) + (within(ses, school) | school)", data)
    assert fit.criterion == pytest.approx(direct.criterion, abs=1e-8)


@pytest.mark.parametrize(
    ("text", "groups", "message"),
    [
        ("yij = b0j + rij\nb0j = g00 + u0j", ["a", "b"], "equations of 2 levels"),
        ("yij = b0j + 3*xij + rij\nb0j = g00 + u0j", ["g"], "should be a coefficient"),
        ("nothing = \n", ["g"], "no coefficient"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_line(text, groups, message):
    with pytest.raises(hlmrs.FormulaError, match=message):
        hlmrs.levels(text, groups=groups)


def test_equations_given_one_by_one():
    model = hlmrs.levels(
        "y ~ x",
        {"(Intercept)": "~ w", "x": "~ w"},
        {"(Intercept)": "~ z", ("x", "w"): "~ z"},
        groups=["room", "school"],
        random=[["(Intercept)", "x"], ["(Intercept)"]],
    )
    assert same(model.formula, "y ~ x * w + z + x:w:z + (x | room) + (1 | school)")
    assert "π1jk = β10k + β11k*(w_jk) + r1jk" in str(model)


def test_coefficients_that_there_are_not_are_refused():
    with pytest.raises(hlmrs.OptionError, match="no coefficient of level 1; there are"):
        hlmrs.levels("y ~ x", {"z": "~ w"}, groups="g")
    with pytest.raises(hlmrs.OptionError, match="leave the others out"):
        hlmrs.levels(HLM6, {"x": "~ w"}, groups="g")
    with pytest.raises(hlmrs.FormulaError, match="no random terms"):
        hlmrs.levels("y ~ x + (1 | g)", groups="g")


NAMES = [[f"{letter}{k}" for k in range(4)] for letter in "xwz"]


@st.composite
def models(draw):
    """Draw a model of two or three nested levels: whatever its equations can say."""
    n = draw(st.integers(2, 3))
    factors = tuple(Factor(f"g{k}", k + 2, tuple(range(k + 1, n - 1))) for k in range(n - 1))
    homes = {name: level - 1 for level in range(n) for name in NAMES[level]}

    def terms(levels):
        own = [st.lists(st.sampled_from(NAMES[level]), max_size=2, unique=True) for level in levels]
        return st.tuples(*own).map(lambda parts: tuple(name for part in parts for name in part))

    fixed = draw(st.lists(terms(range(n)), min_size=1, max_size=6, unique_by=frozenset))
    random = []
    for k in range(n - 1):
        effects = draw(st.lists(terms(range(k + 1)), min_size=k == 0, max_size=3, unique_by=frozenset))
        random += [RandomPart(k, tuple(effects))] if effects else []
    used = {name for term in [*fixed, *(t for part in random for t in part.terms)] for name in term}
    return LevelModel("y", factors, {name: homes[name] for name in used}, tuple(fixed), tuple(random))


@settings(max_examples=150, deadline=None)
@given(models())
def test_any_model_is_read_from_its_equations_and_from_its_formula(model):
    groups = [factor.name for factor in model.factors]
    assert same(of_spec(parse(model.formula), model.factors, model.homes).formula, model.formula)
    top = max(max((k for k in map(model.level_of, term)), default=1) for term in model.fixed)
    deepest = max([top, *(model.factors[part.factor].level for part in model.random)])
    if deepest == model.n_levels:
        assert same(hlmrs.levels(str(model), groups=groups).formula, model.formula)


def test_a_variable_of_groups_is_centred_over_groups():
    data = hlmrs.datasets.load("Hsb82", "polars")
    names = {"MATHACH": "mAch", "SES": "ses", "MEANSES": "meanses"}
    text = ONE_LINE + "\nMEANSES has been centered around the grand mean."
    fit = hlmrs.lmer(hlmrs.levels(text, groups="school", names=names).formula, data)
    over_schools = data.unique("school")["meanses"].mean()
    by_hand = hlmrs.lmer("mAch ~ m * ses + (ses | school)", data.with_columns(m=data["meanses"] - over_schools))
    assert dict(zip(fit.coef_names, fit.beta, strict=True))["(Intercept)"] == pytest.approx(by_hand.beta[0], rel=1e-6)
    assert "_j" in str(fit.equations())
