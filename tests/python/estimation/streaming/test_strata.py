"""A dispersion of few values, from sums over the rows of every stratum: as fits to rows in memory."""

import pickle

import numpy as np
import polars as pl
import pytest

import hlmrs
from golden import rows

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")


def people(n: int = 2000, seed: int = 3) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    g, h = rng.integers(0, 40, n), rng.integers(0, 15, n)
    sex, k, x = np.array(["f", "m"])[rng.integers(0, 2, n)], rng.integers(0, 3, n), 5 + rng.normal(size=n)
    slope = 0.5 * rng.normal(size=40)[g] * x
    e = np.exp(0.5 * (sex == "m") + 0.3 * k) * rng.normal(size=n)
    y = 100 + x + rng.normal(size=40)[g] + slope + rng.normal(size=15)[h] + e
    names = np.array(["low", "middle", "high"])
    data = {"y": y, "x": x, "g": g, "h": h, "sex": sex, "k": k.astype(float), "old": k == 2, "o": 0.1 * k}
    frame = pl.DataFrame(data | {"w": rng.uniform(0.5, 2, n), "band": names[k]})
    return frame.with_columns(pl.col("band").cast(pl.Enum(names)))


DATA = people()


def batches(folder, data: pl.DataFrame, size: int = 300) -> str:
    """Write files of some rows each, sorted, so that levels and strata come one after the other."""
    ordered = data.sort("sex", "k")
    for k in range(0, len(ordered), size):
        ordered[k : k + size].write_parquet(folder / f"{k:05}.parquet")
    return f"{folder}/*.parquet"


def same(streamed, kept) -> None:
    assert streamed.criterion == pytest.approx(kept.criterion, rel=1e-8)
    assert streamed.n_params == kept.n_params
    assert streamed.verdict.status == kept.verdict.status
    for table in (
        lambda fit: fit.tidy(),
        lambda fit: fit.tidy(component="dispersion"),
        lambda fit: fit.tidy("ran_pars"),
    ):
        mine, theirs = rows(table(streamed)), rows(table(kept))
        assert [row["term"] for row in mine] == [row["term"] for row in theirs]
        for column in ("estimate", "std_error", "df", "conf_low"):
            values = [
                [np.nan if row[column] is None else row[column] for row in own]
                for own in (mine, theirs)
                if column in own[0]
            ]
            if values:
                np.testing.assert_allclose(*values, rtol=1e-5, atol=1e-8)
    for row, other in zip(rows(streamed.residual_parameters()), rows(kept.residual_parameters()), strict=True):
        assert row["estimate"] == pytest.approx(other["estimate"], rel=1e-7)


@pytest.mark.parametrize(
    ("formula", "dispersion", "options"),
    [
        ("y ~ x + sex + (x | g)", "~ sex", {}),
        ("y ~ x + (1 | g) + (1 | h)", "~ sex + k", {}),
        ("y ~ x + (x | g) + (1 | h)", "~ sex * factor(k)", {"reml": False}),
        ("y ~ band + x + (1 | g)", "~ band", {"weights": "w"}),
        ("y ~ x + (x || g)", "~ old", {"offset": "x"}),
        ("y ~ x + (1 | g)", "~ sex + offset(o)", {"sigma": 1.5}),
        ("y ~ scale(x) + within(x, g) + poly(x, 2) + (1 | g)", "~ I(k^2)", {}),
    ],
)
def test_it_is_the_fit_to_rows_in_memory(tmp_path, formula: str, dispersion: str, options: dict) -> None:
    kept = hlmrs.lmer(formula, DATA, dispersion=dispersion, **options)
    same(hlmrs.lmer(formula, batches(tmp_path, DATA), dispersion=dispersion, rows="stream", **options), kept)


