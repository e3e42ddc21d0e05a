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
    codes.write_text(codes.read_text() + "country,XX,Nowhere\n")
    result = muster("classifier", "import", str(codes))
    assert_one_line(result, 1, f"{codes}:4: country comes from ISO")
    assert "GMBH" not in muster.ok("classifier", "list", "legalForm").out


def test_missing_file_is_an_error_of_one_line(muster: Muster, tmp_path: Path) -> None:
    assert_one_line(muster("classifier", "import", str(tmp_path / "missing.csv")), 1, "check its name")
