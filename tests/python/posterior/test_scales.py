"""Default priors of structured terms are in the units of the response and of the places, whatever the fit."""

import numpy as np
import pytest

import hlmrs

pytestmark = pytest.mark.filterwarnings("ignore")
TIMES = np.array([0.0, 1, 2, 4, 7])


def data(unit=1.0):
    rng, n = np.random.default_rng(5), 12
    level = (rng.normal(size=(n, 5)) @ np.linalg.cholesky(0.7 ** abs(TIMES[:, None] - TIMES)).T)[:, :, None]
    y = (level + 0.5 * rng.normal(size=(n, 5, 3))).ravel()
    time = np.tile(np.repeat(TIMES, 3), n)
    visit = [f"v{t:g}" for t in time]
    return {"y": y, "t": unit * time, "visit": visit, "g": np.repeat(np.arange(n), 15).astype(str)}


def scales(fit):
    table = fit.posterior(draws=50, method="direct").priors()
    rows = dict(zip(table["parameter"], table["prior"], strict=True))
    return {name: float(prior[:-1].split(", ")[1]) for name, prior in rows.items() if prior.startswith("HalfStudentT")}


@pytest.mark.parametrize("structure", ["ar1", "cs", "diag", "ar1h"])
def test_a_column_that_codes_a_level_counts_as_one(structure):
    own = data()
    found = scales(hlmrs.lmer(f"y ~ 1 + {structure}(0 + visit | g)", own))
    assert list(found.values()) == pytest.approx([own["y"].std(ddof=1)] * len(found), rel=1e-4)


@pytest.mark.parametrize("unit", [1.0, 1000.0])
def test_ranges_and_rates_go_by_the_places(unit):
    own = data(unit)
    far = scales(hlmrs.lmer("y ~ 1 + exp(t | g)", own))
    assert far["range(g)"] == pytest.approx(2.5 * unit * TIMES.std(), rel=1e-4)
    assert far["sd(g)"] == pytest.approx(own["y"].std(ddof=1), rel=1e-4)
    fast = scales(hlmrs.lmer("y ~ 1 + ou(t | g)", own))
    assert fast["rate(g)"] == pytest.approx(2.5 / (1.5 * unit), rel=1e-4)


def test_ranges_of_residuals_go_by_the_times():
    own = data(100)
    first = {name: np.asarray(values)[::3] for name, values in own.items()}
    found = scales(hlmrs.gls("y ~ 1", first, residual="exp(t | g)"))
    assert found["range"] == pytest.approx(2.5 * first["t"].std(), rel=1e-4)


@pytest.mark.parametrize("unit", [1.0, 1000.0])
def test_ranges_and_rates_of_generalized_models_go_by_the_places_too(unit):
    own = data(unit)
    own["y"] = np.round(np.exp(0.5 * own["y"] + 1))
    for structure in ("exp", "gau", "mat"):
        far = scales(hlmrs.glmer(f"y ~ 1 + {structure}(t | g)", own, family="poisson"))
        assert far["range(g)"] == pytest.approx(2.5 * unit * TIMES.std(), rel=1e-4)
    fast = scales(hlmrs.glmer("y ~ 1 + ou(t | g)", own, family="poisson"))
    assert fast == {"sd(g)": 2.5, "rate(g)": pytest.approx(2.5 / (1.5 * unit), rel=1e-4)}


def test_standard_deviations_of_the_dispersion_are_on_its_scale():
    sleep = hlmrs.datasets.load("sleepstudy")
    found = scales(hlmrs.lmer("Reaction ~ Days + (1 | Subject)", sleep, dispersion="~ 1 + (1 | Subject)", reml=False))
    assert found["sd((Intercept) | Subject)"] == pytest.approx(np.asarray(sleep["Reaction"]).std(ddof=1), rel=1e-4)
    assert found["sd(dispersion:(Intercept) | Subject)"] == 2.5
