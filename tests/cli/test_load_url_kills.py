"""`muster load --url` is killed in mid-upload and while it waits, with cut connections, on both databases."""

import csv
import threading
from contextlib import AbstractContextManager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from faults.http_proxy import CutPoint, Direction, RandomCuts, run_http_proxy
from faults.load_command import BOUNDS
from tests.cli.load_process import LoadProcess, run_load
from tests.cli.test_load import to_csv
from tests.cli.test_load_kills import find_load
from tests.samples import individual
from tests.serving import Api, serving

ROWS, BAD = 900, range(7, 900, 100)
PARTS_BEFORE_THE_KILL, RANDOM_CUTS = 2, 5
PART_BYTES = BOUNDS.part_bytes


class Command:
    """`muster load` of a file with small parts, through the port of a proxy or a service."""

    def __init__(self, file: Path, refused: Path, token: Path) -> None:
        self._arguments = ["load", str(file), "--refused", str(refused), "--token-file", str(token)]
        self._outputs = (refused.with_name(f"output-{number}") for number in count())

    def start(self, port: int) -> AbstractContextManager[LoadProcess]:
        return run_load([*self._arguments, "--url", f"http://127.0.0.1:{port}"], "", next(self._outputs))


def kill_in_mid_upload(api: Api, command: Command) -> None:
    """The third connection never gets an answer, and the second one is cut in the third part."""
    stalled, killed = threading.Event(), threading.Event()
    cuts = iter([None, CutPoint(Direction.REQUEST, PARTS_BEFORE_THE_KILL * (PART_BYTES + 1_000) + PART_BYTES // 2)])

    def choose_cut() -> CutPoint | None:
        with suppress(StopIteration):
            return next(cuts)
        stalled.set()
        killed.wait(60)
        return None

    with run_http_proxy(api.port, choose_cut) as proxy, command.start(proxy.port) as process:
        assert stalled.wait(60)
        process.kill()
        killed.set()
    assert [state for (state,) in api.sql("SELECT state FROM loads")] == ["receiving"]
    # One more where the client began its second connection later, because its first one was idle for too long.
    assert api.sql("SELECT count(*) FROM load_parts")[0][0] in (PARTS_BEFORE_THE_KILL, PARTS_BEFORE_THE_KILL + 1)


def kill_while_it_waits(api: Api, command: Command) -> None:
    """The upload goes on through connections that are cut at random, and the service has no worker for the load."""
    cuts = iter([None, *(RandomCuts(3)() for _ in range(RANDOM_CUTS))])
    with run_http_proxy(api.port, lambda: next(cuts, None)) as proxy, command.start(proxy.port) as process:
        process.wait_for("the upload of this file goes on")
        while (load := find_load(api.store)) is None or load.state != "waiting":
            assert process.is_running()


def kill_while_it_waits_again(api: Api, command: Command) -> None:
    with command.start(api.port) as process:
        process.wait_for("the service is loading this file already")


def test_killed_command_loses_nothing_and_loads_nothing_twice(database_url: str, tmp_path: Path) -> None:
    customers = [individual(citizenshipCountry="XX" if row in BAD else "LT") for row in range(ROWS)]
    file, refused, token = tmp_path / "c.csv", tmp_path / "refused.csv", tmp_path / "token"
    file.write_text(to_csv(customers), newline="")
    assert file.stat().st_size > (PARTS_BEFORE_THE_KILL + 2) * PART_BYTES
    command = Command(file, refused, token)
    with serving(database_url, load_workers=0) as api:
        token.write_text(api.token)
        kill_in_mid_upload(api, command)
        kill_while_it_waits(api, command)
        kill_while_it_waits_again(api, command)
    assert not refused.exists()
    with serving(database_url) as api, command.start(api.port) as process:
        assert process.finish() == 3, process.read_output()
        check_loaded(api, customers, refused)


def check_loaded(api: Api, customers: list[dict[str, Any]], refused: Path) -> None:
    [load] = api.store.loads.list(sender=None, before=None, limit=2)
    assert (load.totals.rows, load.totals.accepted, load.totals.refused) == (ROWS, ROWS - len(BAD), len(BAD))
    numbers = [number for (number,) in api.sql("SELECT communication_number FROM communications")]
    expected = {c["communicationNumber"] for c in customers if c["citizenshipCountry"] == "LT"}
    assert (len(numbers), set(numbers)) == (len(expected), expected)
    with refused.open(encoding="utf-8", newline="") as rows:
        assert [int(row["muster_row"]) for row in csv.DictReader(rows)] == [row + 2 for row in BAD]
