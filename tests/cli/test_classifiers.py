"""`muster classifier`."""

from pathlib import Path

import pytest

from tests.cli.commands import Muster, assert_one_line


@pytest.fixture
def codes(tmp_path: Path) -> Path:
    path = tmp_path / "codes.csv"
    path.write_text("classifier,code,title\nlegalForm,GMBH,Gesellschaft [DE]\nturnoverType,BIG,A lot\n")
    return path


def test_all_classifiers_are_listed_with_their_numbers_of_codes(muster: Muster) -> None:
    lines = muster.ok("classifier", "list").out.splitlines()
    assert len(lines) == 18
    assert "businessUnit\t1\town" in lines
    assert lines[0].startswith("country\t2")
    assert lines[0].endswith("\tISO")


def test_classifier_is_listed_with_its_codes_and_titles(muster: Muster) -> None:
    assert muster.ok("classifier", "list", "businessUnit").out == "MAIN\tMain business unit\n"
    assert "LT\tLithuania\n" in muster.ok("classifier", "list", "country").out


def test_import_adds_codes_and_keeps_the_others(muster: Muster, codes: Path) -> None:
    before = muster.ok("classifier", "list", "legalForm").out
    assert muster.ok("classifier", "import", str(codes)).err == "imported 1 of legalForm, 1 of turnoverType\n"
    after = muster.ok("classifier", "list", "legalForm").out
    assert set(after.splitlines()) == {*before.splitlines(), "GMBH\tGesellschaft [DE]"}


def test_replacing_import_keeps_only_the_codes_of_the_file(muster: Muster, codes: Path) -> None:
    muster.ok("classifier", "import", str(codes), "--replace")
    assert muster.ok("classifier", "list", "legalForm").out == "GMBH\tGesellschaft [DE]\n"
    assert muster.ok("classifier", "list", "businessUnit").out == "MAIN\tMain business unit\n"


def test_nothing_of_an_invalid_file_is_imported(muster: Muster, codes: Path) -> None:
    codes.write_text(codes.read_text() + "country,LT,Lietuva\n")
    result = muster("classifier", "import", str(codes))
    assert_one_line(result, 1, f"{codes}:4: country has the code 'LT' from ISO")
    assert "GMBH" not in muster.ok("classifier", "list", "legalForm").out


def test_missing_file_is_an_error_of_one_line(muster: Muster, tmp_path: Path) -> None:
    assert_one_line(muster("classifier", "import", str(tmp_path / "missing.csv")), 1, "check its name")


def test_code_is_added_to_those_of_iso_and_removed_again(muster: Muster) -> None:
    assert muster.ok("classifier", "add", "country", "XK", "Kosovo").err == "added XK to country\n"
    assert "XK\tKosovo\n" in muster.ok("classifier", "list", "country").out
    assert muster.ok("classifier", "list").out.splitlines()[0].endswith("\tISO, own")
    assert muster.ok("classifier", "remove", "country", "XK").err == "removed XK from country\n"
    assert "XK" not in muster.ok("classifier", "list", "country").out


def test_import_replaces_only_the_codes_that_were_added_to_those_of_iso(muster: Muster, codes: Path) -> None:
    muster.ok("classifier", "add", "country", "XK", "Kosovo")
    codes.write_text("classifier,code,title\ncountry,AN,Netherlands Antilles\n")
    muster.ok("classifier", "import", str(codes), "--replace")
    listed = muster.ok("classifier", "list", "country").out
    assert "AN\t" in listed
    assert "LT\t" in listed
    assert "XK\t" not in listed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("add", "country", "LT", "Lietuva"), "country has the code 'LT' from ISO, and codes of ISO cannot be changed"),
        (("add", "currency", "eur", "Euro"), "a code of currency is 3 capital letters"),
        (("add", "legalForm", " ", "Nothing"), "the code is empty"),
        (("remove", "country", "LT"), "only codes that the installation added can be removed"),
        (("remove", "country", "XK"), "country has no code 'XK' of the installation"),
        (("remove", "legalForm", "LTD", "NONE"), "legalForm has no code 'NONE'"),
        (("remove", "businessUnit", "MAIN"), "an installation needs a business unit"),
    ],
)
def test_invalid_change_is_an_error_of_one_line_and_changes_nothing(
    muster: Muster, arguments: tuple[str, ...], message: str
) -> None:
    before = muster.ok("classifier", "list").out
    assert_one_line(muster("classifier", *arguments), 1, message)
    assert muster.ok("classifier", "list").out == before


def test_unknown_classifier_is_a_usage_error(muster: Muster) -> None:
    for arguments in (("add", "colour", "RED", "Red"), ("remove", "colour", "RED"), ("list", "colour")):
        assert_one_line(muster("classifier", *arguments), 2, "classifier 'colour' does not exist")


def test_removal_is_in_the_audit_log(muster: Muster) -> None:
    muster.ok("classifier", "remove", "legalForm", "LTD", "COOPERATIVE")
    assert "classifier.codes-removed" in muster.ok("audit").out
    assert "COOPERATIVE" in muster.ok("audit", "--json").out