def test_rows_that_miss_a_value_are_left_out_and_counted(tmp_path) -> None:
    hole = pl.int_range(pl.len()) % 7 == 1
    data = DATA.with_columns(
        pl.when(hole).then(None).otherwise("sex").alias("sex"),
        pl.when(pl.col("k") == 1).then(None).otherwise("x").alias("x"),
    )
    kept = hlmrs.lmer("y ~ x + band + (1 | g)", data, dispersion="~ sex")
    streamed = hlmrs.lmer("y ~ x + band + (1 | g)", batches(tmp_path, data), dispersion="~ sex", rows="stream")
    same(streamed, kept)
    for fit in (streamed, kept):
        assert f"Rows        {kept.nobs:,} of 2,000 ({2000 - kept.nobs} dropped for missing values; x: " in str(
            fit.summary()
        )
        assert "286" in str(fit.summary())  # of the dispersion
    with pytest.raises(hlmrs.DataError, match="values are missing: of sex"):
        hlmrs.lmer("y ~ band + (1 | g)", data, dispersion="~ sex", rows="stream", missing="error")


def test_one_value_says_nothing_and_many_have_no_sums_of_their_own() -> None:
    with pytest.raises(hlmrs.DesignError, match="the same values in all rows"):
        hlmrs.lmer("y ~ x + (1 | g)", DATA.filter(pl.col("sex") == "f"), dispersion="~ sex", rows="stream")
    with pytest.raises(hlmrs.OptionError, match=r"dispersion='~ x': its variables have more than 50 combinations"):
        hlmrs.lmer("y ~ x + (1 | g)", DATA, dispersion="~ x", rows="stream")
    for dispersion in ("~ scale(k)", "~ fitted", "~ ns(k, df=2)"):
        with pytest.raises(hlmrs.HlmrsError):
            hlmrs.lmer("y ~ x + (1 | g)", DATA, dispersion=dispersion, rows="stream")


def test_an_offset_alone_is_a_weight_and_a_constant_says_nothing() -> None:
    with pytest.raises(hlmrs.OptionError, match="'~ 1': it has no variables, so that it says nothing; leave it out"):
        hlmrs.lmer("y ~ x + (1 | g)", DATA.lazy(), dispersion="~ 1", rows="stream")
    with pytest.raises(hlmrs.OptionError, match=r"weights=, for offset\(h\) a column of exp\(-2 \* h\)"):
        hlmrs.lmer("y ~ x + (1 | g)", DATA.lazy(), dispersion="~ offset(o)", rows="stream")
    data = DATA.with_columns(v=(-2 * pl.col("o")).exp(), vw=(-2 * pl.col("o")).exp() * pl.col("w"))
    for weights, known in (("v", None), ("vw", "w")):
        kept = hlmrs.lmer("y ~ x + (1 | g)", DATA, dispersion="~ offset(o)", weights=known)
        streamed = hlmrs.lmer("y ~ x + (1 | g)", data.lazy(), weights=weights, rows="stream")
        assert streamed.criterion == pytest.approx(kept.criterion, rel=1e-10)


def test_further_rows_are_fitted_together_with_the_old_ones() -> None:
    fit = hlmrs.lmer("y ~ x + (1 | g)", DATA.lazy(), dispersion="~ sex", rows="stream")
    for take in (fit.append, fit.adapt, hlmrs.gls("y ~ x", DATA).append):
        with pytest.raises(hlmrs.DesignError, match="fit the old rows and the new ones together"):
            take(DATA)
    with pytest.raises(hlmrs.FitStateError, match=r"old rows and new ones together in the place of append and adapt"):
        fit.resid()


