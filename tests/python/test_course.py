"""The pages that teach a design run as they are written, and the numbers in their text are those of their examples."""

from importlib.metadata import distributions

import matplotlib.pyplot
import pytest

import hlmrs
from documents import DOCS, assert_numbers, blocks, names_of, run

pytestmark = pytest.mark.filterwarnings("ignore::hlmrs.HlmrsWarning")


def column(table, term, name="estimate"):
    return dict(zip(table["term"], table[name], strict=True))[term]


NUMBERS_OF_THE_COURSE = {
    "first-fit.md": lambda n: [
        (n["fit"].varcorr()["sd"].drop_nulls(), [25, 6, 26]),
        (column(n["fit"].tidy(), "Days"), 10.5),
        ([column(n["fit"].tidy(), "Days", f"conf_{end}") for end in ("low", "high")], [7.2, 13.7]),
        (column(n["fit"].tidy(), "Days", "df"), 17),
    ],
    "classrooms.md": lambda n: [
        (n["shares"].adjusted, 0.25),
        (round(n["farthest"]), 1),
        (n["farthest"] < 1, True),
        (n["held"], 4),
        (hlmrs.compare(n["level1"], n["slopes"], reml=True)["p_value"][1], 0.034),
        (n["intervals"]["conf_high"][1], 1.26),
    ],
    "high-school.md": lambda n: [
        (n["null"].varcorr()["variance"], [8.614, 39.148]),
        (100 * n["icc"].adjusted, 18),
        (n["mean"], 12.64),
        (n["plausible"], [6.9, 18.4]),
        (n["null"].variance.reliability()["reliability"], 0.90),
        (n["means"].fixef()["meanses_hlm"], 5.86),
        (n["means"].varcorr()["variance"][0], 2.64),
        (100 * n["explained"]["reduction"][0], 69),
        (n["slopes"].fixef()["cses"], 2.19),
        (n["slopes"].varcorr()["variance"][1], 0.69),
        (n["slopes"].variance.reliability()["reliability"][1], 0.26),
        (hlmrs.compare(n["same"], n["slopes"], reml=True)["p_value"][1], 0.005),
        (list(n["both"].fixef().values())[1:], [5.33, 1.23, 2.94, 1.04, -1.64]),
        (n["both"].varcorr()["variance"][1], 0.10),
    ],
    "growth.md": lambda n: [
        (n["predicted"].fixef()["child_of_alcoholic"], 0.58),
        (n["gain"], 16),
        (n["smooth"].aic - n["jump"].aic, 21),
    ],
    "diary-studies.md": lambda n: [
        (-n["fit"].fixef()["within(stress, person)"], 0.38),
        (n["fit"].varcorr()["sd"].drop_nulls()[1], 0.17),
        (n["lasting"].residual_parameters()["estimate"][0], 0.37),
    ],
    "crossed-groups.md": lambda n: [(n["too_large"], 1.1)],
    "maximal-models.md": lambda n: [(n["too_sure"], 1.6)],
    "school-effects.md": lambda n: [
        (100 * n["added"].variance.reduction(n["raw"])["reduction"][0], 45),
        (n["correlation"], 0.92),
        (n["agreement"], 0.86),
    ],
    "cluster-trials.md": lambda n: [
        (n["fit"].nobs, 443),
        (column(n["fit"].tidy(ddf="kenward-roger"), "armintervention", "df"), 22),
    ],
    "scikit-learn.md": lambda n: [
        ([n["seen"].mean(), n["unseen"].mean()], [0.20, 0.15]),
        (n["leaked"], 0.67),
    ],
    "posterior.md": lambda n: [
        (n["fit"].varcorr()["sd"][0], 0),
        (n["median"], 0.8),
        (n["ninth"], 2.1),
        (n["chance"], 0.59),
        ([n["upper"], n["between"].quantile(0.95)], [1.5, 2.6]),
        (n["coaching"].summary()["mean"][0], 8),
        (n["coaching"].summary()["mean"][1], 6.7),
        (n["coaching"].summary()["conf_high"][1], 20),
        (n["expected"]["prediction"][0], 11),
        (max(n["coaching"].ranks()["highest"]), 0.24),
        (n["odds"]["mean"][0], 2.7),
    ],
    "small-samples.md": lambda n: [
        (n["ratio"], 0.79),
        (column(n["reml"].confint(method="profile"), "sd((Intercept) | Batch)", "conf_low"), 12.2),
        (column(n["reml"].confint(method="profile"), "sd((Intercept) | Batch)", "conf_high"), 84.1),
        (column(n["fit"].tidy(), "MachineB", "df"), 5),
    ],
}
NEED = {"scikit-learn.md": "scikit-learn"}
BASES = {"HlmrsError", "HlmrsWarning"}
EXAMPLES = ["coming-from.md", "verdicts.md", "mathematics.md", "pipelines.md"]


@pytest.fixture(autouse=True)
def drawn(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    yield
    matplotlib.pyplot.close("all")


@pytest.mark.parametrize("page", NUMBERS_OF_THE_COURSE)
def test_numbers_in_the_text_of_a_page_are_those_of_its_examples(page):
    if page in NEED and not any(distributions(name=NEED[page])):
        pytest.skip(f"{page} needs {NEED[page]}")
    assert_numbers(page, NUMBERS_OF_THE_COURSE[page](names_of(page)))


def test_statuses_are_those_that_the_page_of_verdicts_names():
    names = names_of("verdicts.md")
    statuses = {name: names[name].verdict.status for name in ("fit", "zero", "singular", "simpler", "twice", "stopped")}
    assert statuses == {
        "fit": "optimum",
        "zero": "boundary",
        "singular": "boundary",
        "simpler": "optimum",
        "twice": "flat",
        "stopped": "not-converged",
    }
    assert names["fewer"].nobs == 162


def test_the_page_of_verdicts_has_every_status_warning_and_error():
    text = (DOCS / "verdicts.md").read_text(encoding="utf-8")
    doc = hlmrs.Verdict.__doc__
    assert all(f"`{word}`" in text for word in doc.partition("status : {")[2].partition("}")[0].split(", "))
    assert all(
        f"`{name}`" in text for name in hlmrs.__all__ if name.endswith(("Warning", "Error")) and name[:5] != "Hlmrs"
    )


def test_the_model_of_all_packages_runs():
    assert names_of("coming-from.md")["fit"].verdict.status == "optimum"


def test_a_linear_learner_gives_the_fit_of_the_page():
    if not any(distributions(name="scikit-learn")):
        pytest.skip("needs scikit-learn")
    names = names_of("scikit-learn.md")
    assert names["difference"] < 1e-6
    assert abs(names["honest"]) < 0.05
    assert names["boosted"].fit_.n_groups == {"school": 160}


def test_the_criterion_written_out_is_that_of_the_fit():
    assert names_of("mathematics.md")["difference"] < 1e-9


@pytest.mark.filterwarnings("ignore")  # those of Dask's own shutdown
def test_pipelines(tmp_path, monkeypatch):
    pytest.importorskip("dask.distributed")
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks("pipelines.md"):
        run(block, names)
    whole = hlmrs.lmer("mAch ~ cses + sector + (1 + cses | school)", hlmrs.datasets.load("Hsb82"))
    assert names["together"].criterion == pytest.approx(whole.criterion, rel=1e-9)
    assert names["checked"].verdict.status == "optimum"
