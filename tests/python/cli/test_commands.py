import gzip
import json
import os
import re
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import hlmrs
from hlmrs.cli import main
from hlmrs.frame.files import Writing, read_file

MODEL = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "sleep.csv"
    hlmrs.datasets.load("sleepstudy", "polars").write_csv(path)
    return str(path)


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "hlmrs", *arguments], capture_output=True, text=True, check=False)


def test_fit_prints_the_summary(csv, capsys):
    assert main(["fit", MODEL, csv]) == 0
    out = capsys.readouterr().out
    assert "fitted by REML" in out
    assert "1743.628" in out


def test_ml_weights_and_json(csv, tmp_path, capsys):
    weighted = str(tmp_path / "w.parquet")
    pl.read_csv(csv).with_columns(w=pl.col("Days") + 1, off=pl.col("Days") * 2.0).write_parquet(weighted)
    assert main(["fit", MODEL, weighted, "--ml", "--weights", "w", "--offset", "off", "--json"]) == 0
    got = json.loads(capsys.readouterr().out)
    data = pl.read_parquet(weighted)
    want = hlmrs.lmer(MODEL, data, reml=False, weights="w", offset="off")
    assert got["criterion"] == want.criterion
    assert [row["estimate"] for row in got["fixed"]] == want.beta.tolist()
    assert [row["df"] for row in got["fixed"]] == [row["df"] for row in want.to_dict()["fixed"]]
    assert got["n_groups"] == {"Subject": 18}


def test_save_and_show(csv, tmp_path, capsys):
    path = str(tmp_path / "sleep.fit")
    assert main(["fit", MODEL, csv, "--save", path]) == 0
    first = capsys.readouterr().out
    assert main(["show", path]) == 0
    assert capsys.readouterr().out == first
    assert hlmrs.load(path).nobs == 180


def test_saved_marginal_models_are_shown(tmp_path, capsys):
    path = str(tmp_path / "growth.fit")
    fit = hlmrs.gee("distance ~ age", hlmrs.datasets.load("Orthodont", "dict"), groups="Subject")
    fit.save(path)
    assert main(["show", path]) == 0
    assert capsys.readouterr().out.strip() == str(fit.summary()).strip()
    assert main(["show", path, "--json"]) != 0
    assert "leave --json" in capsys.readouterr().err


def test_contrasts(tmp_path, capsys):
    path = str(tmp_path / "cake.csv")
    hlmrs.datasets.load("cake", "polars").write_csv(path)
    options = ["--contrasts", "recipe=sum", "--json"]
    assert main(["fit", "angle ~ recipe + temp + (1 | recipe:replicate)", path, *options]) == 0
    assert [row["term"] for row in json.loads(capsys.readouterr().out)["fixed"]][1:3] == ["recipe1", "recipe2"]
    assert main(["fit", "angle ~ recipe + (1 | replicate)", path, "--contrasts", "sum"]) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fit", "Reaction ~ Dayz + (1 | Subject)", "CSV"], "did you mean 'Days'"),
        (["fit", MODEL, "nowhere.csv"], "no such file"),
        (["fit", MODEL, "data.xlsx"], ".parquet"),
        (["fit", "Reaction ~ Days", "CSV"], "no random term"),
        (["fit", "CSV", MODEL], f"the formula comes first: hlmrs fit '{MODEL}'"),
        (["fit", MODEL, "CSV", "--delimiter", "tabs"], "give one character, or 'tab'"),
        (["show", "CSV"], "not a fit saved by hlmrs"),
        (["show", "nowhere.fit"], "nowhere.fit"),
        (["fit", MODEL, "CSV", "--save", "/nowhere/at/all"], "/nowhere/at/all"),
    ],
)
def test_bad_input_ends_with_2_and_a_message(arguments, says, csv, capsys):
    assert main([csv if argument == "CSV" else argument for argument in arguments]) == 2
    shown = capsys.readouterr()
    assert says in shown.err
    assert "Traceback" not in shown.err


