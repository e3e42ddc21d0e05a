"""`muster load`."""

import csv
import io
import json
import os
import signal
import sqlite3
import stat
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from muster.cli.context import get_operator
from muster.cli.load_progress import LoadProgress
from muster.cli.main import main
from muster.storage import open_storage
from tests.cli.commands import Muster, assert_one_line
from tests.samples import individual


def to_csv(customers: list[dict[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(customers[0]))
    writer.writeheader()
    writer.writerows(customers)
    return text.getvalue()


def write_csv(path: Path, customers: list[dict[str, Any]]) -> str:
    path.write_text(to_csv(customers), encoding="utf-8", newline="")
    return str(path)


def build_customers(good: int, bad: int = 0) -> list[dict[str, Any]]:
    return [individual() for _ in range(good)] + [individual(citizenshipCountry="XX") for _ in range(bad)]


def count(muster: Muster, table: str = "customers") -> int:
    with sqlite3.connect(muster.url.removeprefix("sqlite:///")) as connection:
        [found] = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    connection.close()
    return int(found)


def test_file_is_loaded_and_told(muster: Muster, tmp_path: Path) -> None:
    result = muster("load", write_csv(tmp_path / "c.csv", build_customers(5)))
    assert (result.code, result.out) == (0, "")
    assert result.err == "5 rows: 5 accepted, 0 refused\n"
    assert count(muster) == 5


def test_operator_who_loads_is_in_the_audit_log_and_a_dry_run_is_not(muster: Muster, tmp_path: Path) -> None:
    muster.add_user("core")
    path = write_csv(tmp_path / "c.csv", build_customers(3, bad=1))
    assert muster("load", path, "--dry-run").code == 3
    for _ in range(2):  # the second one has nothing to do
        assert muster("load", path, "--user", "core").code == 3
    entries = [line.split("\t") for line in muster.ok("audit").out.splitlines() if "\tload." in line]
    assert [entry[2:4] for entry in entries] == [[get_operator(), "load.started"], ["core", "load.ended"]]
    assert [entry[4] for entry in entries] == [entries[0][4]] * 2
    assert [entry[5] for entry in entries] == [
        f"bytes={Path(path).stat().st_size} dryRun=False sender=core",
        "state=completed rows=4 accepted=3 refused=1",
    ]


def test_refused_rows_are_told_by_code_with_their_first_cell(muster: Muster, tmp_path: Path) -> None:
    customers = build_customers(3, bad=2)
    column = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[list(customers[0]).index("citizenshipCountry")]
    result = muster("load", write_csv(tmp_path / "c.csv", customers))
    assert result.code == 3
    code, rows, first_row, cell, text = result.out.rstrip("\n").split("\t")
    assert (code, rows, first_row, cell) == ("C016.I06", "2", "5", f"{column}5")
    assert "CitizenshipCountry" in text
    assert f"first refused row: {column}5 citizenshipCountry: C016.I06 " in result.err
    assert "5 rows: 3 accepted, 2 refused" in result.err
    assert "XX" not in result.out + result.err


def test_refused_rows_are_mended_and_loaded_as_they_are(muster: Muster, tmp_path: Path) -> None:
    refused = tmp_path / "refused.csv"
    assert muster("load", write_csv(tmp_path / "c.csv", build_customers(2, bad=3)), "--refused", str(refused)).code == 3
    assert stat.S_IMODE(refused.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []
    refused.write_text(refused.read_text().replace("XX", "LT"))
    assert muster("load", str(refused)).code == 0
    assert count(muster) == 5


def test_refused_rows_that_are_written_are_in_the_audit_log(muster: Muster, tmp_path: Path) -> None:
    file, refused = write_csv(tmp_path / "c.csv", build_customers(1, bad=2)), str(tmp_path / "refused.csv")
    muster("load", file, "--dry-run", "--refused", refused)
    assert muster.ok("audit", "--action", "load.refused-read").out == ""
    muster("load", file)
    muster("load", file, "--refused", refused)
    [entry] = muster.ok("audit", "--action", "load.refused-read").out.splitlines()
    assert "os:" in entry


def test_dry_run_finds_duplicates_over_the_whole_file_and_writes_nothing(muster: Muster, tmp_path: Path) -> None:
    customers = build_customers(5)
    file, refused = write_csv(tmp_path / "c.csv", [*customers, customers[0]]), tmp_path / "refused.csv"
    result = muster("load", file, "--dry-run", "--batch", "2", "--refused", str(refused))
    assert result.code == 3
    assert "5 can be accepted, 1 refused; nothing was saved" in result.err
    assert refused.read_text().count("O005") == 1
    assert (count(muster), count(muster, "loads"), count(muster, "batches")) == (0, 0, 0)


def test_file_that_was_loaded_whole_is_not_loaded_twice(muster: Muster, tmp_path: Path) -> None:
    file, refused = write_csv(tmp_path / "c.csv", build_customers(2, bad=1)), tmp_path / "refused.csv"
    assert muster("load", file).code == 3
    result = muster("load", file, "--refused", str(refused))
    assert result.code == 3
    assert "this file was loaded whole" in result.err
    assert len(refused.read_text().splitlines()) == 2
    assert count(muster, "loads") == 1
    again = muster("load", file, "--again")
    assert "3 rows: 0 accepted, 3 refused" in again.err
    assert count(muster, "loads") == 2


def test_file_with_the_same_beginning_and_size_is_another_file(muster: Muster, tmp_path: Path) -> None:
    customers = build_customers(800)
    file = write_csv(tmp_path / "c.csv", customers)
    muster.ok("load", file)
    last = customers[-1]
    changed = {name: last[name][:-1] + "~" for name in ("communicationNumber", "customerExtId")}
    write_csv(tmp_path / "c.csv", [*customers[:-1], {**last, **changed}])
    result = muster("load", file)
    assert "800 rows: 1 accepted, 799 refused" in result.err


def test_standard_input_is_loaded(muster: Muster) -> None:
    lines = "".join(json.dumps(customer) + "\n" for customer in build_customers(3)).encode()
    assert run_with_pipe(muster, lines, "load", "-") == 0
    assert count(muster) == 3
    assert run_with_pipe(muster, lines, "load", "-") == 0  # it was loaded whole
    assert count(muster, "loads") == 1


def run_with_pipe(muster: Muster, content: bytes, *arguments: str) -> int:
    """Runs the command with a pipe as its standard input."""
    reading, writing = os.pipe()

    def write() -> None:
        with open(writing, "wb") as pipe:
            pipe.write(content)

    thread = threading.Thread(target=write)
    thread.start()
    before = sys.stdin
    with open(reading, encoding="utf-8") as sys.stdin:
        try:
            code = main(arguments)
        finally:
            sys.stdin = before
    thread.join()
    return code


@pytest.mark.parametrize(("accept", "accepted"), [("all", 0), ("80", 0), ("75", 3)])
def test_nothing_is_loaded_unless_enough_rows_are_accepted(
    muster: Muster, tmp_path: Path, accept: str, accepted: int
) -> None:
    content = to_csv(build_customers(3, bad=1)).encode()
    (tmp_path / "c.csv").write_bytes(content)
    result = muster("load", str(tmp_path / "c.csv"), "--accept", accept)
    assert result.code == (3 if accepted else 1)
    assert count(muster) == accepted
    if not accepted:
        assert "nothing was loaded: 3 of 4 rows can be accepted" in result.err
        assert run_with_pipe(muster, content, "load", "-", "--accept", accept) == 1
        assert count(muster) == 0


def test_file_that_breaks_off_fails_and_keeps_what_was_loaded(muster: Muster, tmp_path: Path) -> None:
    body = json.dumps({"customers": build_customers(3)})
    (tmp_path / "c.json").write_text(body[:-40])
    result = muster("load", str(tmp_path / "c.json"))
    assert result.code == 1
    assert "2 accepted rows before it are saved" in result.err
    assert count(muster) == 2


def test_stopped_load_goes_on_where_it_stands(muster: Muster, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(2_000))
    stop_after_first_chunk(muster, file)
    assert 0 < count(muster) < 2_000
    result = muster("load", file)
    assert result.code == 0, result
    assert "goes on after row" in result.err
    assert "2,000 rows: 2,000 accepted" in result.err
    assert (count(muster), count(muster, "loads")) == (2_000, 1)


def test_load_does_not_go_on_with_a_file_that_has_changed(muster: Muster, tmp_path: Path) -> None:
    customers = build_customers(2_000)
    file = write_csv(tmp_path / "c.csv", customers)
    stop_after_first_chunk(muster, file)
    saved = count(muster)
    # Beyond the part that identifies a file, and before the checkpoint.
    customers[900] = {**customers[900], "firstName": customers[900]["firstName"][::-1]}
    write_csv(tmp_path / "c.csv", customers)
    refused = muster("load", file)
    assert refused.code == 1
    assert "--again to give that load up" in refused.err.splitlines()[-1]
    assert count(muster) == saved
    result = muster("load", file, "--again")
    assert f"2,000 rows: {2_000 - saved:,} accepted, {saved:,} refused" in result.err
    with sqlite3.connect(tmp_path / "muster.db") as connection:
        states = connection.execute("SELECT state FROM loads ORDER BY id").fetchall()
    connection.close()
    assert states == [("cancelled",), ("completed",)]


def test_lease_of_a_killed_process_is_waited_for(muster: Muster, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(2_000))
    stop_after_first_chunk(muster, file)
    store = open_storage(muster.url)
    [stopped] = store.loads.list(sender=None, before=None, limit=2)
    assert store.loads.lease(stopped.id, uuid4(), timedelta(seconds=1)) is not None
    store.close()
    result = muster("load", file)
    assert result.code == 0
    assert "another process has begun to load this file; waiting up to 30 s" in result.err
    assert count(muster) == 2_000


def stop_after_first_chunk(muster: Muster, file: str) -> None:
    """Loads the file, and presses Ctrl-C when the first chunk is saved."""
    update = LoadProgress.update
    with pytest.MonkeyPatch.context() as patch:

        def press(progress: LoadProgress, load: Any) -> None:
            update(progress, load)
            os.kill(os.getpid(), signal.SIGINT)

        patch.setattr(LoadProgress, "update", press)
        result = muster("load", file, "--batch", "1000")
    assert result.code == 1
    assert "run the same command again to go on" in result.err.splitlines()[-1]


def test_load_is_sent_as_a_user_with_its_units(muster: Muster, tmp_path: Path) -> None:
    muster.add_user("feed")
    muster.ok("load", write_csv(tmp_path / "c.csv", build_customers(1)), "--user", "feed")
    with sqlite3.connect(tmp_path / "muster.db") as connection:
        assert connection.execute("SELECT sender FROM batches").fetchone() == ("feed",)
    connection.close()


def test_operator_with_several_units_has_no_default_unit(muster: Muster, tmp_path: Path) -> None:
    codes = tmp_path / "codes.csv"
    codes.write_text("classifier,code,title\nbusinessUnit,NORTH,North\n")
    muster.ok("classifier", "import", str(codes))
    customers = [individual(businessUnit="NORTH"), individual(businessUnit="")]
    result = muster("load", write_csv(tmp_path / "c.csv", customers))
    assert "2 rows: 1 accepted, 1 refused" in result.err
    assert "Business unit is mandatory" in result.out


def test_mapping_names_the_columns(muster: Muster, tmp_path: Path) -> None:
    customer = individual()
    renamed = {("Nr" if name == "communicationNumber" else name): value for name, value in customer.items()}
    mapping = tmp_path / "m.toml"
    mapping.write_text('[fields]\ncommunicationNumber = "Nr"\n')
    result = muster("load", write_csv(tmp_path / "c.csv", [renamed]), "--mapping", str(mapping))
    assert result.code == 0, result


@pytest.mark.parametrize("accept", ["0", "all"])
def test_rows_of_another_file_are_joined(muster: Muster, tmp_path: Path, accept: str) -> None:
    customers = build_customers(2)
    (tmp_path / "m.toml").write_text(
        '[[join]]\nfile = "addresses.csv"\nkey = "CUST"\n[join.fields]\n"listAddress[].country" = "COUNTRY"\n'
        '"listAddress[].addressType" = { constant = "RESIDENCE" }\n'
    )
    (tmp_path / "addresses.csv").write_text(f"CUST,COUNTRY\n{customers[1]['customerExtId']},LV\n")
    file = write_csv(tmp_path / "c.csv", customers)
    result = muster("load", file, "--mapping", str(tmp_path / "m.toml"), "--accept", accept)
    assert result.code == 0, result
    with sqlite3.connect(tmp_path / "muster.db") as connection:
        documents = [document for (document,) in connection.execute("SELECT document FROM customers ORDER BY 1")]
    connection.close()
    assert sum('"LV"' in document for document in documents) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["missing.csv"], 2, "can't be read: No such file"),
        (["."], 2, "can't be read: Is a directory"),
        (["c.csv", "--accept", "101"], 2, "0 to 100"),
        (["c.csv", "--accept", "most"], 2, "0 to 100"),
        (["c.csv", "--unknown", "keep"], 2, "ignore, reject"),
        (["c.csv", "--batch", "0"], 2, "--batch"),
        (["c.csv", "--format", "csv"], 2, "give --refused FILE too"),
        (["c.csv", "--refused", "c.csv"], 2, "give another file"),
        (["c.csv", "--refused", "no/such/file"], 2, "writable directory"),
        (["c.ndjson", "--refused", "r.csv", "--format", "csv"], 2, "--format csv: "),
        (["c.csv", "--mapping", "no.toml"], 2, "no.toml can't be read"),
        (["c.csv", "--user", "nobody"], 1, "user 'nobody' does not exist"),
        (["c.csv", "--encoding", "klingon"], 1, "is not an encoding"),
        (["page.csv"], 1, "looks like HTML"),
        (["empty.csv"], 1, "empty"),
        (["c.csv", "--database", "sqlite:///missing.db"], 1, "there is no database"),
    ],
)
def test_error_is_one_line(
    muster: Muster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "c.csv", build_customers(1))
    (tmp_path / "c.ndjson").write_text(json.dumps(individual()) + "\n")
    (tmp_path / "page.csv").write_text("<html><body>log in</body></html>")
    (tmp_path / "empty.csv").write_text("")
    assert_one_line(muster("load", *arguments), code, expected)
    assert count(muster) == 0


def test_user_who_may_not_submit_is_refused(muster: Muster, tmp_path: Path) -> None:
    muster.add_user("reader", role="read")
    result = muster("load", write_csv(tmp_path / "c.csv", build_customers(1)), "--user", "reader")
    assert_one_line(result, 1, "--add-role submit")


def test_wrong_encoding_is_asked_for(muster: Muster, tmp_path: Path) -> None:
    customer = individual(firstName="Žygimantė")
    (tmp_path / "c.csv").write_bytes(to_csv([customer]).encode("cp1257"))
    result = muster("load", str(tmp_path / "c.csv"))
    assert result.code == 1
    assert "name its encoding" in result.err
    assert "cp1257" in result.err
    assert muster("load", str(tmp_path / "c.csv"), "--encoding", "cp1257").code == 0
    store = open_storage(muster.url)
    with store.engine.connect() as connection:
        [document] = connection.exec_driver_sql("SELECT document FROM customers").one()
    store.close()
    assert "Žygimantė" in document
