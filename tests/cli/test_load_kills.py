"""`muster load` is killed in the middle of a file, on both databases. `faults/test_load_kills.py` does it at random."""

import csv
import subprocess
import sys
import time
from pathlib import Path

from muster.loads.load_store import Load
from muster.storage import Storage, open_storage
from tests.cli.test_load import to_csv
from tests.samples import individual

ROOT = Path(__file__).parents[2]
# A pipe is read in blocks of 256 KiB, which are some 2,400 rows.
ROWS, SENT_BEFORE_THE_KILL, SAVED_BEFORE_THE_KILL, BATCH = 6_000, 5_500, 2_000, 400


def start_load(url: str, refused: Path) -> "subprocess.Popen[bytes]":
    """The command, with a short lease, on a pipe."""
    arguments = ["load", "-", "--batch", str(BATCH), "--refused", str(refused), "--database", url]
    return subprocess.Popen(
        [sys.executable, "-m", "faults.load_command", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


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


def test_killed_load_loses_nothing_and_saves_nothing_twice(database_url: str, tmp_path: Path) -> None:
    customers = [individual(citizenshipCountry="XX" if index % 400 == 7 else "LT") for index in range(ROWS)]
    lines = to_csv(customers).encode().splitlines(keepends=True)
    refused = tmp_path / "refused.csv"
    storage = open_storage(database_url)
    with start_load(database_url, refused) as first:
        assert first.stdin is not None
        first.stdin.write(b"".join(lines[:SENT_BEFORE_THE_KILL]))
        first.stdin.flush()
        killed_at = wait_for_row(storage, SAVED_BEFORE_THE_KILL).position.row
        first.kill()
    assert not refused.exists()
    with start_load(database_url, refused) as second:
        _, err = second.communicate(b"".join(lines), timeout=100)
    assert second.returncode == 3, err
    assert b"goes on after row" in err
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
