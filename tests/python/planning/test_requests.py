"""What may be said of a plan, and what is answered to what may not."""

import numpy as np
import pytest

import hlmrs
from hlmrs.errors import ArgumentError, DesignError, FormulaError, OptionError
from hlmrs.frame import build
from hlmrs.planning.single_test import Level, PlannedTest
from hlmrs.planning.tables import detectable

DESIGN = hlmrs.Design(
    "school/pupil", {"school": 20, "pupil": 10}, {"treat": "pupil", "arm": ("school", {"a": 1, "b": 1})}
)
FORMULA = "y ~ treat + arm + (treat | school)"
GIVEN = {"effects": {"treat": 0.3}, "sd": {"school": {"(Intercept)": 0.5, "treat": 0.2}}, "sigma": 0.9}


def power(**changes):
    arguments = {"model": FORMULA, "design": DESIGN} | GIVEN | changes
    return hlmrs.power(**arguments)


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"effects": {"treatment": 0.3}}, OptionError, "no coefficient 'treatment'; did you mean 'treat'"),
        ({"effects": {"nothing": 0.3}}, OptionError, "it has '\\(Intercept\\)', 'treat', 'armb'"),
        ({"effects": {"treat": np.inf}}, OptionError, "give a finite number"),
        ({"effects": {}}, OptionError, "all effects are zero"),
        ({"effects": 0.3}, ArgumentError, "give a dictionary"),
        ({"sd": {"schools": 0.4}}, OptionError, "did you mean 'school'"),
        ({"sd": {"school": 0.4}}, OptionError, "has several random effects"),
        ({"sd": {"school": {"(Intercept)": 0.4}}}, OptionError, "how much treat varies"),
        ({"sd": {"school": {"(Intercept)": -0.4, "treat": 0.1}}}, OptionError, "not negative"),
        ({"sd": None}, OptionError, "say|how much"),
        ({"sigma": None}, OptionError, "give the residual standard deviation"),
        ({"sigma": 0.0}, OptionError, "above zero"),
        ({"icc": 0.2}, OptionError, "sigma= beside icc="),
        ({"icc": 0.2, "sigma": None}, OptionError, "given by sd= or variance= already"),
        ({"icc": 1.2, "sigma": None, "sd": {"school": {"treat": 0.2}}}, OptionError, "must sum to less than 1"),
        ({"icc": -0.2, "sigma": None, "sd": {"school": {"treat": 0.2}}}, OptionError, "not negative"),
        ({"r2": {"school": 1.0}}, OptionError, "below 1"),
        ({"r2": {"class": 0.5}}, OptionError, "no random effects of 'class'"),
        ({"correlation": {"school": 1.5}}, OptionError, "from -1 to 1"),
        ({"correlation": {"school": {("treat", "arm"): 0.5}}}, OptionError, "the correlated effects are"),
        ({"test": "treated"}, FormulaError, "treat"),
        ({"test": 3}, ArgumentError, "a term or a hypothesis"),
        ({"alpha": 5}, OptionError, "a probability"),
        ({"alternative": "bigger"}, OptionError, "choose one of"),
        ({"covariates": 40}, DesignError, "no degrees of freedom"),
        ({"model": "treat + (1 | school)"}, FormulaError, "expected '~'"),
        ({"model": "y ~ treat + (1 | schol)"}, FormulaError, "did you mean 'school'"),
        ({"model": "y ~ treat + cs(treat | school)"}, DesignError, "of the structures"),
        ({"design": None}, ArgumentError, "a hlmrs.Design"),
        ({"model": "y ~ treat + (1 | pupil)", "sd": {"pupil": 1.0}}, DesignError, "cannot tell"),
    ],
)
def test_what_cannot_be_is_refused_in_words(changes, kind, message):
    with pytest.raises(kind, match=message):
        power(**changes)


def test_effects_that_rows_cannot_tell_apart_are_refused():
    design = hlmrs.Design("school/pupil", {"school": 20, "pupil": 10}, {"a": "school", "b": ("school", [0, 1])})
    same = design.columns() | {"b": design.columns()["a"]}
    with pytest.raises(DesignError, match="cannot tell 'b' apart"):
        hlmrs.power("y ~ a + b + (1 | school)", same, effects={"a": 0.3}, icc=0.2)


def test_ways_to_say_variances_agree():
    by_sd = power().power
    assert power(sd=None, variance={"school": {"(Intercept)": 0.25, "treat": 0.04}}).power == pytest.approx(
        by_sd, rel=1e-12
    )
    mixed = power(sd={"school": {"treat": 0.2}}, variance={"school": {"(Intercept)": 0.25}})
    assert mixed.power == pytest.approx(by_sd, rel=1e-12)
    total = 0.25 + 0.81
    standardized = power(
        effects={"treat": 0.3 / np.sqrt(total)},
        icc=0.25 / total,
        sd={"school": {"treat": 0.2 / np.sqrt(total)}},
        sigma=None,
    )
    assert standardized.power == pytest.approx(by_sd, rel=1e-10)


