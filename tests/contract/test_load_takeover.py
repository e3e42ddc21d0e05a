"""Loads of workers that die, stop or share a node: every row is decided once, by one worker or another."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import psutil
import pytest
from sqlalchemy import text

from muster.auth.users import Role
from muster.loads.worker import WorkerTimes
from muster.storage.engine import write_transaction
from tests.contract.loads import Loads, make_csv, wait_for_deleted_parts
from tests.serving import Api, serving

QUICK = WorkerTimes(poll=timedelta(seconds=0.1), lease=timedelta(seconds=1))
ROWS = 1_000


@contextmanager
def locked_loads(api: Api) -> Iterator[None]:
    """Keeps workers from saving a chunk: they wait for a lock on their load."""
    with write_transaction(api.store.engine) as connection:
        connection.execute(text("UPDATE loads SET name = name"))
        yield


@contextmanager
def slowed_loads(api: Api, *, free_seconds: float = 0.01) -> Iterator[None]:
    """Lets loads save chunks between locks only."""
    ended = threading.Event()

    def slow_down() -> None:
        while not ended.wait(free_seconds):
            with locked_loads(api):
                ended.wait(0.05)

    thread = threading.Thread(target=slow_down)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def kill_workers(api: Api) -> None:
    """Kills all worker processes; new ones take their place."""
    for worker in psutil.Process(api.server.pid).children():
        with suppress(psutil.NoSuchProcess):
            worker.kill()


def check_that_each_row_was_saved_once(api: Api, load_id: str) -> None:
    assert api.sql("SELECT count(*) FROM communications")[0][0] == ROWS
    results = Loads(api).request("GET", f"/{load_id}/results").text.splitlines()
    assert len(results) == ROWS
    assert all('"resultType":"REQUEST_ACCEPTED"' in result for result in results)


def test_a_load_whose_worker_is_killed_is_taken_over(database_url: str) -> None:
    with serving(database_url, load_times=QUICK) as api:
        loads = Loads(api)
        with slowed_loads(api):
            load_id = loads.upload_without_waiting(make_csv(ROWS), batch=20)
            for rows in (100, 200, 300):
                loads.wait(load_id, lambda load, rows=rows: load["rows"] >= rows)  # type: ignore[misc]
                kill_workers(api)
        load = loads.wait(load_id)
        assert (load["state"], load["rows"], load["accepted"], load["refused"]) == ("completed", ROWS, ROWS, 0), load
        check_that_each_row_was_saved_once(api, load_id)


def test_a_load_goes_on_in_the_next_service_after_a_graceful_shutdown(database_url: str) -> None:
    with serving(database_url, load_times=QUICK) as first:
        loads = Loads(first)
        load_id = loads.upload_without_waiting(make_csv(ROWS), batch=10)
        loads.wait(load_id, lambda load: load["rows"] >= 10)
        loads.http.close()
        with slowed_loads(first, free_seconds=0.001):
            assert first.server.stop() == 0
        assert '"event":"load_paused"' in first.read_log()
        ((state, lease),) = first.sql("SELECT state, lease FROM loads")
        assert (state, lease) == ("running", None)
    with serving(database_url, load_times=QUICK) as second:
        load = Loads(second, second.user(Role.ADMIN)).wait(load_id)
        assert (load["state"], load["rows"]) == ("completed", ROWS)
        assert second.sql("SELECT count(*) FROM communications")[0][0] == ROWS


def test_a_cancelled_load_stops_and_leaves_what_it_has_saved(database_url: str) -> None:
    with serving(database_url, load_times=QUICK) as api:
        loads = Loads(api)
        with slowed_loads(api):
            load_id = loads.upload_without_waiting(make_csv(ROWS), batch=20)
            loads.wait(load_id, lambda load: load["rows"] >= 50)
            cancelled = loads.request("POST", f"/{load_id}/cancel").json()
        assert cancelled["state"] == "cancelled"
        load = loads.wait(load_id)
        assert load["rows"] < ROWS
        assert api.sql("SELECT count(*) FROM communications")[0][0] == load["accepted"]
        wait_for_deleted_parts(api)
        loads.wait(loads.upload_without_waiting(make_csv(1, start=ROWS)))  # the worker is free again


@pytest.mark.parametrize("name", ["audit", "log", "metrics"])
def test_loads_are_seen_by_operators(name: str, observed: tuple[Api, str]) -> None:
    api, load_id = observed
    if name == "audit":
        actions = Counter(row[0] for row in api.sql("SELECT action FROM audit_log"))
        assert actions["load.started"] == actions["load.ended"] == actions["load.refused-read"] == 1
    elif name == "log":
        assert all(f'"event":"load_{event}"' in api.read_log() for event in ("started", "ended"))
        assert load_id in api.read_log()
        assert "secret-name" not in api.read_log()
    else:
        token = api.user(Role.WATCH)
        metrics = api.http.get("/metrics", headers={"Authorization": f"Bearer {token}"}).text
        assert 'muster_loads_total{state="completed"} 1.0' in metrics
        assert 'muster_load_rows_total{mode="load",result="refused"} 1.0' in metrics
        assert "muster_loads_running 0.0" in metrics


@pytest.fixture(name="observed", scope="module")
def _observed(shared_database_url: str) -> object:
    """A service that has run one load."""
    with serving(shared_database_url) as api:
        loads = Loads(api)
        load = loads.upload(make_csv(3, entityType="NEITHER"), name="secret-name.csv")
        assert loads.request("GET", f"/{load['id']}/refused").status_code == 200
        while '"event":"load_ended"' not in api.read_log():
            time.sleep(0.01)
        yield api, load["id"]


def test_several_workers_of_a_service_share_the_loads(postgres_url: str) -> None:
    with serving(postgres_url, load_times=QUICK, workers=2) as api:
        loads = Loads(api)
        ids = [loads.upload_without_waiting(make_csv(200, start=number * 200), batch=20) for number in range(4)]
        assert [loads.wait(load_id)["accepted"] for load_id in ids] == [200] * 4
        assert api.sql("SELECT count(*) FROM communications")[0][0] == 800


def test_a_service_may_take_files_without_loading_them(api_without_workers: Api) -> None:
    loads = Loads(api_without_workers)
    load_id = loads.upload_without_waiting(make_csv(1))
    assert loads.wait(load_id, lambda load: True)["state"] == "waiting"
    api_without_workers.server.signal(signal.SIGTERM)


@pytest.fixture(name="api_without_workers")
def _api_without_workers(sqlite_url: str) -> object:
    with serving(sqlite_url, load_workers=0) as api:
        yield api
