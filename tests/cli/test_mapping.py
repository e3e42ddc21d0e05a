"""`muster mapping suggest` and `muster template`."""

import io
from pathlib import Path

import pytest

from muster.intake.checkpoint import START
from muster.loads.formats import open_rows
from muster.loads.mapping import make_mapper, parse_mapping
from tests.cli.commands import Muster, assert_one_line

BANK_FILE = "CUST_NO;Vardas;DOB;RISK;Teller\n0017;Žygimantas;31.01.1980;L;7\n"


@pytest.fixture(autouse=True)
def without_database(monkeypatch: pytest.MonkeyPatch, muster: Muster) -> None:
    """The codes are those of a new installation, unless a test names a database."""
    monkeypatch.delenv("MUSTER_DATABASE")


def write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def test_a_suggested_mapping_can_be_used_as_it_is(muster: Muster, tmp_path: Path) -> None:
    path = write(tmp_path / "customers.csv", BANK_FILE.encode("cp1257"))
    toml = muster.ok("mapping", "suggest", path, "--encoding", "cp1257").out
    source = open_rows(io.BytesIO(BANK_FILE.encode()), name="x", size=None)
    (record,) = make_mapper(source.layout, parse_mapping(toml), job="j").map(source.rows(START))
    assert record.document == {
        "customerExtId": "0017",
        "firstName": "Žygimantas",
        "birthDate": "1980-01-31",
        "riskLevel": "LOW",
        "communicationNumber": "j-2",
        "requester": "core-banking",
        "entityType": "INDIVIDUAL",
    }


def test_a_mapping_is_suggested_for_standard_input(muster: Muster) -> None:
    assert 'customerExtId = "CUST_NO"' in muster.ok("mapping", "suggest", "-", stdin=BANK_FILE).out


def test_codes_of_the_database_are_known(muster: Muster, tmp_path: Path) -> None:
    muster.ok("classifier", "add", "legalForm", "IĮ", "Individuali įmonė", "--database", muster.url)
    path = write(tmp_path / "x.csv", "Legal form\nindividuali įmonė\n".encode())
    assert '"individuali įmonė" = "IĮ"' in muster.ok("mapping", "suggest", path, "--database", muster.url).out
    assert "no value is known" in muster.ok("mapping", "suggest", path).out


def test_a_file_without_columns_needs_no_mapping(muster: Muster, tmp_path: Path) -> None:
    path = write(tmp_path / "x.ndjson", b'{"customerExtId": "1"}\n')
    assert_one_line(muster("mapping", "suggest", path), 1, "has no columns")


def test_a_file_that_can_not_be_read_is_told_in_one_line(muster: Muster, tmp_path: Path) -> None:
    assert_one_line(muster("mapping", "suggest", str(tmp_path / "nope.csv")), 2, "can't be read")
    path = write(tmp_path / "x.pdf", b"%PDF-1.4 ...")
    assert_one_line(muster("mapping", "suggest", path), 1, "PDF")


def test_a_template_for_csv_is_printed(muster: Muster) -> None:
    line = muster.ok("template", "--type", "organization", "--fields", "mandatory,isPEP", "--fields", "lei").out
    assert line.startswith("communicationNumber,requester,")
    assert line.endswith(",title,registrationCountry,legalForm,isPEP,lei\n")


def test_a_template_for_excel_is_a_workbook_that_can_be_loaded(muster: Muster, tmp_path: Path) -> None:
    path = tmp_path / "customers.XLSX"
    note = muster.ok("template", "--type", "Individual", "--output", str(path)).err
    assert str(path) in note
    with path.open("rb") as file:
        source = open_rows(file, name=path.name, size=path.stat().st_size)
        assert source.layout.format == "xlsx"
        assert list(make_mapper(source.layout, None, job="j").map(source.rows(START))) == []
        source.close()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--type", "person"), "individual, organization"),
        (("--type", "individual", "--format", "ods"), "csv, xlsx"),
        (("--type", "individual", "--format", "xlsx"), "--output"),
        (("--type", "individual", "--fields", "frstName"), "did you mean firstName?"),
        ((), "--type"),
    ],
)
def test_wrong_usage_of_template_is_told_in_one_line(muster: Muster, arguments: tuple[str, ...], expected: str) -> None:
    assert_one_line(muster("template", *arguments), 2, expected)


def test_a_directory_that_does_not_exist_is_told_in_one_line(muster: Muster, tmp_path: Path) -> None:
    output = str(tmp_path / "nope" / "x.csv")
    assert_one_line(muster("template", "--type", "individual", "--output", output), 1, "can't be written")
