"""Pickles, copies and files hold a fit without its data."""

import copy
import io
import pickle
import warnings

import joblib
import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows
from hlmrs import storage
from hlmrs.estimation.state import to_bytes

SLEEP = hlmrs.datasets.load("sleepstudy", "polars")
MODELS = {
    "slopes": ("Reaction ~ Days + (Days | Subject)", SLEEP, {}),
    "weights and offset": (
        "log(Reaction) ~ poly(Days, 2) + (1 | Subject)",
        SLEEP.with_columns(w=pl.Series(np.linspace(1, 2, 180)), off=pl.Series(np.linspace(0, 0.1, 180))),
        {"weights": "w", "offset": "off", "reml": False},
    ),
    "crossed": (
        "diameter ~ 1 + (1 | plate) + (1 | sample)",
        hlmrs.datasets.load("Penicillin", "pandas"),
        {},
    ),
    "structured": ("score ~ Machine + cs(0 + Machine | Worker)", hlmrs.datasets.load("Machines", "dict"), {}),
}


@pytest.fixture(params=MODELS.values(), ids=MODELS, scope="module")
def fit(request):
    formula, data, options = request.param
    return hlmrs.lmer(formula, data, **options), data


def through_file(fit, tmp_path, **options):
    fit.save(tmp_path / "fit", **options)
    return hlmrs.load(tmp_path / "fit")


def through_joblib(fit):
    file = io.BytesIO()
    joblib.dump(fit, file)
    file.seek(0)
    return joblib.load(file)


def alike(one, other):
    for left, right in zip(rows(one), rows(other), strict=True):
        assert list(left) == list(right)
        for name, value in left.items():
            assert right[name] == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value)


def same(one, other, data):
    assert other.formula == one.formula
    assert other.criterion == one.criterion
    assert (other.nobs, other.n_params, other.n_groups) == (one.nobs, one.n_params, one.n_groups)
    for name in ("beta", "theta", "sigma"):
        np.testing.assert_array_equal(getattr(other, name), getattr(one, name))
    for table in ("tidy", "varcorr", "ranef", "coef", "glance"):
        alike(getattr(one, table)(), getattr(other, table)())
    assert str(other.summary()) == str(one.summary())
    np.testing.assert_allclose(other.predict(data), one.predict(data), rtol=1e-12)
    alike(one.predict(data, interval="prediction"), other.predict(data, interval="prediction"))


def test_files_keep_everything_but_the_rows(fit, tmp_path):
    original, data = fit
    loaded = through_file(original, tmp_path)
    same(original, loaded, data)
    for needs_rows in (
        lambda: loaded.fitted,
        lambda: loaded.resid(),
        lambda: loaded.augment(),
        lambda: loaded.simulate(seed=1),
        lambda: loaded.refit(np.ones(loaded.nobs)),
        lambda: loaded.update("~ ."),
        lambda: loaded.predict(interval="confidence"),
    ):
        with pytest.raises(hlmrs.FitStateError, match="without its data"):
            needs_rows()


def test_files_can_keep_fitted_values(fit, tmp_path):
    original, _ = fit
    loaded = through_file(original, tmp_path, keep_rows=True)
    np.testing.assert_array_equal(loaded.fitted, original.fitted)
    np.testing.assert_array_equal(loaded.resid("standardized"), original.resid("standardized"))
    np.testing.assert_array_equal(loaded.predict(), original.predict())


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_pickles_keep_fitted_values(fit, protocol):
    original, data = fit
    again = pickle.loads(pickle.dumps(original, protocol))
    same(original, again, data)
    np.testing.assert_array_equal(again.fitted, original.fitted)
    same(original, pickle.loads(pickle.dumps(again)), data)


def test_joblib_and_copies(fit):
    original, data = fit
    same(original, through_joblib(original), data)
    assert copy.copy(original) is original
    assert copy.deepcopy([original])[0] is original


def fit_one(seed):
    rng = np.random.default_rng(seed)
    data = SLEEP.with_columns(Reaction=pl.col("Reaction") + pl.Series(rng.normal(size=180)))
    return hlmrs.lmer("Reaction ~ Days + (1 | Subject)", data)


def test_fits_come_back_from_other_processes():
    fits = joblib.Parallel(n_jobs=2)(joblib.delayed(fit_one)(seed) for seed in range(2))
    for seed, fit in enumerate(fits):
        assert fit.criterion == fit_one(seed).criterion


def test_update_fits_a_loaded_model_to_data(tmp_path):
    loaded = through_file(hlmrs.lmer("Reaction ~ Days + (1 | Subject)", SLEEP), tmp_path)
    assert loaded.update("~ . - Days", data=SLEEP).formula == "Reaction ~ 1 + (1 | Subject)"


def test_a_saved_fit_is_small(tmp_path):
    data = hlmrs.datasets.load("InstEval")
    hlmrs.lmer("y ~ service + (1 | s) + (1 | d)", data).save(tmp_path / "fit")
    assert (tmp_path / "fit").stat().st_size < 40_000_000


def headers():
    """Files whose parts do not fit together."""
    fit = hlmrs.lmer("Reaction ~ Days + (Days | Subject)", SLEEP)
    header, arrays = storage.from_bytes(to_bytes(fit._estimate), "x")
    yield {}, {}
    yield {**header, "core": "{}"}, arrays
    yield {**header, "core": 3}, arrays
    yield {**header, "encoding": "[]"}, arrays
    yield {**header, "frame": "excel"}, arrays
    yield {**header, "layout": {**header["layout"], "kept": "all"}}, arrays
    yield {**header, "layout": {**header["layout"], "groups": [None]}}, arrays
    yield {**header, "request": {**header["request"], "expanded_formula": "y ~ system('true')"}}, arrays
    for name, array in arrays.items():
        yield header, {k: v for k, v in arrays.items() if k != name}
        yield header, {**arrays, name: array[..., :-1]}
        if array.dtype == np.float64:
            yield header, {**arrays, name: np.full_like(array, np.nan)}


