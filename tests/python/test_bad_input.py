"""Bad input is answered with a typed error that names the column or place, the value, and what to do."""

import re
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import polars as pl
import pytest

import hlmrs
from hlmrs import DataError, DesignError, FormulaError, HlmrsError

RNG = np.random.default_rng(7)
N, LEVELS = 60, 12
GOOD = {
    "y": RNG.normal(size=N) + np.repeat(RNG.normal(size=LEVELS), N // LEVELS),
    "x": RNG.normal(size=N),
    "g": np.repeat([f"g{k}" for k in range(LEVELS)], N // LEVELS).astype(object),
    "f": np.tile(np.array(["a", "b", "c"], dtype=object), N // 3),
    "w": RNG.uniform(0.5, 2.0, size=N),
}
MODEL = "y ~ x + (1 | g)"

each_frame = pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame, dict], ids=["polars", "pandas", "dict"])


def changed(**columns):
    return {**GOOD, **columns}


def with_value(column, row, value):
    values = np.array(GOOD[column], dtype=object if isinstance(value, str) else float)
    values[row] = value
    return changed(**{column: values})


def refused(error, *parts, formula=MODEL, data=GOOD, **options):
    """Fit, expect the error, and find every part in its text."""
    with pytest.raises(error) as caught:
        hlmrs.lmer(formula, data, **options)
    text = str(caught.value)
    assert isinstance(caught.value, HlmrsError)
    missing = [part for part in parts if part not in text]
    assert not missing, f"{missing} not in: {text}"
    return text


def test_the_data_are_good_when_nothing_is_changed():
    assert hlmrs.lmer(MODEL, GOOD).nobs == N


@each_frame
class TestColumns:
    def test_missing_column(self, make):
        refused(FormulaError, "'income'", "^", formula="y ~ income + (1 | g)", data=make(GOOD))

    def test_misspelled_column_is_answered_with_the_nearest(self, make):
        data = make(changed(Days=GOOD["x"]))
        text = refused(FormulaError, "'Dayz'", "did you mean 'Days'", formula="y ~ Dayz + (1 | g)", data=data)
        assert text.splitlines()[-1].index("^") == text.splitlines()[-2].index("Dayz")

    def test_text_where_a_number_is_needed(self, make):
        refused(DataError, "'f'", "text", "number", formula="y ~ log(f) + (1 | g)", data=make(GOOD))
        refused(DataError, "'f'", "text", "number", formula="f ~ x + (1 | g)", data=make(GOOD))

    def test_one_text_among_numbers_is_found(self, make):
        values = [str(value) for value in range(N)]
        values[17] = "oops"
        refused(HlmrsError, "'x'", "oops", data=make(changed(x=np.array(values, dtype=object))))

    def test_infinite_values(self, make):
        refused(DataError, "'x'", "inf", data=make(with_value("x", 3, np.inf)))
        refused(DataError, "'y'", "inf", data=make(with_value("y", 3, -np.inf)))

    def test_infinite_result_of_a_function(self, make):
        refused(HlmrsError, "log(x)", formula="y ~ log(x) + (1 | g)", data=make(with_value("x", 3, 0.0)))

    def test_all_rows_missing(self, make):
        refused(DataError, "'x'", "no value", data=make(changed(x=np.full(N, np.nan))))

    def test_empty_frame(self, make):
        data = make(GOOD)
        empty = {name: values[:0] for name, values in data.items()} if make is dict else data[:0]
        refused(DataError, "no rows", data=empty)

    def test_missing_error_refuses_and_counts(self, make):
        refused(DataError, "'x'", "1", data=make(with_value("x", 3, np.nan)), missing="error")


class TestIdentification:
    def test_no_random_term(self):
        refused(
            HlmrsError,
            "no random term",
            "hlmrs.gls, which fits least squares",
            "a generalized linear model",
            formula="y ~ x",
        )

    def test_constant_response(self):
        refused(DesignError, "'y'", "3 in every row", data=changed(y=np.full(N, 3.0)))

    def test_one_level(self):
        refused(DesignError, "'g'", "one level", data=changed(g=np.full(N, "a", dtype=object)))

    def test_one_row_per_level_of_the_only_factor(self):
        refused(DesignError, "'id'", formula="y ~ x + (1 | id)", data=changed(id=np.arange(N)))

    def test_as_many_random_effects_as_rows(self):
        short = {name: values[::3] for name, values in GOOD.items()}
        refused(DesignError, "g", formula="y ~ x + (x + w | g)", data=short)

    def test_more_coefficients_than_rows(self):
        short = {name: values[:13] for name, values in GOOD.items()}
        refused(HlmrsError, "rows", formula="y ~ poly(x, 5) + poly(w, 5) + x:w + f + (1 | g)", data=short)

    def test_float_ids_name_groups(self):
        floats = hlmrs.lmer(MODEL, changed(g=np.repeat(np.arange(LEVELS), N // LEVELS) + 0.5))
        assert floats.n_groups == {"g": LEVELS}
        continuous = changed(g=RNG.normal(size=N))
        refused(DesignError, "'g'", data=continuous)


class TestWeightsAndOffset:
    @pytest.mark.parametrize("value", [-1.0, 0.0])
    def test_weights_must_be_positive(self, value):
        weights = GOOD["w"].copy()
        weights[5] = value
        refused(DataError, "weight", f"{value:g}", weights=weights)
        refused(DataError, "'w'", f"{value:g}", weights="w", data=changed(w=weights))

    def test_infinite_weights(self):
        refused(DataError, "'w'", "inf", weights="w", data=with_value("w", 5, np.inf))

    def test_missing_weights(self):
        refused(DataError, "'w'", "missing", "row 5", weights="w", data=with_value("w", 5, np.nan))

    def test_misspelled_column_of_weights(self):
        refused(DataError, "'wt'", "did you mean 'w'", weights="wt")

    def test_length(self):
        refused(DataError, "offset", f"{N - 1}", f"{N}", offset=np.ones(N - 1))
        refused(DataError, "weights", f"{N + 1}", f"{N}", weights=np.ones(N + 1))

    def test_kind(self):
        with pytest.raises(TypeError, match="weights"):
            hlmrs.lmer(MODEL, GOOD, weights=3)
        refused(DataError, "weights", weights=np.array(["a"] * N))
        refused(DataError, "offset", offset=np.ones((N, 2)))


class TestFrames:
    def test_duplicate_column_names(self):
        frame = pd.DataFrame(GOOD)
        frame.columns = ["y", "x", "g", "x", "w"]
        refused(DataError, "'x'", "2 times", data=frame)

    def test_unequal_lengths(self):
        refused(DataError, "'y' has 60", "'x' has 59", data=changed(x=GOOD["x"][:-1]))

    @pytest.mark.parametrize("make", [pd.DataFrame, dict])
    def test_mixed_types(self, make):
        mixed = np.array([1.5, "a"] * (N // 2), dtype=object)
        refused(DataError, "'x'", "1.5 is float", "'a' is str", data=make(changed(x=mixed)))

    def test_objects_without_a_meaning(self):
        refused(DataError, "'x'", "list", data=changed(x=np.array([[1], [2]] * (N // 2) + [[]], dtype=object)[:N]))
        refused(DataError, "'x'", "complex", data=changed(x=GOOD["x"] + 1j))
        objects = pl.DataFrame(GOOD).with_columns(x=pl.Series([object()] * N, dtype=pl.Object))
        refused(DataError, "'x'", "Object", data=objects)

    def test_what_is_no_frame(self):
        refused(DataError, "list", data=[1, 2, 3])
        refused(DataError, "ndarray", data=np.ones((3, 3)))

    def test_a_hundred_thousand_columns(self):
        wide = pl.DataFrame(GOOD).with_columns(**{f"c{k}": pl.lit(0.0) for k in range(1000)})
        many = pl.concat([wide.rename({c: f"{c}_{k}" for c in wide.columns}) for k in range(100)], how="horizontal")
        many = many.with_columns(pl.DataFrame(GOOD).get_columns())
        assert hlmrs.lmer(MODEL, many).nobs == N
        refused(FormulaError, "too many", formula="y ~ . + (1 | g)", data=many)


class TestFormulas:
    @pytest.mark.parametrize(
        ("formula", "part"),
        [
            ("~ x + (1 | g)", "response"),
            ("y ~ (x + (1 | g)", ")"),
            ("y ~ x) + (1 | g)", ")"),
            ("y ~ cosh(x) + (1 | g)", "cosh()"),
            ("y ~ x + ((1 | g) | f)", "|"),
            ("y ~ x + (1 | g | f)", "|"),
            ("y ~ x +", "+"),
            ("y ~ __import__('os').system('true') + (1 | g)", ""),
            ("y ~ x.__class__ + (1 | g)", "x.__class__"),
            ("", ""),
        ],
    )
    def test_errors_mark_the_place(self, formula, part):
        assert "^" in refused(FormulaError, part, formula=formula)

    def test_ten_megabytes(self):
        for formula in ("y ~ " + "(" * 10_000_000, "y ~ " + "x + " * 2_500_000 + "(1 | g)", "x" * 10_000_000):
            begun = time.perf_counter()
            refused(FormulaError, formula=formula)
            assert time.perf_counter() - begun < 5

    def test_a_formula_that_is_no_text(self):
        with pytest.raises(TypeError, match="formula"):
            hlmrs.lmer(3, GOOD)


class TestOptions:
    def test_unknown_keyword_is_answered_with_the_nearest(self):
        with pytest.raises(TypeError, match=r"'weight'.*did you mean 'weights'"):
            hlmrs.lmer(MODEL, GOOD, weight="w")

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"level": "0.9"}, "level='0.9': give a number between 0 and 1"),
            ({"level": 95}, "level=95: give a number between 0 and 1, such as 0.95"),
            ({"level": True}, "level=True"),
            ({"ddf": "kenward-rogers"}, "ddf='kenward-rogers': choose one of .*did you mean 'kenward-roger'"),
            ({"vcov": "CRR2"}, "vcov='CRR2'.*did you mean 'CR2'"),
            ({"vcov": np.eye(3)}, "vcov=array.*choose one of 'model'"),
            ({"vcov": "CR2", "cluster": 3}, "cluster=3: name a column"),
            ({"vcov": "CR2", "ddf": "residual"}, "ddf='residual' belongs to the model's covariance.*'normal'"),
            ({"vcov": "kenward-roger", "ddf": "residual"}, "ddf='residual'.*vcov='kenward-roger'"),
            ({"vcov": "kenward-roger", "ddf": "satterthwaite"}, "ddf='satterthwaite'.*those of Kenward and Roger"),
        ],
    )
    def test_options_of_tests_are_checked_when_they_are_made(self, options, says):
        with pytest.raises(hlmrs.OptionError, match=says):
            hlmrs.TestOptions(**options)

    def test_options_of_tests_go_wherever_tests_are(self):
        fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "dict"))
        options = hlmrs.TestOptions(vcov="CR2", level=0.9)
        low = fit.tidy(options=options)["conf_low"]
        np.testing.assert_array_equal(fit.confint(options=options)["conf_low"], low)
        assert [row["conf_low"] for row in fit.to_dict(options=options)["fixed"]] == low.tolist()
        row = fit.compare_methods("MachineB", n=9, seed=1, options=options)
        np.testing.assert_array_equal(row["conf_low"][row["method"].tolist().index("CR2")], low[1])
        assert "CR2 standard errors" in str(fit.summary(options=options))

    def test_pairs_names_itself_and_its_options(self):
        fit = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "dict"))
        with pytest.raises(TypeError, match=r"pairs\(\) has no argument 'adjus'.*'adjust'"):
            fit.marginal.pairs("Machine", adjus="none")

    @pytest.mark.parametrize("options", [{}, {"ddf": "normal"}, False, hlmrs.TestOptions])
    def test_options_of_tests_are_an_object(self, options):
        with pytest.raises(TypeError, match=r"options=.*give hlmrs.TestOptions"):
            hlmrs.lmer(MODEL, GOOD).tidy(options=options)

    def test_aliases_of_r(self):
        assert hlmrs.lmer(MODEL, GOOD, REML=False).criterion == hlmrs.lmer(MODEL, GOOD, reml=False).criterion
        with pytest.raises(TypeError, match="REML"):
            hlmrs.lmer(MODEL, GOOD, REML=True, reml=False)

    @pytest.mark.parametrize(
        "options",
        [{"reml": "yes"}, {"control": {"optimizer": "bobyqa"}}, {"contrasts": "sum"}, {"weights": 1.5}],
    )
    def test_wrong_types_name_the_keyword(self, options):
        with pytest.raises(TypeError, match=next(iter(options))):
            hlmrs.lmer(MODEL, GOOD, **options)

    def test_values_that_are_no_choice(self):
        refused(HlmrsError, "missing='omit'", "'drop', 'error'", missing="omit")
        refused(HlmrsError, "'f'", "'tretment'", "treatment", contrasts={"f": "tretment"}, formula="y ~ f + (1 | g)")
        refused(HlmrsError, "'z'", contrasts={"z": "sum"}, formula="y ~ f + (1 | g)")

    def test_methods_say_what_they_can_do(self):
        fit = hlmrs.lmer(MODEL, GOOD)
        for call in (
            lambda: fit.tidy(ddf="exact"),
            lambda: fit.confint(method="guess"),
            lambda: fit.confint(level=95),
            lambda: fit.resid(kind="odd"),
            lambda: fit.predict(GOOD, interval="belief"),
            lambda: fit.predict(GOOD, new_levels="zero"),
            lambda: fit.predict(GOOD, random_effects=["h"]),
            lambda: fit.coef("h"),
        ):
            with pytest.raises(HlmrsError, match=r"'.*'|level=95"):
                call()


class TestNewData:
    fit = None

    @pytest.fixture(autouse=True)
    def fitted(self):
        self.fit = hlmrs.lmer("y ~ x + f + (1 | g)", GOOD)

    def test_unseen_level_of_a_fixed_factor(self):
        with pytest.raises(DataError, match=r"'f'.*'z'.*'a', 'b', 'c'"):
            self.fit.predict({"x": [0.0], "f": ["z"], "g": ["g1"]})

    def test_unseen_level_of_a_grouping_factor(self):
        new = {"x": [0.0, 1.0], "f": ["a", "a"], "g": ["g1", "new"]}
        with pytest.raises(DataError, match=r"'g'.*'new'.*new_levels='population'"):
            self.fit.predict(new)
        assert np.isfinite(self.fit.predict(new, new_levels="population")).all()

    def test_missing_column(self):
        with pytest.raises(DataError, match="'x'"):
            self.fit.predict({"f": ["a"], "g": ["g1"]})


INTERRUPTED = """
import numpy as np, signal, threading, time, os, hlmrs
rng = np.random.default_rng(1)
n = 60_000
data = {"y": rng.normal(size=n), "a": rng.integers(0, 3000, n), "b": rng.integers(0, 2500, n), "x": rng.normal(size=n)}
sent = []
def interrupt():
    time.sleep(1.0)
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
try:
    hlmrs.lmer("y ~ x + (x | a) + (x | b)", data)
    print("finished")
except KeyboardInterrupt:
    print("stopped after", time.perf_counter() - sent[0])
    print("usable", hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff")).nobs)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_stops_a_long_fit_and_leaves_the_process_usable():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=120, check=True)
    first, second = done.stdout.splitlines()
    assert first.startswith("stopped after")
    assert float(first.split()[-1]) < 0.5  # 0.1 s on an idle machine
    assert second == "usable 30"


@pytest.mark.parametrize("name", ["school", "mAch"])
def test_contrasts_of_what_has_no_effects_are_refused(name):
    with pytest.raises(hlmrs.OptionError, match=f"no effects of '{name}'"):
        hlmrs.lmer("mAch ~ sector + (1 | school)", hlmrs.datasets.load("Hsb82"), contrasts={name: "sum"})


@pytest.mark.parametrize("name", ["sector", "C(sector, contr.treatment)"])
def test_contrasts_that_the_formula_gives_are_not_given_again(name):
    formula, data = "mAch ~ C(sector, contr.treatment) + (1 | school)", hlmrs.datasets.load("Hsb82")
    with pytest.raises(hlmrs.OptionError, match=rf"contrasts=\{{'{re.escape(name)}'.*C\(sector, contr.treatment\)"):
        hlmrs.lmer(formula, data, contrasts={name: "sum"})
    with pytest.raises(hlmrs.OptionError, match=rf"contrasts=\{{'{re.escape(name)}'.*C\(sector, contr.treatment\)"):
        hlmrs.glmer(formula.replace("mAch", "minrty"), data, family="binomial", contrasts={name: "sum"})


def test_contrasts_reach_what_the_formula_leaves_open():
    data = hlmrs.datasets.load("Hsb82")
    fit = hlmrs.lmer("mAch ~ C(sector) + (1 | school)", data, contrasts={"sector": "sum"})
    assert fit.update("~ C(sector, treatment) + (1 | school)").coef_names[1].startswith("C(sector, treatment)")
    by_sum = hlmrs.lmer("mAch ~ C(sector, sum) + (1 | school)", data)
    np.testing.assert_allclose(fit.beta, by_sum.beta, rtol=1e-12)


def test_contrasts_of_numbers_are_refused_wherever_they_enter():
    data = hlmrs.datasets.load("Oats")
    for term in ("nitro", "log1p(nitro)", "poly(nitro, 2)"):
        with pytest.raises(hlmrs.DesignError, match="'nitro'"):
            hlmrs.lmer(f"yield ~ {term} + (1 | Block)", data, contrasts={"nitro": "sum"})
