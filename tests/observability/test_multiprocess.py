"""Counting in several workers: the directory, the room in it, and what happens where there is none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from muster.observability.multiprocess import SIZES, get_directory, mark_dead, multiprocess_dir
from tests.web.reading import series_in, total, value

# Counts as a worker does and tells what it sees.
WORKER = """
import json, sys
from muster.observability import logs, multiprocess
logs.configure_logging("json")
multiprocess.preallocate()
from litestar.testing import TestClient
from tests.web.fakes import *
with TestClient(application()) as client:
    for name in json.loads(sys.argv[1]):
        client.post(SAVE, content=BATCH, headers={"Content-Type": "application/json"}, auth=ANNA)
        client.get(f"/classifier/{name}")
    print(client.get("/metrics", auth=WATCHER).text)
"""


# Counts all that a worker can count: requests by more statuses than there are.
EVERYTHING = """
from types import SimpleNamespace
from muster.observability import logs, multiprocess
logs.configure_logging("json")
multiprocess.preallocate()
from litestar.testing import TestClient
from muster.observability.prometheus import METHODS, MetricsRegistry
from tests.web.fakes import *
from muster.storage.pool import ConnectionUsage
app = application()
metrics = MetricsRegistry({}, lambda: ConnectionUsage(0, 1))
for route in app.routes:
    for method in (*METHODS, "other") if route is app.routes[0] else ("GET", "HEAD", "POST"):
        for status in (0, *range(200, 206), *range(400, 432), *range(500, 506)):
            metrics.request(
                SimpleNamespace(
                    method=method, status=status, milliseconds=1, bytes_in=1, wrong_credentials=True, failed=True
                ),
                {"path_template": route.path},
            )
with TestClient(app) as client:
    client.post(SAVE, content=BATCH, headers={"Content-Type": "application/json"}, auth=ANNA)
    print(client.get("/metrics", auth=WATCHER).text)
"""


def worker(*names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WORKER, json.dumps(names)], capture_output=True, text=True, timeout=60, check=True
    )


@pytest.fixture(autouse=True)
def _no_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)


def test_one_worker_counts_in_its_memory_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    monkeypatch.setenv("prometheus_multiproc_dir", str(tmp_path))
    with multiprocess_dir(1):
        assert get_directory() is None
        assert "prometheus_multiproc_dir" not in os.environ


def test_several_workers_have_a_directory_that_is_theirs_alone_and_goes_with_them() -> None:
    with multiprocess_dir(2):
        shared = Path(get_directory() or "")
        assert shared.stat().st_mode & 0o777 == 0o700
    assert not shared.exists()
    assert get_directory() is None


def test_the_next_worker_tells_what_those_before_it_counted_but_not_how_busy_they_were() -> None:
    with multiprocess_dir(2):
        first = subprocess.Popen([sys.executable, "-c", WORKER, '["country"]'], stdout=subprocess.PIPE, text=True)
        told, _ = first.communicate(timeout=60)
        assert value(series_in(told), "muster_workers") == 1
        assert value(series_in(worker().stdout), "muster_workers") == 2
        mark_dead(first.pid)
        series = series_in(worker("country", "legalForm").stdout)
    assert total(series, "muster_customers_total") == 9
    assert value(series, "muster_requests_total", method="GET", route="/classifier/{name}", status="200") == 3
    assert value(series, "muster_stage_seconds_count", stage="decide") == 3
    assert value(series, "muster_workers") == 2  # the second was not forgotten
    assert value(series, "muster_pool_threads", pool="work") == 16


def test_a_worker_writes_into_files_that_were_filled_before_and_no_others() -> None:
    with multiprocess_dir(2):
        worker("country")
        files = {path.name: path.stat() for path in Path(get_directory() or "").iterdir()}
    assert {name.rpartition("_")[0]: found.st_size for name, found in files.items()} == SIZES
    # Of which the file system has all blocks, so that a disk that fills up takes none away.
    assert all(found.st_blocks * 512 >= found.st_size for found in files.values())


def test_all_that_a_worker_can_count_has_room_in_its_files() -> None:
    with multiprocess_dir(2):
        done = subprocess.run(
            [sys.executable, "-c", EVERYTHING], capture_output=True, text=True, timeout=60, check=True
        )
        sizes = {path.name.rpartition("_")[0]: path.stat().st_size for path in Path(get_directory() or "").iterdir()}
    assert "failure" not in done.stderr
    assert total(series_in(done.stdout), "muster_requests_total") > 1_000
    assert sizes == SIZES


def test_a_worker_without_room_counts_for_itself_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "gone"))
    done = worker("country")
    assert total(series_in(done.stdout), "muster_customers_total") == 3
    failure = json.loads(done.stderr.splitlines()[0])
    assert (failure["event"], failure["where"]) == ("failure", "metrics")