def test_r2_takes_its_share_of_a_level():
    design = hlmrs.Design.cluster_randomized(school=20, pupil=10)
    by_name = hlmrs.power(design, effects={"treat": 0.3}, icc=0.2, r2={"pupil": 0.3})
    assert by_name.power == hlmrs.power(design, effects={"treat": 0.3}, icc=0.2, r2={"residual": 0.3}).power
    raw = hlmrs.power(design, effects={"treat": 0.3}, sd={"school": np.sqrt(0.2)}, sigma=np.sqrt(0.8 * 0.7))
    assert by_name.power == pytest.approx(raw.power, rel=1e-12)


def test_one_sided_tests_have_the_power_of_their_side():
    greater, less, both = (power(alternative=side).power for side in ("greater", "less", "two-sided"))
    assert greater > both > 0.5 > 0.01 > less
    assert power(alternative="less", effects={"treat": -0.3}).power == pytest.approx(greater, rel=1e-12)


def test_nothing_to_find_has_the_power_of_the_level():
    assert power(effects={}, test="treat", alpha=0.1).power == pytest.approx(0.1, rel=1e-9)
    assert power(effects={}, test="treat", alternative="less").power == pytest.approx(0.05, rel=1e-9)


def test_the_smallest_effect_has_its_power():
    for alternative in ("two-sided", "greater"):
        found = power(alternative=alternative)
        smallest = found.minimum_effect(0.9)["minimum_effect"][0]
        assert power(effects={"treat": float(smallest)}, alternative=alternative).power == pytest.approx(0.9, abs=1e-9)
    multiple = float(power(effects={"treat": 0.2, "armb": 0.2}, test="treat, armb").minimum_effect()["multiple"][0])
    both = {"treat": 0.2 * multiple, "armb": 0.2 * multiple}
    assert power(effects=both, test="treat, armb").power == pytest.approx(0.8, abs=1e-9)


def test_the_smallest_effect_is_on_the_side_of_the_planned_one():
    above, below = power().minimum_effect(0.9), power(effects={"treat": -0.3}).minimum_effect(0.9)
    assert below["minimum_effect"][0] == pytest.approx(-above["minimum_effect"][0], rel=1e-12)
    assert below["multiple"][0] == pytest.approx(above["multiple"][0], rel=1e-12)
    table = power(effects={"treat": -0.3}).to_frame()
    assert table["detectable"][0] == pytest.approx(-power().to_frame()["detectable"][0], rel=1e-12)
    assert power(effects={"treat": float(below["minimum_effect"][0])}).power == pytest.approx(0.9, abs=1e-9)
    assert power(effects={"treat": -0.3}, alternative="greater").minimum_effect()["minimum_effect"][0] > 0


def planned(name: str, df: float, strength: float) -> PlannedTest:
    return PlannedTest(name, strength, 1.0, 1, df, strength, Level(1e-4))


def test_tests_with_next_to_no_degrees_of_freedom_are_refused():
    rows = hlmrs.Design("school/pupil", {"school": 5, "pupil": [4, 6, 9, 5, 8]}, {"x": "school"})
    given = {"effects": {"x": 1.0}, "sd": {"school": 0.5}, "sigma": 1.0}
    df = hlmrs.power("y ~ x + (1 | school)", rows, **given).df
    assert 0 < df - int(df) < 0.5 < 1 < df
    with pytest.raises(DesignError, match=rf"covariates={int(df)} leave 0\.\d+, and 0.5 is the least"):
        hlmrs.power("y ~ x + (1 | school)", rows, covariates=int(df), **given)


def test_a_power_that_no_effect_has_is_out_of_reach():
    with pytest.raises(OptionError, match=r"out of reach for the test of treat with 0\.5 degrees of freedom"):
        planned("treat", 0.5, 1.0).required_strength(0.8)
    assert planned("treat", 0.5, 1.0).strength_for(0.8) is None
    assert np.isnan(detectable(planned("treat", 0.5, 1.0), 0.8))
    assert planned("treat", 20.0, 1.0).strength_for(0.8) < 10


def test_hypotheses_in_words_are_those_of_their_coefficients():
    assert power(test="treat = 0.1").effect == pytest.approx(0.2)
    assert power(test="arm").power == pytest.approx(power(test="armb").power, rel=1e-12)
    assert len(power(test=["treat", "treat + armb", "treat = armb"]).to_frame()) == 3


def test_rows_of_data_are_extended_level_by_level():
    rows = DESIGN.columns()
    found = power(design=rows).with_units({"school": 40})
    assert found.power == pytest.approx(power(design=DESIGN.with_units({"school": 40})).power, rel=1e-9)
    with pytest.raises(OptionError, match="is no column of a grouping factor"):
        power(design=rows).with_units({"pupil": 40}).power  # noqa: B018


