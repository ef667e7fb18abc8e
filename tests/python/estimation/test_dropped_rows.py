"""Rows that a fit drops are as if they had never been there."""

import numpy as np
import polars as pl
import pytest

import hlmrs

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")


def gapped():
    """Rows of which some miss x, which not every part of a model reads."""
    rng, n = np.random.default_rng(1), 300
    g = np.repeat(np.arange(20), 15)
    f, x = rng.choice(["a", "b"], n), rng.normal(size=n)
    mean = np.exp(0.5 * x + 0.4 * rng.normal(size=20)[g])
    count = rng.poisson(mean) * (rng.uniform(size=n) > 0.3)
    data = pl.DataFrame({"count": count, "x": x, "f": f, "g": [f"g{k}" for k in g], "e": rng.uniform(1, 2, n)})
    return data.with_columns(x=pl.when(pl.int_range(n) % 7 == 2).then(None).otherwise("x"))


FITTED = {
    "zero part": {"zero_inflation": "~ f"},
    "constant zero part": {"zero_inflation": "~ 1"},
    "offset": {"zero_inflation": "~ f", "offset": "e"},
}
NEW = {"x": [0.5, -1.0], "f": ["a", "b"], "g": ["g1", "g2"], "e": [1.0, 1.5]}


@pytest.mark.parametrize("further", FITTED.values(), ids=FITTED)
def test_parts_that_miss_other_rows_predict_and_have_means(tmp_path, further):
    data = gapped()
    fit, complete = (
        hlmrs.glmer("count ~ x + f + (1 | g)", own, family="poisson", **further) for own in (data, data.drop_nulls())
    )
    assert fit.nobs == complete.nobs < 300
    fit.save(tmp_path / "a.fit")
    for one in (fit, hlmrs.load(tmp_path / "a.fit")):
        np.testing.assert_allclose(one.predict(NEW), complete.predict(NEW), rtol=1e-6)
    np.testing.assert_allclose(fit.emmeans("f")["estimate"], complete.emmeans("f")["estimate"], rtol=1e-6)
    got, want = (one.emmeans("x", at={"x": [0, 1]}, type="response")["std_error"] for one in (fit, complete))
    np.testing.assert_allclose(got, want, rtol=1e-5)
