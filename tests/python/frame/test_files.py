import datetime
import pickle
import warnings

import matplotlib
import numpy as np
import polars as pl
import pyreadstat
import pytest

import hlmrs
from hlmrs.frame import open_frame

FORMULA = "mAch ~ ses + sector + sex + (1 | school)"
LABELS = {"school": "School", "sector": "Sector of the school", "mAch": "Mathematics achievement"}


def students():
    data = hlmrs.datasets.load("Hsb82", "polars").head(300)
    return pl.DataFrame(
        {
            "school": data["school"].cast(pl.String).cast(pl.Float64),
            "sector": (data["sector"] == "Catholic").cast(pl.Float64),
            "sex": (data["sx"] == "Female").cast(pl.Float64) + 1,
            "ses": data["ses"],
            "mAch": data["mAch"],
            "rating": [float(k % 7) for k in range(300)],
            "word": ["a", "", "b"] * 100,
            "day": [datetime.date(2020, 1, 1 + k % 28) for k in range(300)],
        }
    )


VALUES = {"sector": {0: "Public", 1: "Catholic"}, "sex": {1: "male", 2: "female", 9: "refused"}}


@pytest.fixture(params=["sav", "zsav", "dta"])
def file(request, tmp_path):
    path, rows = str(tmp_path / f"students.{request.param}"), students()
    labels = {"column_labels": [LABELS.get(name, "") for name in rows.columns], "variable_value_labels": VALUES}
    if request.param == "dta":  # Stata labels whole numbers alone
        rows = rows.with_columns(pl.col("sector", "sex").cast(pl.Int32))
        pyreadstat.write_dta(rows, path, **labels)
    else:
        pyreadstat.write_sav(rows, path, compress=request.param == "zsav", **labels)
    return path


def test_a_file_of_another_program_is_fitted_as_the_frame_with_its_labels(file):
    data = hlmrs.datasets.load("Hsb82", "polars").head(300)
    want = hlmrs.lmer("mAch ~ ses + sector + sx + (1 | school)", data)
    fit = hlmrs.lmer(FORMULA, file)
    assert fit.coef_names == ["(Intercept)", "ses", "sectorCatholic", "sexfemale"]
    assert fit.criterion == pytest.approx(want.criterion, rel=1e-12)


def test_labels_of_variables_are_kept(file):
    assert open_frame(file).labels == LABELS
    assert "Mathematics achievement" in str(hlmrs.describe(file, "school"))
    fit = hlmrs.lmer(FORMULA, file)
    shown = str(fit.summary())
    assert "Variables\nmAch    Mathematics achievement\nsector  Sector of the school\nschool  School\n" in shown
    assert "Variables" not in str(hlmrs.lmer("mAch ~ ses + (1 | school)", students()).summary())


def test_labels_of_variables_stand_in_pictures(file):
    matplotlib.use("Agg")
    axis = hlmrs.lmer(FORMULA, file).plot.caterpillar("school")
    assert "Mathematics achievement" in " ".join(axis.get_title(loc="left").split())


def read(path):
    """Values and levels by column."""
    frame = open_frame(path)
    return {name: (values, levels) for name, values, levels, _ in frame.read(frame.names).plain_values()}


def test_labelled_values_are_categories_and_empty_texts_missing(file):
    columns = read(file)
    assert columns["sector"][1] == ["Public", "Catholic"]
    assert columns["rating"][1] is None
    values, levels = columns["word"]
    assert levels == ["a", "b"]
    assert (values == 0xFFFFFFFF).sum() == 100


def test_a_column_of_which_some_values_have_no_label_stays_numbers(tmp_path):
    path = str(tmp_path / "a.sav")
    pyreadstat.write_sav(
        students(),
        path,
        variable_value_labels={"rating": {0: "not at all", 6: "very", 3: "unsure"}, "sex": {1: "other", 2: "other"}},
        missing_ranges={"rating": [3]},
    )
    columns = read(path)
    assert columns["rating"][1] is None
    assert np.isnan(columns["rating"][0]).sum() == 43  # declared as missing
    assert columns["sex"][1] == ["other (1.0)", "other (2.0)"]


def test_dates_are_dates(tmp_path):
    path = str(tmp_path / "a.sav")
    pyreadstat.write_sav(students(), path)
    assert open_frame(path)._data.schema["day"] == pl.Date


def test_a_missing_library_is_named_with_its_extra(file, monkeypatch):
    monkeypatch.setattr("hlmrs.frame.files.labelled.installed", lambda name: False)
    with pytest.raises(hlmrs.DataError, match=r"pip install 'hlmrs\[readers\]'"):
        hlmrs.lmer(FORMULA, file)


@pytest.mark.parametrize("name", ["students.csv", "students.tsv", "students.csv.gz", "students.feather"])
def test_files_are_read_by_path_as_from_the_shell(tmp_path, name):
    data, path = hlmrs.datasets.load("Hsb82", "polars").head(300), tmp_path / name
    if name.endswith("feather"):
        data.write_ipc(path, compat_level=pl.CompatLevel.oldest())
    elif name.endswith("gz"):
        import gzip

        path.write_bytes(gzip.compress(data.write_csv().encode()))
    else:
        data.write_csv(path, separator="\t" if name.endswith("tsv") else ",")
    formula = "mAch ~ ses + sector + (1 | school)"
    assert hlmrs.lmer(formula, path).criterion == pytest.approx(hlmrs.lmer(formula, data).criterion, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere.csv", "no such file"),
        ("nowhere.sav", "no such file"),
        ("data.xlsx", "of a kind that is not read here"),
        ("broken.sav", "could not be read"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, says):
    if name == "broken.sav":
        (tmp_path / name).write_text("nothing")
    with pytest.raises(hlmrs.DataError, match=says):
        hlmrs.lmer(FORMULA, str(tmp_path / name))


@pytest.mark.parametrize("kind", ["lmer", "glmer", "gee"])
def test_labels_of_variables_stay_with_a_fit_that_is_saved_or_pickled(file, tmp_path, kind):
    fitted = {
        "lmer": lambda: hlmrs.lmer(FORMULA, file),
        "glmer": lambda: hlmrs.glmer(FORMULA, file, family="gaussian"),
        "gee": lambda: hlmrs.gee(FORMULA.partition(" + (")[0], file, groups="school"),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hlmrs.HlmrsWarning)
        fit = fitted[kind]()
        labels = {name: text for name, text in fit._estimate.labels.items() if name in fit._estimate.request.columns()}
        assert labels
        fit.save(tmp_path / "a.fit")
        for again in (hlmrs.load(tmp_path / "a.fit"), pickle.loads(pickle.dumps(fit))):
            assert again._estimate.labels == labels
            assert str(again.summary()) == str(fit.summary())
