"""`muster load` is killed in the middle of a file, on both databases. `faults/test_load_kills.py` does it at random."""

import csv
import os
import time
from pathlib import Path

import pytest

from muster.loads.load_store import Load
from muster.storage import Storage, open_storage
from tests.cli.load_process import run_load
from tests.cli.test_load import to_csv
from tests.samples import individual

# A pipe is read in blocks of 256 KiB, which are some 2,400 rows.
ROWS, SENT_BEFORE_THE_KILL, SAVED_BEFORE_THE_KILL, BATCH = 6_000, 5_500, 2_000, 400


def find_load(storage: Storage) -> Load | None:
    return next(iter(storage.loads.list(sender=None, before=None, limit=1)), None)


def wait_for_row(storage: Storage, row: int) -> Load:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        load = find_load(storage)
        if load is not None and load.position.row >= row:
            return load
        time.sleep(0.02)
    raise AssertionError("the load does not come to this row")


@pytest.mark.untraced  # a killed process writes no coverage
def test_killed_load_loses_nothing_and_saves_nothing_twice(database_url: str, tmp_path: Path) -> None:
    customers = [individual(citizenshipCountry="XX" if index % 400 == 7 else "LT") for index in range(ROWS)]
    lines = to_csv(customers).encode().splitlines(keepends=True)
    refused, pipe = tmp_path / "refused.csv", tmp_path / "pipe"
    os.mkfifo(pipe)
    arguments = ["load", str(pipe), "--batch", str(BATCH), "--refused", str(refused)]
    storage = open_storage(database_url)
    with run_load(arguments, database_url, tmp_path / "first") as first, pipe.open("wb") as content:
        content.write(b"".join(lines[:SENT_BEFORE_THE_KILL]))
        content.flush()
        killed_at = wait_for_row(storage, SAVED_BEFORE_THE_KILL).position.row
        first.kill()
    assert not refused.exists()
    with run_load(arguments, database_url, tmp_path / "second") as second:
        pipe.write_bytes(b"".join(lines))
        assert second.finish() == 3, second.read_output()
    assert "goes on after row" in second.read_output()
    load = find_load(storage)
    assert load is not None
    assert (load.totals.rows, load.totals.accepted, load.totals.refused) == (ROWS, ROWS - 15, 15)
    with storage.engine.connect() as connection:
        numbers = connection.exec_driver_sql("SELECT communication_number FROM communications").scalars().all()
    storage.close()
    assert killed_at < ROWS
    expected = {c["communicationNumber"] for c in customers if c["citizenshipCountry"] == "LT"}
    assert (len(numbers), set(numbers)) == (ROWS - 15, expected)
    with refused.open(encoding="utf-8", newline="") as file:
        assert [int(row["muster_row"]) for row in csv.DictReader(file)] == list(range(9, ROWS + 2, 400))
