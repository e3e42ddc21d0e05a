"""Loads by the client and the service as it ships, also through connections that are cut."""

import csv
import time
from pathlib import Path
from typing import Any

import pytest

from faults.http_proxy import RandomCuts, run_http_proxy
from muster.auth.users import Role
from muster_client import Client, InvalidRequest, LoadFailed, NotFound, RetryPolicy
from tests.samples import individual
from tests.serving import Api

PART_BYTES = 3_000


def connect(port: int, token: str) -> Client:
    """A client that asks at once for what the service would like to be asked for in a second."""
    retry = RetryPolicy(first_pause=0.005, max_pause=0.05)
    return Client(
        f"http://127.0.0.1:{port}", token=token, retry=retry, verify=False, sleep=lambda seconds: time.sleep(0.02)
    )


def write_csv(path: Path, customers: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(customers[0]))
        writer.writeheader()
        writer.writerows(customers)


def test_file_is_loaded_and_its_refused_rows_are_mended_and_loaded_again(api: Api, tmp_path: Path) -> None:
    customers = [individual() for _ in range(100)]
    customers[7]["firstName"] = ""
    path, refused = tmp_path / "customers.csv", tmp_path / "refused.csv"
    write_csv(path, customers)
    with connect(api.port, api.user(Role.SUBMIT)) as client:
        job = client.loads.upload(path, batch=30, progress=lambda size: None, part_bytes=PART_BYTES)
        load = job.wait()
        assert (load.state, load.rows, load.accepted, load.refused) == ("completed", 100, 99, 1)
        assert (load.size, load.codes[0].code, load.codes[0].first_row) == (path.stat().st_size, "C016.I01", 9)
        assert [row for row, result in enumerate(job.results()) if not result.is_accepted] == [7]
        assert job.refused(to=refused) == refused.stat().st_size
        with refused.open(newline="", encoding="utf-8") as file:
            [row] = csv.DictReader(file)
        write_csv(refused, [{**row, "firstName": "Anna"}])
        mended = client.loads.upload(refused).wait()
        assert (mended.accepted, mended.refused) == (1, 0)
        assert [listed.id for listed in client.loads.list()][1] == job.id


def test_dry_run_saves_nothing_and_a_threshold_fails_the_load(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    write_csv(path, [individual(firstName="") for _ in range(5)])
    with connect(api.port, api.user(Role.SUBMIT)) as client:
        job = client.loads.upload(path, dry_run=True)
        assert job.wait().refused == 5
        with pytest.raises(NotFound):
            next(job.results())
        with pytest.raises(LoadFailed, match="0 of 5 rows") as caught:
            client.loads.upload(path, accept="all").wait()
        assert caught.value.info.codes[0].code == "C016.I01"
        with pytest.raises(InvalidRequest):
            client.loads.upload(path, encoding="no such encoding")
        assert list(client.batches.list()) == []


def test_file_that_comes_through_cut_connections_is_whole_and_loaded_once(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    write_csv(path, [individual() for _ in range(300)])
    token = api.user(Role.SUBMIT)
    with run_http_proxy(api.port, RandomCuts(3)) as proxy, connect(proxy.port, token) as client:
        job = client.loads.upload(path, key="feed", part_bytes=PART_BYTES)
        assert job.wait().accepted == 300
        assert client.loads.upload(path, key="feed").id == job.id
        assert proxy.cuts.total() > 10
        proxy.choose_cut = lambda: None
        assert [load.id for load in client.loads.list()] == [job.id]
        assert len(list(job.results())) == 300
