"""A pandas Series is matched by its index, for every argument that has a value a row; or it is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import hlmrs

FORMULA = "y ~ x + (1 | g)"
KEYS = {"vcov": "CR0"}


@pytest.fixture(scope="module")
def data():
    r = np.random.default_rng(1)
    g = np.repeat(np.arange(8), 6)
    x = r.normal(size=48)
    y = 1 + 0.5 * x + r.normal(size=8)[g] + 0.7 * r.normal(size=48)
    frame = pd.DataFrame({"y": y, "x": x, "g": g, "w": r.uniform(0.2, 5, 48), "c": g // 2})
    frame.index = pd.Index([f"row {k}" for k in range(48)])
    return frame


@pytest.fixture(scope="module")
def shuffled(data):
    return data.sample(frac=1, random_state=1)


@pytest.fixture(scope="module")
def fit(data):
    return hlmrs.lmer(FORMULA, data)


CALLS = {
    "weights": (lambda d, _, s: hlmrs.lmer(FORMULA, d, weights=s["w"]).beta),
    "offset": (lambda d, _, s: hlmrs.lmer(FORMULA, d, offset=s["w"]).beta),
    "model": (lambda d, _, s: hlmrs.model(FORMULA, d, weights=s["w"]).fit().beta),
    "update": (lambda d, fit, s: fit.update(weights=s["w"]).beta),
    "refit": (lambda d, fit, s: fit.refit(s["w"]).beta),
    "cluster": (lambda d, fit, s: fit.vcov("CR0", cluster=s["c"])),
    "tidy": (lambda d, fit, s: fit.tidy(vcov="CR0", cluster=s["c"])["std_error"].to_numpy()),
    "influence": (lambda d, fit, s: fit.influence(s["c"]).to_frame()["cooks_distance"].to_numpy()),
    "predict": (lambda d, fit, s: fit.predict(d, offset=s["w"])),
    "fit_many": (lambda d, _, s: hlmrs.fit_many(s[["w", "y"]], "~ x + (1 | g)", d)["estimate"].to_numpy()),
    "dictionary": (lambda d, _, s: hlmrs.fit_many({"w": s["w"]}, "~ x + (1 | g)", d)["estimate"].to_numpy()),
    "many weights": (lambda d, _, s: hlmrs.fit_many(["y"], "~ x + (1 | g)", d, weights=s["w"])["estimate"].to_numpy()),
    "autocorrelation": (lambda d, fit, s: fit.check.autocorrelation(order=s["w"]).to_frame()["statistic"].to_numpy()),
    "columns": (lambda d, _, s: hlmrs.lmer(FORMULA, {"y": d["y"], "x": s["w"], "g": d["g"]}).beta),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_order_of_a_series_does_not_matter(data, fit, shuffled, call):
    np.testing.assert_allclose(call(data, fit, shuffled), call(data, fit, data), rtol=1e-9)
    assert not np.allclose(shuffled["w"].to_numpy(), data["w"].to_numpy())


def test_a_longer_series_is_matched_as_well(data):
    part = data[data["x"] > 0]
    want = hlmrs.lmer(FORMULA, part, weights="w")
    assert hlmrs.lmer(FORMULA, part, weights=data["w"]).criterion == want.criterion


def test_a_response_may_have_every_row_of_the_data(data, shuffled):
    gaps = data.assign(x=data["x"].where(np.arange(48) != 7))
    with pytest.warns(hlmrs.DroppedRowsWarning):
        fit = hlmrs.lmer(FORMULA, gaps)
    kept = data.drop(index="row 7")
    want = fit.refit(kept["w"].to_numpy()).criterion
    for y in (kept["w"], shuffled["w"], data["w"], data["w"].to_numpy()):
        assert fit.refit(y).criterion == want


@pytest.mark.parametrize(
    ("index", "part"),
    [
        ([f"row {k}" for k in range(1, 49)], "without 'row 0'"),
        ([f"row {k // 2}" for k in range(48)], "without 'row 24'"),
        ([f"row {k % 48}" for k in range(96)], "'row 0' occurs more than once"),
    ],
)
def test_an_index_that_cannot_be_matched_is_refused(data, fit, index, part):
    weights = pd.Series(np.resize(data["w"].to_numpy(), len(index)), index=index)
    for call in (
        lambda: hlmrs.lmer(FORMULA, data, weights=weights),
        lambda: fit.refit(weights),
        lambda: fit.vcov("CR0", cluster=weights),
        lambda: fit.predict(data, offset=weights),
    ):
        with pytest.raises(hlmrs.DataError, match=part) as error:
            call()
        assert "to_numpy()" in str(error.value)


def test_labels_that_the_data_do_not_know_are_by_place(data):
    want = hlmrs.lmer(FORMULA, data, weights="w").criterion
    assert hlmrs.lmer(FORMULA, data, weights=pd.Series(data["w"].to_numpy())).criterion == want


def test_without_an_index_an_order_of_its_own_is_refused(data, shuffled):
    plain = data.reset_index(drop=True)
    frame = pl.DataFrame(plain)
    want = hlmrs.lmer(FORMULA, frame, weights="w").criterion
    assert hlmrs.lmer(FORMULA, frame, weights=plain["w"]).criterion == want
    with pytest.raises(hlmrs.DataError, match="not in order"):
        hlmrs.lmer(FORMULA, frame, weights=plain["w"].sample(frac=1, random_state=1))


def test_labels_that_miss_a_value_or_mix_types(data, fit):
    gaps = data["c"].astype(object).where(np.arange(48) != 5, None)
    for labels in (gaps, gaps.astype(float), gaps.astype(str).where(np.arange(48) != 5, None)):
        with pytest.raises(hlmrs.DataError, match="misses a value at row 5"):
            fit.vcov("CR0", cluster=labels)
        assert len(fit.influence(labels).to_frame()) == 4
    with pytest.raises(hlmrs.DataError, match="cluster mixes labels of several types"):
        fit.vcov("CR0", cluster=np.array(["a", 1] * 24, dtype=object))


def test_arrays_belong_to_the_rows_they_were_given_for(data, shuffled):
    fit = hlmrs.lmer(FORMULA, data, weights=data["w"])
    with pytest.raises(hlmrs.DataError, match="give weights= for the new ones"):
        fit.update(data=shuffled)
    assert fit.update(data=shuffled, weights=data["w"]).criterion == pytest.approx(fit.criterion, rel=1e-12)


def test_hypotheses_and_weights_by_label(fit):
    want = fit.test([[0.0, 1.0]])["estimate"].to_numpy()
    assert fit.test(pd.DataFrame({"x": [1.0], "(Intercept)": [0.0]}))["estimate"].to_numpy() == want
    with pytest.raises(hlmrs.OptionError, match="'z'"):
        fit.test(pd.DataFrame({"x": [1.0], "z": [0.0]}))
    machines = hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines", "pandas"))
    mine = {"C - A": pd.Series({"C": 1.0, "A": -1.0, "B": 0.0})}
    got = machines.contrasts("Machine", method=mine)["estimate"].iloc[0]
    assert got == pytest.approx(machines.fixef()["MachineC"])
    rows = pd.DataFrame(np.eye(3)[:, 1:], index=list("CBA"))
    with pytest.raises(hlmrs.OptionError, match="in the order of the levels"):
        hlmrs.lmer("score ~ Machine + (1 | Worker)", hlmrs.datasets.load("Machines"), contrasts={"Machine": rows})