def test_levels_within_an_extended_one_are_new_and_crossed_ones_are_not():
    design = hlmrs.Design("school/classroom/pupil", {"school": 6, "classroom": 2, "pupil": 5}, {"treat": "school"})
    given = {"effects": {"treat": 0.3}, "icc": {"school": 0.1, "classroom": 0.1}}
    formula = "y ~ treat + (1 | school) + (1 | classroom)"
    extended = hlmrs.power(formula, design.columns(), **given).with_units({"school": 10})
    assert extended.power == pytest.approx(
        hlmrs.power(formula, design.with_units({"school": 10}), **given).power, rel=1e-9
    )
    crossed = hlmrs.Design("subject * item", {"subject": 8, "item": 6}, {"x": "item"})
    given = {"effects": {"x": 0.3}, "icc": {"subject": 0.2, "item": 0.1}}
    formula = "y ~ x + (1 | subject) + (1 | item)"
    extended = hlmrs.power(formula, crossed.columns(), **given).with_units({"subject": 13})
    assert extended.power == pytest.approx(
        hlmrs.power(formula, crossed.with_units({"subject": 13}), **given).power, rel=1e-9
    )


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow"])
@pytest.mark.parametrize("label", [float, str])
def test_rows_without_a_group_are_of_no_level(kind, label):
    columns = DESIGN.columns()
    is_missing = np.zeros(DESIGN.n_rows, dtype=bool)
    is_missing[[3, 57, 199]] = True
    whole = {name: np.array(values)[~is_missing] for name, values in columns.items()}
    school = [None if gone else label(k) for k, gone in zip(columns["school"], is_missing, strict=True)]
    one, other = power(design=build(kind, columns | {"school": school})), power(design=whole)
    assert "school 20;" in repr(one)
    assert one.power == pytest.approx(other.power, rel=1e-12)
    extended = [found.with_units({"school": 50}) for found in (one, other)]
    assert extended[0].power == pytest.approx(extended[1].power, rel=1e-12)
    (best,), (same,) = (found.optimum({"school": 1.0, "rows": 1.0}, budget=500.0).to_dicts() for found in (one, other))
    assert best == pytest.approx(same)


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow", "dict"])
def test_tables_are_of_the_kind_of_the_rows(kind):
    table = power(design=DESIGN.to_frame(kind)).to_frame()
    assert type(table).__module__.split(".")[0] in (kind, "builtins")


def test_rows_that_can_be_read_once_are_read_once():
    import pyarrow as pa

    table = DESIGN.to_frame("pyarrow")
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
    found = power(design=reader)
    assert found.power == pytest.approx(power().power, rel=1e-12)
    assert found.required("school", 0.9) > 10
    assert power(design=DESIGN.to_frame("polars").lazy()).power == pytest.approx(found.power, rel=1e-12)


def test_reports_print_within_eighty_columns():
    found = power(test=["treat", "arm", "treat, armb"])
    assert max(map(len, repr(found).splitlines())) <= 80
    assert "<table>" in found._repr_html_()


ODD = [
    "x",
    -1,
    float("nan"),
    [],
    (1, 2),
    {1: 2},
    {"school": "x"},
    {"treat": "x"},
    {"school": {}},
    np.array([1, 2]),
    object(),
]
SMALL = hlmrs.power(hlmrs.Design.cluster_randomized(school=8, pupil=4), effects={"treat": 0.5}, icc=0.2)
ASKED = {
    "effects": lambda odd: power(effects=odd),
    "sd": lambda odd: power(sd=odd),
    "r2": lambda odd: power(r2=odd),
    "correlation": lambda odd: power(correlation=odd),
    "icc": lambda odd: power(icc=odd, sigma=None, sd={"school": {"treat": 0.2}}),
    "extend": lambda odd: power(extend=odd),
    "layout": lambda odd: hlmrs.Design(odd, {"school": 2, "pupil": 3}),
    "units": lambda odd: hlmrs.Design("school/pupil", odd),
    "sizes": lambda odd: hlmrs.Design("school/pupil", {"school": 2, "pupil": odd}).n_rows - 3,
    "variables": lambda odd: hlmrs.Design("school/pupil", {"school": 2, "pupil": 3}, odd),
    "missing": lambda odd: hlmrs.Design("school/pupil", {"school": 2, "pupil": 3}, missing=odd),
    "required": lambda odd: SMALL.required(odd),
    "curve": lambda odd: SMALL.curve(odd),
    "effects of a curve": lambda odd: SMALL.curve({"treat": [odd]}),
    "cost": lambda odd: SMALL.optimum(odd, budget=2000.0),
    "budget": lambda odd: SMALL.optimum({"school": 100, "pupil": 5}, budget=odd),
    "n": lambda odd: SMALL.simulate(odd),
    "seed": lambda odd: SMALL.simulate(3, seed=odd),
}
FINE = {("sizes", 4), ("sizes", 9), ("effects of a curve", 1), ("correlation", 8)}
"""Sizes are a mean with a standard deviation, or an array; effects may be negative, and correlations none."""


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("k", range(len(ODD)))
def test_whatever_is_given_is_refused_by_an_error_of_the_package(asked, k):
    if (asked, k) in FINE:
        return
    with pytest.raises(hlmrs.HlmrsError):
        ASKED[asked](ODD[k])
