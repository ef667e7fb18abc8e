"""What messages are made of: near names, lists that are cut, texts that are cut."""

from hlmrs.errors import cut, listed, nearest, quote, suggestion

MANY = [f"v{k}" for k in range(2000)]


def test_the_nearest_name_is_suggested_and_another_case_comes_first():
    assert suggestion("Dayz", ["Days", "Subject"]) == "; did you mean 'Days'?"
    assert nearest("DAYS", ["days", "Days", "Dayz"]) == ["days", "Days"]
    assert suggestion("income", ["Days", "Subject"]) == ""
    assert suggestion("school1", ["school2", "school3"]) in (
        "; did you mean 'school3' or 'school2'?",
        "; did you mean 'school2' or 'school3'?",
    )


def test_of_many_names_those_of_about_the_same_length_and_the_first_letter_are_compared():
    known = [*MANY, "temperature"]
    for name in ("temperatrue", "Temperatur", "tmperatre", "temperatures_"):  # two letters shorter, two longer
        assert nearest(name, known) == ["temperature"], name
    for name in ("emperature", "temperat"):  # of few names these are found
        assert nearest(name, known) == []
        assert nearest(name, ["temperature"]) == ["temperature"]
    assert nearest("TEMPERATURE", known) == ["temperature"]


def test_the_same_name_in_other_characters_is_explained():
    assert "composed of other Unicode characters" in suggestion("Gro\u0308\u00dfe", ["Gr\u00f6\u00dfe"])


def test_long_lists_and_texts_are_cut():
    assert listed(["a", "b"]) == "'a', 'b'"
    assert listed([str(k) for k in range(10)]).endswith("'9'")
    assert listed([str(k) for k in range(1012)]).endswith("'9' and 1,002 more")
    assert cut("x" * 60) == "x" * 60
    assert cut("x" * 61) == "x" * 60 + "..."
    assert quote("a'b") == '"a\'b"'
