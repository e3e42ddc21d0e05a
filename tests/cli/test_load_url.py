"""`muster load --url`, with the service as it ships."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
import xlsxwriter

from muster.auth.users import Role
from tests.cli.commands import Muster, assert_one_line
from tests.cli.test_load import build_customers, run_with_pipe, to_csv, write_csv
from tests.cli.uploads import Load, count_loads
from tests.samples import individual
from tests.serving import Api

pytestmark = pytest.mark.usefixtures("quick_uploads")


def make_workbook() -> bytes:
    """Two sheets with rows."""
    output = io.BytesIO()
    with xlsxwriter.Workbook(output) as workbook:
        for name, customers in (("People", build_customers(2, bad=1)), ("Others", build_customers(1))):
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate([[*customers[0]], *([*customer.values()] for customer in customers)]):
                sheet.write_row(number, 0, row)
    return output.getvalue()


CASES: dict[str, tuple[Callable[[], str | bytes], list[str]]] = {
    "all accepted": (lambda: to_csv(build_customers(5)), []),
    "some refused": (lambda: to_csv(build_customers(3, bad=2)), []),
    "refused as NDJSON": (lambda: to_csv(build_customers(2, bad=1)), ["--format", "ndjson"]),
    "JSON": (lambda: json.dumps({"customers": build_customers(2, bad=1)}), []),
    "dry run": (lambda: to_csv([*build_customers(2), *build_customers(1) * 2]), ["--dry-run", "--batch", "2"]),
    "warnings": (lambda: to_csv([individual(applicationDate="2999-01-01")]), []),
    "too few accepted": (lambda: to_csv(build_customers(3, bad=1)), ["--accept", "all"]),
    "enough accepted": (lambda: to_csv(build_customers(3, bad=1)), ["--accept", "75"]),
    "unknown fields": (lambda: json.dumps(individual(shoeSize=44)) + "\n", ["--unknown", "reject"]),
    "no customer to update": (lambda: to_csv([individual(action="UPDATE")]), ["--upsert"]),
    "breaks off": (lambda: json.dumps({"customers": build_customers(3)})[:-40], []),
    "encoding": (lambda: to_csv([individual(firstName="Jonas")]), ["--encoding", "cp1257"]),
    "for Excel": (lambda: to_csv(build_customers(1, bad=1)), ["--for-excel"]),
    "sheet": (make_workbook, ["--sheet", "People"]),
    "no such sheet": (make_workbook, ["--sheet", "Peopel"]),
    "several sheets": (make_workbook, []),
    "no encoding": (lambda: to_csv(build_customers(1)), ["--encoding", "klingon"]),
    "HTML": (lambda: "<html><body>log in</body></html>", []),
    "empty": (lambda: "", []),
    "no such column": (lambda: to_csv(build_customers(1)), ["--mapping", "mapping.toml"]),
    "no such format": (lambda: json.dumps(individual()) + "\n", ["--format", "csv"]),
}


def read_refused(path: Path) -> bytes | list[bytes] | None:
    """The bytes of the file; of a workbook those of its parts, because the archive has the time."""
    if not path.exists():
        return None
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in archive.namelist()]


@pytest.mark.parametrize("case", CASES)
def test_service_and_database_say_and_give_the_same(muster: Muster, load: Load, tmp_path: Path, case: str) -> None:
    make, options = CASES[case]
    content = make()
    (tmp_path / "customers.txt").write_bytes(content.encode() if isinstance(content, str) else content)
    (tmp_path / "mapping.toml").write_text('[fields]\nfirstName = "Vorname"\n')
    arguments = [str(tmp_path / "customers.txt"), *(str(tmp_path / o) if o.endswith(".toml") else o for o in options)]
    refused = tmp_path / "refused"
    expected = muster("load", *arguments, "--refused", str(refused))
    written = read_refused(refused)
    refused.unlink(missing_ok=True)
    assert load(*arguments, "--refused", str(refused)) == expected
    assert read_refused(refused) == written
    assert not list(tmp_path.glob(".refused*"))


def test_refused_rows_are_mended_and_loaded_as_they_are(load: Load, api: Api, tmp_path: Path) -> None:
    refused = tmp_path / "refused.csv"
    assert load(write_csv(tmp_path / "c.csv", build_customers(2, bad=3)), "--refused", str(refused)).code == 3
    assert refused.stat().st_mode & 0o777 == 0o600
    refused.write_text(refused.read_text().replace("XX", "LT"))
    assert load(str(refused)).code == 0


def test_file_that_was_loaded_whole_is_not_loaded_twice(
    load: Load, api: Api, target: list[str], tmp_path: Path
) -> None:
    file, refused = write_csv(tmp_path / "c.csv", build_customers(2, bad=1)), tmp_path / "refused.csv"
    assert load(file).code == 3
    result = load(file, "--refused", str(refused), "--batch", "7")
    assert result.code == 3
    assert "this file was loaded whole" in result.err
    assert len(refused.read_text().splitlines()) == 2
    assert count_loads(api, target) == 1
    assert "3 rows: 0 accepted, 3 refused" in load(file, "--again").err
    assert count_loads(api, target) == 2
    assert "3 rows: 0 accepted, 3 refused" in load(file).err  # the newest one
    assert load(file, "--upsert").code == 3  # with other options it is another load
    assert count_loads(api, target) == 3


def test_another_sheet_is_another_load(load: Load, api: Api, target: list[str], tmp_path: Path) -> None:
    (tmp_path / "c.xlsx").write_bytes(make_workbook())
    for sheet, code in (("People", 3), ("Others", 0), ("Others", 0)):
        assert load(str(tmp_path / "c.xlsx"), "--sheet", sheet).code == code
    assert count_loads(api, target) == 2


def test_load_that_failed_is_begun_anew(load: Load, api: Api, target: list[str], tmp_path: Path) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(1, bad=1))
    for number in (1, 2):
        assert "the load failed: nothing was loaded" in load(file, "--accept", "all").err
        assert count_loads(api, target) == number


def test_dry_run_judges_the_file_each_time(load: Load, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(2))
    assert "2 can be accepted" in load(file, "--dry-run").err
    assert load(file).code == 0
    assert "0 can be accepted, 2 refused" in load(file, "--dry-run").err


def test_standard_input_is_loaded_once(muster: Muster, api: Api, target: list[str]) -> None:
    content = to_csv(build_customers(30)).encode()
    for _ in range(2):
        assert run_with_pipe(muster, content, "load", "-", *target) == 0
    assert count_loads(api, target) == 1


def test_token_comes_from_the_environment(
    muster: Muster, api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file, url = write_csv(tmp_path / "c.csv", build_customers(1)), f"http://localhost:{api.port}"
    monkeypatch.setenv("MUSTER_TOKEN", api.user(Role.SUBMIT))
    muster.ok("load", file, "--url", url.replace("localhost", "127.0.0.1"))
    muster.ok("user", "list")  # no other command takes it for a misspelt setting
    monkeypatch.setenv("MUSTER_TOKEN", "mst_wrong")
    result = muster("load", file, "--url", url.replace("localhost", "127.0.0.1"))
    assert_one_line(result, 1, "does not accept the token", "muster token create")
    assert "mst_wrong" not in result.err
    monkeypatch.setenv("MUSTER_TOKEN", api.user(Role.READ))
    assert_one_line(muster("load", file, "--url", url.replace("localhost", "127.0.0.1")), 1, "--add-role submit")


def test_joined_file_is_refused_before_the_upload(load: Load, api: Api, target: list[str], tmp_path: Path) -> None:
    file, mapping = write_csv(tmp_path / "c.csv", build_customers(1)), tmp_path / "m.toml"
    mapping.write_text('[[join]]\nfile = "c.csv"\nkey = "customerExtId"\n')
    assert_one_line(load(file, "--mapping", str(mapping)), 2, "can't be joined here")
    assert count_loads(api, target) == 0


def test_missing_client_is_told(muster: Muster, target: list[str], tmp_path: Path) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(1))
    with patch("muster.cli.load_service.find_spec", lambda _: None):
        assert_one_line(muster("load", file, *target), 1, "pip install 'muster[client]'")


def test_refused_rows_that_are_gone_are_told(load: Load, api: Api, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(1, bad=1))
    load(file)
    api.sql("DELETE FROM load_refused_rows")
    result = load(file, "--refused", str(tmp_path / "refused.csv"))
    assert result.code == 1
    assert "are no longer kept" in result.err
    assert not (tmp_path / "refused.csv").exists()


def test_no_header_of_a_refused_file_is_lost(load: Load, tmp_path: Path) -> None:
    refused = tmp_path / "refused.csv"
    assert load(write_csv(tmp_path / "c.csv", build_customers(1)), "--refused", str(refused)).code == 0
    with refused.open(newline="") as file:
        assert len(list(csv.reader(file))) == 1