def test_files_whose_parts_do_not_fit_are_errors_and_never_panics(tmp_path):
    for k, (header, arrays) in enumerate(headers()):
        storage.write(tmp_path / f"{k}", header, arrays)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                loaded = hlmrs.load(tmp_path / f"{k}")
                loaded.summary()
                loaded.predict(SLEEP, interval="confidence")
            except hlmrs.HlmrsError:
                continue


def test_fits_from_other_processes_keep_what_their_rows_gave():
    r = np.random.default_rng(4)
    g = np.repeat(np.arange(12), 6)
    data = {
        "y": r.normal(size=12)[g] + r.normal(size=72),
        "x": r.uniform(1, 3, 72),
        "f": r.choice(["a", "b", "c"], 72).astype(object),
        "flag": r.integers(0, 2, 72).astype(bool),
        "g": g,
        "w": r.uniform(0.5, 2, 72),
    }
    data["f"][3] = None
    with pytest.warns(hlmrs.DroppedRowsWarning):
        fit = hlmrs.lmer("log(y + 9) ~ bs(x, df=4) + f * flag + offset(0 * x) + (1 | g)", data, weights=data["w"])
    copy = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(fit))))
    calls = {
        "anova": lambda m: m.anova()["statistic"],
        "means": lambda m: m.emmeans("f", weights="cells")["estimate"],
        "slopes": lambda m: m.slopes("x")["estimate"],
        "icc": lambda m: [m.icc().unadjusted],
        "r2": lambda m: [m.r2().marginal],
        "robust": lambda m: m.vcov("CR2"),
        "containment": lambda m: m.tidy(ddf="containment")["p_value"],
        "ranova": lambda m: m.ranova()["p_value"],
        "reduction": lambda m: m.variance.reduction()["reduction"],
        "influence": lambda m: m.influence("g").cooks_distance,
        "bootstrap": lambda m: m.bootstrap(5, seed=1).values,
        "simulate": lambda m: m.simulate(2, seed=1),
        "refit": lambda m: m.refit(data["w"][np.arange(72) != 3]).beta,
        "leverage": lambda m: m.resid("studentized"),
        "interval": lambda m: m.predict(interval="prediction")["std_error"],
        "compare": lambda m: hlmrs.compare(m, hlmrs.lmer("log(y + 9) ~ f + (1 | g)", data, weights="w"))["aic"],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        for name, call in calls.items():
            np.testing.assert_allclose(call(copy), call(fit), rtol=1e-9, atol=1e-12, err_msg=name)
    with pytest.raises(hlmrs.FitStateError, match=r"data=\.\.\."):
        copy.augment()


def test_influence_comes_back_from_other_processes():
    found = hlmrs.lmer("Yield ~ 1 + (1 | Batch)", hlmrs.datasets.load("Dyestuff", "dict")).influence("Batch")
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.variance_changes()["sigma"], found.variance_changes()["sigma"])


DAMAGED = [
    ("encoding", '"n_cells":3', f'"n_cells":{2**42}'),
    ("encoding", '"n_numeric":1', '"n_numeric":4398046511104'),
    ("encoding", '"factor":0', '"factor":7'),
    ("encoding", '"input":1', '"input":77'),
    ("encoding", '"column":0', '"column":77'),
    ("encoding", '"reference":0', '"reference":77'),
    ("core", '"n_columns":4', '"n_columns":5'),
    ("core", '"width":2', '"width":1'),
]


@pytest.mark.parametrize(("part", "written", "instead"), DAMAGED)
def test_a_file_that_disagrees_with_itself_is_refused_where_it_is_read(tmp_path, part, written, instead):
    path = tmp_path / "fit"
    data = SLEEP.with_columns(k=pl.Series(np.arange(180) % 3).cast(str))
    hlmrs.lmer("Reaction ~ k + Days + (Days | Subject)", data).save(path)
    header, arrays = storage.read(path)
    assert written in header[part]
    storage.write(path, {**header, part: header[part].replace(written, instead, 1)}, arrays)
    with pytest.raises(hlmrs.DataError, match=r"fit' does not hold a fit .* save the fit again"):
        hlmrs.load(path)


@pytest.mark.parametrize(
    "change",
    [
        {"weights": ["w"]},
        {"offset": 3},
        {"missing": "sometimes"},
        {"contrasts": {"z": "sum"}},
        {"contrasts": None},
        {"expanded_formula": "Reaction ~ Days + (1 | Subject)"},
        {"expanded_formula": "Reaction ~ Days + I(Days^2) + (Days | Subject)"},
    ],
)
def test_a_request_of_another_model_is_refused_where_it_is_read(tmp_path, change):
    path = tmp_path / "fit"
    hlmrs.lmer("Reaction ~ Days + (Days | Subject)", SLEEP).save(path)
    header, arrays = storage.read(path)
    storage.write(path, {**header, "request": header["request"] | change}, arrays)
    with pytest.raises(hlmrs.DataError, match="does not hold a fit"):
        hlmrs.load(path)


def test_rows_of_other_counts_are_refused_where_they_are_read(tmp_path):
    path = tmp_path / "fit"
    hlmrs.lmer("Reaction ~ Days + (Days | Subject)", SLEEP).save(path, keep_rows=True)
    header, arrays = storage.read(path)
    storage.write(path, header, arrays | {"rows.fitted": np.zeros(179)})
    with pytest.raises(hlmrs.DataError, match="its rows are not those of its counts"):
        hlmrs.load(path)
