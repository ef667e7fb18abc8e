"""Many responses over one design: each is fitted as lmer fits it alone."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

import hlmrs


@pytest.fixture(scope="module")
def design():
    rng = np.random.default_rng(5)
    n = 200
    return pl.DataFrame(
        {"x": rng.normal(size=n), "f": rng.choice(["a", "b", "c"], n), "id": np.arange(n) % 20, "w": 1 + rng.random(n)}
    )


@pytest.fixture(scope="module")
def responses(design):
    rng = np.random.default_rng(6)
    ids = design["id"].to_numpy()
    y = rng.normal(size=(200, 12)) + rng.normal(size=(20, 12))[ids] + design["x"].to_numpy()[:, None] * np.arange(12)
    y += (np.arange(20) * rng.normal(size=20))[ids][:, None] * design["x"].to_numpy()[:, None] / 10 + 100
    y[:7, 3] = y[:7, 4] = np.nan
    y[100:120, 5] = np.nan
    y[ids == 3, 6] = np.nan
    y[:, 10] = 2.5
    y[:, 11] = np.nan
    return y


@pytest.mark.parametrize(
    ("formula", "options", "ddf"),
    [
        ("~ x + (1 + x | id)", {}, "satterthwaite"),
        ("~ x + (1 + x | id)", {}, "kenward-roger"),
        ("~ x + f + (1 | id)", {"weights": "w", "reml": False}, "satterthwaite"),
        ("~ x + f + (1 | id)", {}, "residual"),
        ("~ x + f + (1 | id)", {}, "normal"),
        ("~ x + offset(w) + (1 | id)", {}, "satterthwaite"),
    ],
)
def test_every_response_is_fitted_as_if_alone(design, responses, formula, options, ddf):
    table = hlmrs.fit_many(responses, formula, design, ddf=ddf, **options)
    assert table["response"].unique(maintain_order=True).to_list() == [str(k) for k in range(12)]
    for k in range(10):
        mine = table.filter(pl.col("response") == str(k))
        rows = design.with_columns(y=responses[:, k]).filter(~pl.col("y").is_nan())
        alone = hlmrs.lmer(f"y {formula}", rows, **options)
        assert mine["criterion"][0] == pytest.approx(alone.criterion, rel=1e-9)
        assert mine["n_obs"][0] == alone.nobs
        assert mine["status"][0] == alone.verdict.status
        fixed, tidy = mine.filter(pl.col("effect") == "fixed"), alone.tidy(ddf=ddf)
        assert fixed["term"].to_list() == tidy["term"].to_list()
        np.testing.assert_allclose(fixed["df"].to_numpy(), tidy["df"].to_numpy(), rtol=1e-3)
        for column in ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"):
            np.testing.assert_allclose(fixed[column].to_numpy(), tidy[column].to_numpy(), rtol=1e-5, atol=1e-9)
        sd = mine.filter(pl.col("effect") == "sd")["estimate"].to_numpy()
        expected = alone.varcorr().filter(pl.col("term2").is_null())["sd"].to_numpy()
        np.testing.assert_allclose(sd, expected, rtol=1e-4, atol=1e-6)


def test_responses_that_cannot_be_fitted_say_so(design, responses):
    table = hlmrs.fit_many(responses, "~ x + (1 | id)", design)
    failed = table.filter(pl.col("status") == "failed").unique("response", maintain_order=True)
    assert failed["response"].to_list() == ["10", "11"]
    assert "2.5 in every row" in failed["reason"][0]
    assert "no value" in failed["reason"][1]


def test_when_no_response_can_be_fitted_each_still_says_why(design):
    table = hlmrs.fit_many(np.full((200, 3), np.nan), "~ x + (1 + x | id)", design)
    assert table["status"].to_list() == ["failed"] * len(table)
    assert table["reason"].str.contains("no value").all()
    assert table["estimate"].is_null().all()


def test_one_bad_response_does_not_touch_those_that_share_its_rows(design, responses):
    alone = hlmrs.fit_many(responses[:, :2], "~ x + (1 | id)", design)
    infinite = np.where(np.arange(200) == 3, np.inf, responses[:, 0])
    for bad in (np.full(200, 3.0), infinite, 1 + 2 * design["x"].to_numpy(), np.zeros(200)):
        together = hlmrs.fit_many(np.column_stack([bad, responses[:, :2]]), "~ x + (1 | id)", design)[len(alone) // 2 :]
        for column in ("estimate", "std_error", "criterion"):
            np.testing.assert_allclose(together[column].to_numpy(), alone[column].to_numpy(), rtol=1e-6, atol=1e-9)


def test_a_response_of_another_frame_may_have_the_name_of_a_predictor(design, responses):
    table = hlmrs.fit_many({"x": responses[:, 0]}, "~ x + (1 | id)", design)
    same = hlmrs.fit_many({"u": responses[:, 0]}, "~ x + (1 | id)", design)
    assert table["estimate"].equals(same["estimate"])


def test_rows_in_another_order_are_matched_by_their_index(design, responses):
    data = design.to_pandas()
    table = pd.DataFrame(responses[:, :2], index=data.index)
    shuffled = table.sample(frac=1, random_state=1)
    expected = hlmrs.fit_many(table, "~ x + (1 | id)", data)
    assert hlmrs.fit_many(shuffled, "~ x + (1 | id)", data).equals(expected)
    assert hlmrs.fit_many(shuffled.loc[data.index], "~ x + (1 | id)", data).equals(expected)
    other_labels = table.set_axis([f"sample {k}" for k in range(200)])
    assert hlmrs.fit_many(other_labels, "~ x + (1 | id)", data).equals(expected)


def test_responses_do_not_explain_themselves(design, responses):
    data = design.select("x", "id").with_columns(y1=responses[:, 0], y2=responses[:, 1])
    want = hlmrs.fit_many(["y1", "y2"], "~ x + (1 | id)", data)
    for own in (["y1", "y2"], data.select("y1", "y2"), {"y1": responses[:, 0], "y2": responses[:, 1]}):
        assert hlmrs.fit_many(own, "~ . + (1 | id)", data)["estimate"].equals(want["estimate"])
        with pytest.raises(hlmrs.FormulaError, match="'y1'"):
            hlmrs.fit_many(own, "~ y1 + (1 | id)", data)


def test_rows_that_the_design_misses_are_left_out(design, responses):
    holed = design.with_columns(pl.when(pl.int_range(pl.len()) < 10).then(None).otherwise("x").alias("x"))
    table = hlmrs.fit_many(responses[:, :2], "~ x + (1 | id)", holed)
    assert table["n_obs"].to_list() == [190.0] * len(table)


def test_responses_come_as_frames_arrays_or_names(design, responses):
    frame = pl.DataFrame(responses[:, :3], schema=["u", "v", "w2"])
    by_frame = hlmrs.fit_many(frame, "~ x + (1 | id)", design)
    by_name = hlmrs.fit_many(["u", "v", "w2"], "~ x + (1 | id)", pl.concat([design, frame], how="horizontal"))
    by_array = hlmrs.fit_many(responses[:, :3], "~ x + (1 | id)", design)
    assert by_frame.equals(by_name)
    assert by_frame["estimate"].equals(by_array["estimate"])
    assert by_frame["response"].unique(maintain_order=True).to_list() == ["u", "v", "w2"]


def test_results_do_not_depend_on_threads(design, responses):
    one, two = (hlmrs.fit_many(responses, "~ x + (1 | id)", design, control=hlmrs.Control(n_threads=n)) for n in (1, 2))
    assert one.equals(two, null_equal=True)


def test_refusals(design, responses):
    with pytest.raises(hlmrs.FormulaError, match="right side alone"):
        hlmrs.fit_many(responses, "y ~ x + (1 | id)", design)
    with pytest.raises(hlmrs.DataError, match="199 rows"):
        hlmrs.fit_many(responses[1:], "~ x + (1 | id)", design)
    with pytest.raises(hlmrs.DataError, match="no column 'q'"):
        hlmrs.fit_many(["q"], "~ x + (1 | id)", design)
    with pytest.raises(hlmrs.DataError, match="dimensions"):
        hlmrs.fit_many(responses[:, 0], "~ x + (1 | id)", design)
    with pytest.raises(hlmrs.DataError, match="there are no responses"):
        hlmrs.fit_many(responses[:, :0], "~ x + (1 | id)", design)
    with pytest.raises(hlmrs.DataError, match="'x' occurs 2 times"):
        hlmrs.fit_many(["x", "x"], "~ f + (1 | id)", design)
    with pytest.raises(hlmrs.DataError, match="Series is not a table"):
        hlmrs.fit_many(design["x"], "~ f + (1 | id)", design)
    with pytest.raises(hlmrs.OptionError, match="level"):
        hlmrs.fit_many(responses, "~ x + (1 | id)", design, level=95)


def test_degrees_of_freedom_are_by_default_those_of_tidy(design, responses):
    table = hlmrs.fit_many(responses[:, :2], "~ x + (1 | id)", design)
    same = hlmrs.fit_many(responses[:, :2], "~ x + (1 | id)", design, ddf="satterthwaite")
    assert table.equals(same)


def test_degrees_of_freedom_that_many_fits_cannot_have_are_refused_or_explained(design, responses):
    with pytest.raises(hlmrs.OptionError, match="'kenward-roger', 'kenward-roger-linear', 'residual', 'normal'"):
        hlmrs.fit_many(responses, "~ x + (1 | id)", design, ddf="containment")
    with pytest.raises(hlmrs.OptionError, match="REML"):
        hlmrs.fit_many(responses, "~ x + (1 | id)", design, ddf="kenward-roger", reml=False)
    table = hlmrs.fit_many(responses[:, :2], "~ x + toep(0 + f | id)", design, ddf="kenward-roger")
    fixed = table.filter(pl.col("effect") == "fixed")
    assert fixed["reason"].str.contains("linear in their parameters").all()
    assert (fixed["status"] != "failed").all()
    assert fixed["p_value"].is_nan().all()


def counts_of(design):
    rng = np.random.default_rng(8)
    ids, x = design["id"].to_numpy(), design["x"].to_numpy()
    effects = 0.6 * rng.normal(size=(20, 6))[ids]
    y = rng.poisson(np.exp(0.5 + 0.3 * x[:, None] + effects)).astype(float)
    y[:9, 1], y[:, 3], y[4, 4] = np.nan, 0.0, -1.0
    return y


@pytest.mark.parametrize(("family", "weights"), [("poisson", None), ("nbinom2", "w")])
def test_generalized_models_of_many_responses_are_those_of_glmer(design, family, weights):
    y = counts_of(design)
    names = [f"y{k}" for k in range(6)]
    frame = pl.DataFrame(dict(zip(names, y.T, strict=True)))
    table = hlmrs.fit_many(frame, "~ x + f + (1 | id)", design, family=family, weights=weights)
    assert table["response"].unique(maintain_order=True).to_list() == names
    for name in names:
        own = table.filter(pl.col("response") == name)
        if name in ("y3", "y4"):
            assert own["status"].to_list() == ["failed"]
            assert ("no variation" if name == "y3" else "negative") in own["reason"][0]
            continue
        data = design.with_columns(frame[name]).with_columns(pl.col(name).fill_nan(None))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
            fit = hlmrs.glmer(f"{name} ~ x + f + (1 | id)", data, family=family, weights=weights)
        fixed, want = own.filter(pl.col("effect") == "fixed"), fit.tidy()
        assert fixed["term"].to_list() == want["term"].to_list()
        for column in ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"):
            np.testing.assert_allclose(fixed[column].to_numpy(), want[column].to_numpy(), rtol=1e-6, atol=1e-12)
        assert set(own["n_obs"]) == {fit.nobs}
        assert own["criterion"][0] == pytest.approx(fit.criterion)
        sd = own.filter(pl.col("effect") == "sd").row(0, named=True)
        assert (sd["group"], sd["term"]) == ("id", "(Intercept)")
        assert sd["estimate"] == pytest.approx(fit.varcorr()["sd"][0])
        if family == "nbinom2":
            dispersion = own.filter(pl.col("effect") == "dispersion")["estimate"][0]
            assert dispersion == pytest.approx(np.log(fit.dispersion))


def test_what_many_generalized_models_do_not_have_is_refused(design):
    y = counts_of(design)[:, :1]
    with pytest.raises(hlmrs.OptionError, match="differ in their categories"):
        hlmrs.fit_many(y, "~ x + (1 | id)", design, family="cumulative")
    with pytest.raises(hlmrs.OptionError, match="tests of generalized ones are 'normal'"):
        hlmrs.fit_many(y, "~ x + (1 | id)", design, family="poisson", ddf="residual")
    with pytest.raises(hlmrs.OptionError, match="give family="):
        hlmrs.fit_many(y, "~ x + (1 | id)", design, link="log")
    with pytest.raises(hlmrs.OptionError, match="did you mean 'poisson'"):
        hlmrs.fit_many(y, "~ x + (1 | id)", design, family="poison")