def test_methods_are_called_as_in_python(csv, tmp_path, capsys):
    path = str(tmp_path / "sleep.fit")
    assert main(["fit", MODEL, csv, "--save", path, "--ddf", "KR", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert main(["show", path, "--ddf", "kenward_roger", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fixed"] == first["fixed"]
    assert main(["show", path, "--ddf", "residual", "--json"]) == 0
    assert {row["df"] for row in json.loads(capsys.readouterr().out)["fixed"]} == {178.0}
    done = run("show", path, "--ddf", "kenvard-roger")
    assert (done.returncode, "did you mean 'kenward-roger'" in done.stderr) == (2, True)


def test_the_error_of_a_failed_save_names_the_file_that_was_asked_for(csv, tmp_path, capsys):
    assert main(["fit", MODEL, csv, "--save", str(tmp_path / "nowhere" / "a.fit")]) == 2
    shown = capsys.readouterr().err
    assert "a.fit'" in shown
    assert ".part" not in shown


def test_bad_usage_ends_with_2():
    assert run("fit", MODEL).returncode == 2
    assert run().returncode == 2
    assert run("fit", MODEL, "x.csv", "--missing", "perhaps").returncode == 2


def test_warnings_go_to_the_error_stream(tmp_path, capsys):
    path = tmp_path / "gaps.csv"
    text = pl.read_csv(hlmrs.datasets.load("sleepstudy", "polars").write_csv().encode()).write_csv()
    path.write_text(text.replace("249.56,", "NA,", 1))
    assert main(["fit", MODEL, str(path)]) == 0
    shown = capsys.readouterr()
    assert "hlmrs: warning: 1 of 180 rows have missing values" in shown.err
    assert main(["fit", MODEL, str(path), "--missing", "error"]) == 2


def test_demo_fits_real_data():
    done = run("demo")
    assert done.returncode == 0
    assert done.stdout.count("fitted by REML") >= 3
    assert not done.stderr


def test_every_reader_sees_the_same(csv, tmp_path, monkeypatch):
    readers = {"polars": None, "pandas": ["polars"], "plain": ["polars", "pandas"]}
    want = hlmrs.lmer(MODEL, read_file(csv)).beta
    for absent in readers.values():
        monkeypatch.setattr("hlmrs.frame.files.text.installed", lambda name, absent=absent: name not in (absent or []))
        np.testing.assert_allclose(hlmrs.lmer(MODEL, read_file(csv)).beta, want, rtol=1e-10)


def test_binary_files_are_read_by_every_library(csv, tmp_path, monkeypatch):
    parquet, feather = tmp_path / "a.parquet", tmp_path / "a.feather"
    frame = pl.read_csv(csv)
    frame.write_parquet(parquet)
    frame.write_ipc(feather, compat_level=pl.CompatLevel.oldest())
    for absent in ([], ["polars"], ["polars", "pyarrow"]):
        monkeypatch.setattr("hlmrs.frame.files.binary.installed", lambda name, absent=absent: name not in absent)
        assert hlmrs.lmer(MODEL, read_file(str(parquet))).nobs == 180
        if "pyarrow" not in absent:
            assert hlmrs.lmer(MODEL, read_file(str(feather))).nobs == 180
    with pytest.raises(hlmrs.DataError, match="needs Polars or pyarrow"):
        read_file(str(feather))


def test_uneven_lines_are_named(tmp_path, monkeypatch):
    path = tmp_path / "bad.csv"
    path.write_text("a,b\n1,2\n3\n")
    monkeypatch.setattr("hlmrs.frame.files.text.installed", lambda name: False)
    with pytest.raises(hlmrs.DataError, match="line 3"):
        read_file(str(path))


ROWS = [(k % 7 + 0.25 * (k % 3), k % 5 + 0.5, "é" if k % 2 else "a", k // 6) for k in range(48)]
TEXT = "\n".join(["y,x,f,g", *(",".join(map(str, row)) for row in ROWS)]) + "\n"
SEMICOLONS = TEXT.replace(",", ";").replace(".", ",")
FILES = {
    "latin.csv": TEXT.encode("latin-1"),
    "mark.csv": TEXT.encode("utf-8-sig"),
    "wide.csv": TEXT.encode("utf-16"),
    "windows.csv": TEXT.replace("\n", "\r\n").encode("cp1252"),
    "european.csv": SEMICOLONS.encode("latin-1"),
    "excel.CSV": ("sep=;\n" + SEMICOLONS).encode(),
    "tabs.csv": TEXT.replace(",", "\t").encode(),
    "tabs.tsv": TEXT.replace(",", "\t").replace(".", ",").encode(),
    "bars.txt": TEXT.replace(",", "|").encode(),
    "quoted.csv": TEXT.replace("y,x,f,g", '"y";"x";"f";"g"').replace(",", ";").encode(),
    "zipped.csv.gz": gzip.compress(SEMICOLONS.encode()),
    "blanks.csv": TEXT.replace("y,x,f,g", "y , x , f , g").replace(",", ", ").encode(),
    "blanks before numbers.csv": TEXT.replace(",", ",  ").replace("y,  x,  f,  g", "y,x,f,g").encode(),
}


@pytest.mark.parametrize("library", ["polars", "pandas", "none"])
@pytest.mark.parametrize("name", FILES)
def test_files_are_read_as_they_were_written(tmp_path, monkeypatch, name, library):
    monkeypatch.setattr("hlmrs.frame.files.text.installed", lambda one: one == library)
    path = tmp_path / name
    path.write_bytes(FILES[name])
    frame = read_file(str(path))
    for k, column in enumerate(("y", "x", "f", "g")):
        assert list(frame[column]) == [row[k] for row in ROWS]


CELLS = {
    "decimals.csv": (SEMICOLONS.replace("2,5;2,5", "2.5;2,5"), "line 4 of the file has '2.5' in column 'y'"),
    "digit.csv": (TEXT.replace("2.5,2.5", "2.٥,2.5"), "line 4 .*'2.٥'"),
    "underscore.csv": (TEXT.replace("2.5,2.5", "2_0,2.5"), "line 4 .*'2_0'"),
    "quote.csv": (TEXT.replace("2.5,2.5,a", '2.5,2.5,"a'), "the quotation mark of line 4 is not closed"),
}


@pytest.mark.parametrize("library", ["polars", "pandas", "none"])
@pytest.mark.parametrize("name", CELLS)
def test_a_cell_that_is_wrong_is_named(tmp_path, monkeypatch, capsys, name, library):
    monkeypatch.setattr("hlmrs.frame.files.text.installed", lambda one: one == library)
    path = tmp_path / name
    text, says = CELLS[name]
    assert text not in (TEXT, SEMICOLONS)
    path.write_text(text, encoding="utf-8")
    assert main(["fit", "y ~ x + (1 | g)", str(path)]) == 2
    shown = capsys.readouterr().err
    assert re.search(says, shown)
    assert "ignore_errors" not in shown


def test_a_folder_is_said_to_be_one(tmp_path, capsys):
    (tmp_path / "data.csv").mkdir()
    for name in (tmp_path, tmp_path / "data.csv"):
        assert main(["fit", MODEL, str(name)]) == 2
        assert "is a folder" in capsys.readouterr().err


BROKEN = {
    "empty.csv": b"",
    "noise.csv": bytes(range(256)) * 9,
    "ragged.csv": b"y,x,g\n1,2,3\n1,2,3,4\n1\n",
    "header.csv": b"y,x,f,g\n",
    "noise.parquet": b"PAR1" + bytes(range(256)) + b"PAR1",
    "noise.arrow": bytes(range(256)),
    "noise.csv.gz": b"\x1f\x8b" + bytes(range(256)),
    "sheet.xlsx": b"PK",
}


@pytest.mark.parametrize("name", BROKEN)
def test_files_that_cannot_be_read_get_a_sentence(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(BROKEN[name])
    done = run("fit", "y ~ x + (1 | g)", str(path))
    assert done.returncode == 2
    assert done.stderr.startswith("hlmrs: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("fit", "y ~ x + (1 | g)", "nothing.csv"),
        ("fit", "y ~ x + (1 | g)", "."),
        ("show", "nothing"),
        ("show", "."),
    ],
)
def test_missing_files_get_a_sentence(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("hlmrs: ")
    assert len(done.stderr.splitlines()) == 1


def test_version():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"hlmrs {hlmrs.__version__}\n")


def test_what_no_one_foresaw_is_a_sentence_too(csv, monkeypatch, capsys):
    monkeypatch.setattr("hlmrs.cli.model.lmer", lambda *_, **__: 1 / 0)
    assert main(["fit", MODEL, csv]) == 2
    assert "internal error: ZeroDivisionError" in capsys.readouterr().err


def test_a_terminal_without_letters_and_a_closed_pipe(csv):
    command = [sys.executable, "-m", "hlmrs", "fit", "Réaction ~ Days + (Days | Subject)", csv]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=False)
    assert done.returncode == 2
    assert b"R\\xe9action" in done.stderr
    assert b"Traceback" not in done.stderr
    reader, writer = os.pipe()
    os.close(reader)
    command[4] = MODEL
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(params=["polars", "pandas", "plain"])
def reader(request, monkeypatch):
    absent = {"polars": [], "pandas": ["polars"], "plain": ["polars", "pandas"]}[request.param]
    monkeypatch.setattr("hlmrs.frame.files.text.installed", lambda name: name not in absent)


def written(tmp_path, text, name="data.csv"):
    path = tmp_path / name
    path.write_text(text)
    return str(path)


ODD = TEXT.replace("6.5,1.5", "6.5,k.A.", 1)
FORMULA = "y ~ x + (1 | g)"


@pytest.mark.usefixtures("reader")
def test_a_cell_that_is_no_number_is_named_with_its_line_and_can_be_read_as_missing(tmp_path, capsys):
    line = next(k for k, text in enumerate(ODD.splitlines(), start=1) if "k.A." in text)
    path = written(tmp_path, ODD)
    assert main(["fit", FORMULA, path]) == 2
    assert f"line {line} of the file has 'k.A.', which --na k.A. reads as missing" in capsys.readouterr().err
    assert main(["fit", "x ~ y + (1 | g)", path]) == 2
    assert f"line {line} of the file has 'k.A.'" in capsys.readouterr().err
    assert main(["fit", FORMULA, path, "--na", "k.A.", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["nobs"] == len(ROWS) - 1


@pytest.mark.usefixtures("reader")
def test_lines_with_too_many_fields_are_named(tmp_path, capsys):
    lines = TEXT.splitlines()
    lines[7] += ",1,2"
    assert main(["fit", FORMULA, written(tmp_path, "\n".join(lines))]) == 2
    shown = capsys.readouterr().err
    assert "line 8 has 6 fields, and the header 4" in shown
    assert "Schema" not in shown


@pytest.mark.usefixtures("reader")
def test_names_are_read_without_blanks_and_no_two_are_the_same(tmp_path, capsys):
    assert main(["fit", FORMULA, written(tmp_path, TEXT.replace("y,x,f,g", 'y ," x",f, g'))]) == 0
    assert main(["fit", FORMULA, written(tmp_path, TEXT.replace("y,x,f,g", "y,x,x,g"))]) == 2
    assert "two columns of its header are called 'x'" in capsys.readouterr().err


@pytest.mark.usefixtures("reader")
def test_marks_that_are_said_are_not_guessed(tmp_path):
    """A comma in all numbers of a column may part thousands, and a header may have more of another mark."""
    path = written(tmp_path, "y;x;g,h,i,j\n" + "\n".join(f"{k}.5;{k % 7}.25;{k % 4}" for k in range(24)) + "\n")
    data = read_file(path, Writing(separator=";"))
    assert list(getattr(data, "columns", data)) == ["y", "x", "g,h,i,j"]
    path = written(tmp_path, "y;x\n" + "\n".join(f"{k},500;a{k % 7}" for k in range(1, 24)) + "\n")
    assert next(iter(read_file(path)["y"])) == 1.5
    assert isinstance(next(iter(read_file(path, Writing(decimal="."))["y"])), str)


def test_models_of_other_families(tmp_path, capsys):
    path, saved = str(tmp_path / "cbpp.csv"), str(tmp_path / "cbpp.fit")
    data = hlmrs.datasets.load("cbpp", "polars")
    data.write_csv(path)
    formula = "cbind(incidence, size - incidence) ~ factor(period) + (1 | herd)"
    given = ["--family", "binomial", "--link", "probit", "--nagq", "5", "--save", saved]
    assert main(["fit", formula, path, "--json", *given]) == 0
    got = json.loads(capsys.readouterr().out)
    want = hlmrs.glmer(formula, data, family="binomial", link="probit", nagq=5)
    assert got["criterion"] == pytest.approx(want.criterion, abs=1e-8)
    assert main(["show", saved]) == 0
    assert "binomial" in capsys.readouterr().out
    assert main(["show", saved, "--ddf", "kenward-roger"]) == 2
    assert main(["fit", formula, path, "--link", "probit"]) == 2
    assert "give --family" in capsys.readouterr().err
    counts = ["--family", "poisson", "--zero-inflation", "~ 1"]
    assert main(["fit", "incidence ~ 1 + (1 | herd)", path, *counts]) == 0
    assert "Zero part" in capsys.readouterr().out


def test_a_model_of_the_dispersion_needs_no_family(tmp_path, capsys):
    path = str(tmp_path / "sleepstudy.csv")
    hlmrs.datasets.load("sleepstudy", "polars").write_csv(path)
    formula = "Reaction ~ Days + (Days | Subject)"
    assert main(["fit", formula, path, "--json", "--dispersion", "~ Days"]) == 0
    got = json.loads(capsys.readouterr().out)
    want = hlmrs.lmer(formula, hlmrs.datasets.load("sleepstudy", "polars"), dispersion="~ Days")
    assert got["criterion"] == pytest.approx(want.criterion, abs=1e-8)


def test_grouped_data_are_described(tmp_path, capsys):
    path = str(tmp_path / "classes.csv")
    data = hlmrs.datasets.load("classrooms", "polars")
    data.write_csv(path)
    for groups, given in (("school/classroom", "school/classroom"), ("school, classroom", ["school", "classroom"])):
        assert main(["describe", groups, path]) == 0
        assert capsys.readouterr().out.rstrip() == str(hlmrs.describe(data, given)).rstrip()
    assert main(["describe", "scool", path]) == 2
    assert "did you mean 'school'" in capsys.readouterr().err


def test_levels_of_text_have_the_order_that_is_declared(tmp_path, capsys):
    path, data = str(tmp_path / "verbal.csv"), hlmrs.datasets.load("VerbAgg", "polars").head(480)
    data.with_columns(pl.col("resp").cast(pl.String)).write_csv(path)
    model = ["fit", "resp ~ btype + (1 | id)", path, "--family", "cumulative"]
    assert main(model) == 2
    assert "--levels COLUMN=LOW,...,HIGH" in capsys.readouterr().err
    assert main([*model, "--levels", "resp=no, perhaps,yes", "--levels", "btype=scold,curse", "--json"]) == 0
    got = json.loads(capsys.readouterr().out)
    btype = pl.col("btype").cast(pl.String).cast(pl.Enum(["scold", "curse"]))
    want = hlmrs.glmer("resp ~ btype + (1 | id)", data.with_columns(btype), family="cumulative")
    assert [row["term"] for row in got["fixed"]] == ["btypecurse"]
    assert [row["estimate"] for row in got["fixed"]] == pytest.approx(want.beta.tolist(), rel=1e-9)


@pytest.mark.parametrize(
    ("levels", "says"),
    [
        ("resp=no,perhaps", "has the level 'yes', which is not listed"),
        ("resp=no,perhaps,yes,never", "has no row with 'never'"),
        ("resp=no", "write COLUMN=LOW,...,HIGH"),
        ("resp=no,no", "write COLUMN=LOW,...,HIGH"),
        ("answer=no,yes", "no such column"),
        ("Anger=1,2", "numbers have their order already"),
    ],
)
def test_levels_that_are_not_those_of_the_file_are_refused(tmp_path, capsys, levels, says):
    path = str(tmp_path / "verbal.csv")
    hlmrs.datasets.load("VerbAgg", "polars").head(48).with_columns(pl.col("resp").cast(pl.String)).write_csv(path)
    assert main(["fit", "resp ~ 1 + (1 | id)", path, "--family", "cumulative", "--levels", levels]) == 2
    assert says in capsys.readouterr().err


def test_models_with_other_missing_values_are_compared_in_the_shell(csv, tmp_path, capsys):
    path = str(tmp_path / "gaps.csv")
    rows = pl.int_range(pl.len())
    pl.read_csv(csv).with_columns(age=pl.when(rows % 9 > 0).then(rows % 5)).write_csv(path)
    formulas = ["Reaction ~ Days + (1 | Subject)", "Reaction ~ Days + age + (1 | Subject)"]
    assert main(["compare", *formulas, path]) == 2
    assert "same" in capsys.readouterr().err
    assert main(["compare", *formulas, path, "--same-rows"]) == 0
    assert "160 of 180 rows" in capsys.readouterr().out