def test_a_model_without_random_effects_reads_a_large_source_batch_by_batch(tmp_path, monkeypatch) -> None:
    source = batches(tmp_path, DATA)
    kept = hlmrs.gls("y ~ x + sex", DATA, dispersion="~ sex")
    assert hlmrs.gls("y ~ x + sex", source, dispersion="~ sex").resid().shape == (2000,)
    monkeypatch.setattr("hlmrs.estimation.streaming.choice._MOST", 1000)
    streamed = hlmrs.gls("y ~ x + sex", source, dispersion="~ sex")
    assert streamed.criterion == pytest.approx(kept.criterion, rel=1e-9)
    np.testing.assert_allclose(streamed.tidy()["df"], kept.tidy()["df"], rtol=1e-5)
    with pytest.raises(hlmrs.FitStateError):
        streamed.resid()
    many = hlmrs.gls(
        "y ~ x + sex", source, dispersion="~ x"
    )  # of more values than have sums of their own: rows in memory
    assert many.criterion == pytest.approx(hlmrs.gls("y ~ x + sex", DATA, dispersion="~ x").criterion, rel=1e-9)


def test_results_do_not_depend_on_the_size_of_batches_beyond_rounding(tmp_path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    fits = [
        hlmrs.lmer("y ~ x + (x | g)", batches(tmp_path / name, DATA, size), dispersion="~ sex + k", rows="stream")
        for name, size in (("a", 130), ("b", 5000))
    ]
    assert fits[0].criterion == pytest.approx(fits[1].criterion, rel=1e-11)
    np.testing.assert_allclose(fits[0].beta, fits[1].beta, rtol=1e-7)


@pytest.fixture(scope="module")
def pair():
    return [hlmrs.lmer("y ~ x + sex + (x | g)", DATA, dispersion="~ sex", rows=how) for how in ("stream", "keep")]


def test_predictions_know_the_dispersion_of_new_rows(pair) -> None:
    streamed, kept = pair
    new = DATA[:8].drop("y")
    for ddf in ("normal", "satterthwaite"):
        mine, theirs = (fit.predict(new, interval="prediction", ddf=ddf) for fit in pair)
        for column in ("prediction", "std_error", "conf_low"):
            np.testing.assert_allclose(mine[column], theirs[column], rtol=1e-5)
    np.testing.assert_allclose(streamed.residual_sd_at(new), kept.residual_sd_at(new), rtol=1e-7)
    draws = [np.asarray(fit.simulate(5, seed=2, newdata=new)) for fit in pair]
    np.testing.assert_allclose(*draws, rtol=1e-5)
    np.testing.assert_allclose(streamed.ranef()["estimate"], kept.ranef()["estimate"], atol=1e-6)


def test_saved_fits_come_back_without_rows(pair, tmp_path) -> None:
    streamed, kept = pair
    streamed.save(tmp_path / "fit")
    new = DATA[:8].drop("y")
    for back in (hlmrs.load(tmp_path / "fit"), pickle.loads(pickle.dumps(streamed))):
        assert back.criterion == streamed.criterion
        np.testing.assert_array_equal(back.predict(new), streamed.predict(new))
        np.testing.assert_array_equal(back.residual_sd_at(new), streamed.residual_sd_at(new))
        same(back, kept)
        back.save(tmp_path / "again")
    with pytest.raises(hlmrs.OptionError, match="keep_rows=True"):
        kept.save(tmp_path / "rows")


def test_parameters_can_be_held(pair) -> None:
    fits = [
        hlmrs.lmer("y ~ x + (x | g)", DATA, dispersion="~ sex", rows=how, control=hlmrs.Control(fix={"sd(x | g)": 0.4}))
        for how in ("stream", "keep")
    ]
    assert fits[0].criterion == pytest.approx(fits[1].criterion, rel=1e-9)


def test_what_needs_rows_says_so(pair) -> None:
    streamed, _ = pair
    for call in (
        lambda: streamed.tidy(ddf="kenward-roger"),
        lambda: streamed.confint(method="profile"),
        lambda: streamed.residual_sd,
        lambda: streamed.tidy(vcov="CR0"),
        lambda: streamed.append(DATA),
        lambda: streamed.bootstrap(3),
    ):
        with pytest.raises((hlmrs.DesignError, hlmrs.FitStateError), match="row"):
            call()
