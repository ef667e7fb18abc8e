"""A name is found as the column is called, as the formula writes it, and with its factors in any order."""

import numpy as np
import pandas as pd
import pytest

import hlmrs
from hlmrs.formula.names import find_name


@pytest.mark.parametrize(
    ("name", "known", "want"),
    [
        ("x", ["x", "`x`"], "x"),
        ("`x`", ["x"], "x"),
        ("dose (mg)", ["x", "`dose (mg)`"], "`dose (mg)`"),
        ("fb:x", ["x", "fb", "x:fb"], "x:fb"),
        ("a:b", ["`a:b`", "a:b"], "a:b"),
        ("`a:b`", ["`a:b`", "a:b"], "`a:b`"),
        ("b:a", ["`a:b`", "a:b"], "a:b"),
        ("x:my f", ["`my f`:x"], "`my f`:x"),
        ("x:log(a:b)", ["log(a:b):x"], "log(a:b):x"),
        ("gro\u0308ße", ["größe"], "größe"),
        ("X", ["x"], None),
        ("a:b:c", ["a:b", "b:c"], None),
    ],
)
def test_what_a_name_means(name, known, want):
    assert find_name(name, known) == want


R = np.random.default_rng(6)
G = np.repeat(np.arange(10), 6)
A, B, C = R.normal(size=(3, 60))
DATA = pd.DataFrame(
    {
        "y": R.normal(size=10)[G] + A + B + 0.5 * A * B - 2 * C + R.normal(size=60) * 0.5,
        "a": A,
        "b": B,
        "a:b": C,
        "dose (mg)": C,
        "arm no": np.tile(["u", "v", "w"], 20),
        "Subject ID": G,
        "half": G // 5,
    }
)


@pytest.fixture(scope="module")
def quoted():
    return hlmrs.lmer("y ~ `dose (mg)` * a + `arm no` + (1 | `Subject ID`)", DATA)


def test_a_column_and_an_interaction_of_one_name_are_told_apart():
    fit = hlmrs.lmer("y ~ a * b + `a:b` + (1 | `Subject ID`)", DATA)
    for text, name in (("`a:b` = 0", "`a:b`"), ("`a:b`", "`a:b`"), ("a:b", "a:b"), ("b:a = 0", "a:b")):
        assert fit.test(text)["estimate"].iloc[0] == pytest.approx(fit.fixef()[name], abs=1e-12)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("`dose (mg)` = 0", "`dose (mg)`"),
        ("dose (mg) = 0", "`dose (mg)`"),
        ("0 = dose (mg)", "`dose (mg)`"),
        ("`dose (mg)`:a", "`dose (mg)`:a"),
        ("a:`dose (mg)` = 0", "`dose (mg)`:a"),
        ("`arm no`v", "`arm no`v"),
        ("arm nov", "`arm no`v"),
    ],
)
def test_hypotheses_about_quoted_names(quoted, text, name):
    sign = -1 if text.startswith("0") else 1
    assert sign * quoted.test(text)["estimate"].iloc[0] == pytest.approx(quoted.fixef()[name], abs=1e-12)


def test_names_that_read_as_arithmetic_stay_arithmetic():
    data = DATA.rename(columns={"dose (mg)": "a - b", "a:b": "2"})
    fit = hlmrs.lmer("y ~ a + b + `a - b` + (1 | `Subject ID`)", data)
    assert fit.test("a - b")["estimate"].iloc[0] == pytest.approx(fit.fixef()["a"] - fit.fixef()["b"])
    assert fit.test("`a - b`")["estimate"].iloc[0] == pytest.approx(fit.fixef()["`a - b`"])
    fit = hlmrs.lmer("y ~ a + `2` + (1 | `Subject ID`)", data)
    assert fit.test("a = 2")["value"].iloc[0] == 2
    assert fit.test("a = `2`")["estimate"].iloc[0] == pytest.approx(fit.fixef()["a"] - fit.fixef()["`2`"])


PLACES = {
    "coef": lambda fit, name: fit.coef(name),
    "ranef": lambda fit, name: fit.ranef(name),
    "influence": lambda fit, name: fit.influence(name).to_frame(),
    "group_residuals": lambda fit, name: fit.check.group_residuals(name),
    "homogeneity": lambda fit, name: fit.check.homogeneity(name).to_frame(),
    "autocorrelation": lambda fit, name: fit.check.autocorrelation(name).to_frame(),
    "predict": lambda fit, name: pd.DataFrame({"p": fit.predict(random_effects=name)}),
    "cluster": lambda fit, name: fit.tidy(vcov="CR0", cluster=name),
    "two clusters": lambda fit, name: fit.tidy(vcov="CR0", cluster=[name, "half"]),
    "bootstrap": lambda fit, name: fit.bootstrap(3, kind="case", cluster=name, seed=1).draws,
    "profile": lambda fit, name: fit.profile(terms=[f"sd((Intercept) | {name})"]),
    "term": lambda fit, _: fit.compare_methods("dose (mg)", n=2, seed=1),
    "slopes": lambda fit, _: fit.slopes("dose (mg)"),
    "emmeans": lambda fit, _: fit.emmeans("arm no", at={"`dose (mg)`": [0.0]}),
    "by": lambda fit, _: fit.emmeans("arm no", by="`dose (mg)`"),
    "contrasts": lambda fit, _: fit.update(contrasts={"arm no": "sum"}).tidy(),
    "reduction": lambda fit, _: fit.variance.reduction(),
    "update": lambda fit, _: fit.update("~ . - `dose (mg)`:a").tidy(),
    "weights": lambda fit, name: fit.update(weights=name, data=DATA.assign(**{"Subject ID": G + 1})).tidy(),
}


@pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")
@pytest.mark.parametrize("call", PLACES.values(), ids=PLACES)
def test_names_with_spaces_work_wherever_a_name_can_be_given(quoted, call):
    calls = call(quoted, "Subject ID"), call(quoted, "`Subject ID`")
    plain, quoted_name = (found.to_frame() if isinstance(found, hlmrs.ResultTable) else found for found in calls)
    assert len(plain)
    pd.testing.assert_frame_equal(plain, quoted_name)
