"""A few pictures look as they did when they were last looked at.

``python tests/python/plots/test_baselines.py`` draws them anew into baseline/; look at each before you commit it.
Other versions of matplotlib draw letters otherwise, so that the baselines are of the one that made them.
"""

import json
from functools import cache
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import golden
import hlmrs

FOLDER = Path(__file__).with_name("baseline")
VERSION = FOLDER / "matplotlib.json"
_DPI = 50
_OFF = 2.0
"""Root mean square of the differences of pixels, of 255, that rounding may make: far below that of a label moved."""


@cache
def sleep():
    return hlmrs.lmer("Reaction ~ Days + (Days | Subject)", golden.data("sleepstudy", "polars"))


@cache
def school():
    data = golden.data("Hsb82", "polars")
    return hlmrs.lmer("mAch ~ meanses * cses + sector + (cses | school)", data)


@cache
def growth():
    data = hlmrs.datasets.load("Orthodont", "polars")
    return hlmrs.gls("distance ~ age * Sex", data, residual="ar1h(age | Subject)")


@cache
def posterior():
    """Direct draws: chains turn the rounding of other processors into other draws."""
    return sleep().posterior(draws=1000)


@cache
def curve():
    design = hlmrs.Design.cluster_randomized(school=40, pupil=20)
    power = hlmrs.power(design, effects={"treat": 0.4}, icc=0.2)
    return power.curve({"school": range(20, 81, 10), "pupil": [5, 10, 20]})


PICTURES = {
    "power": ("default", lambda: curve().plot()),
    "power_contours": ("dark_background", lambda: curve().contours()),
    "caterpillar": ("default", lambda: sleep().plot.caterpillar("Subject", "Days")),
    "caterpillar_of_160": ("dark_background", lambda: school().plot.caterpillar()),
    "effect": ("default", lambda: school().plot.effect("cses", by="sector")),
    "interaction": ("dark_background", lambda: school().plot.interaction("cses", "meanses")[0]),
    "shrinkage": ("dark_background", lambda: sleep().plot.shrinkage()),
    "quantiles": ("default", lambda: sleep().plot.quantiles()[0]),
    "residuals": ("default", lambda: sleep().plot.residuals()[0]),
    "variance": ("default", lambda: school().plot.variance()),
    "ranks": ("default", lambda: sleep().plot.ranks("Subject", "Days")),
    "by_group": ("default", lambda: sleep().plot.by_group("Days", groups=6)[0]),
    "spaghetti": ("dark_background", lambda: sleep().plot.spaghetti("Days")),
    "within_between": ("default", lambda: school().plot.within_between("ses")),
    "trajectories": (
        "dark_background",
        lambda: school().plot.trajectories("cses", {"Catholic": {"sector": "Catholic"}}),
    ),
    "predictive": ("default", lambda: sleep().plot.predictive(n=10, seed=1)[0]),
    "influence": ("dark_background", lambda: sleep().plot.influence()[0]),
    "coefs": ("default", lambda: school().plot.coefs()),
    "structure": ("default", lambda: sleep().plot.structure()[0]),
    "profile": ("dark_background", lambda: sleep().plot.profile(["sd(Days | Subject)", "sigma"])[0]),
    "residual_correlation": ("default", lambda: growth().plot.residual_correlation()),
    "residual_sd": ("dark_background", lambda: growth().plot.residual_sd()),
    "posterior_densities": ("dark_background", lambda: posterior().plot.densities()[0]),
    "posterior_intervals": ("default", lambda: posterior().plot.intervals()),
    "posterior_pairs": ("default", lambda: posterior().plot.pairs()[0]),
    "posterior_priors": ("default", lambda: posterior().plot.priors()[2]),
    "posterior_trace": ("dark_background", lambda: posterior().plot.trace(["sigma"])[0]),
    "diagnostics": ("default", lambda: sleep().plot.diagnostics()),
}
"""Pictures, each in a style."""


def draw(name, path):
    style, picture = PICTURES[name]
    mpl.use("Agg")
    with plt.style.context(["default", style] if style != "default" else ["default"]):
        figure = picture().get_figure(root=True)
        figure.savefig(path, dpi=_DPI, metadata={"Software": None})
    plt.close("all")


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_looks_as_it_did(name, tmp_path):
    made_by = json.loads(VERSION.read_text())
    if made_by != mpl.__version__:
        pytest.skip(f"the baselines are of matplotlib {made_by}, this is {mpl.__version__}")
    draw(name, tmp_path / f"{name}.png")
    now, then = (plt.imread(folder / f"{name}.png")[..., :3] for folder in (tmp_path, FOLDER))
    assert now.shape == then.shape
    assert 255 * np.sqrt(np.mean((now - then) ** 2)) < _OFF


def test_a_moved_label_is_seen():
    then = plt.imread(FOLDER / "effect.png")[..., :3]
    moved = then.copy()
    moved[:, 1:] = then[:, :-1]  # one pixel
    assert 255 * np.sqrt(np.mean((moved - then) ** 2)) > 2 * _OFF


if __name__ == "__main__":
    for one in PICTURES:
        draw(one, FOLDER / f"{one}.png")
    VERSION.write_text(json.dumps(mpl.__version__) + "\n")
