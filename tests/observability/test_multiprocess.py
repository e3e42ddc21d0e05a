"""Metrics of several workers: the directory, the preallocated files, and a full disk."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from muster.observability.multiprocess import FILE_BYTES, get_directory, mark_dead, multiprocess_dir
from tests.web.reading import series_in, total, value

# Counts like a worker and prints a scrape.
WORKER = """
import json, sys
from muster.observability import multiprocess
from muster.observability.log_configuration import configure_logging
configure_logging("json")
multiprocess.preallocate()
from litestar.testing import TestClient
from tests.web.fakes import *
with TestClient(application()) as client:
    for name in json.loads(sys.argv[1]):
        client.post(SAVE, content=BATCH, headers={"Content-Type": "application/json"}, auth=ANNA)
        client.get(f"/classifier/{name}")
    print(client.get("/metrics", auth=WATCHER).text)
"""


# Creates all series that a worker can have, with more statuses than the service sends.
EVERYTHING = """
from muster.observability import multiprocess
from muster.observability.log_configuration import configure_logging
configure_logging("json")
multiprocess.preallocate()
from litestar.testing import TestClient
from muster.observability.prometheus import MetricsRegistry
from muster.observability.requests import METHODS, RequestSummary
from muster.web.router import build_router
from tests.web.fakes import *
from muster.storage.pool import ConnectionUsage
app = application()
metrics = MetricsRegistry({}, lambda: ConnectionUsage(0, 1))
routes = build_router().routes
for route in routes:
    for method in (*METHODS, "other") if route is routes[0] else ("GET", "HEAD", "POST"):
        for status in (0, *range(200, 206), *range(400, 432), *range(500, 506)):
            metrics.record_request(
                RequestSummary(
                    method=method,
                    route=route.path,
                    status=status,
                    started_ns=0,
                    duration_ns=1_000_000,
                    bytes_received=1,
                    is_failed_login=True,
                    has_internal_error=True,
                )
            )
with TestClient(app) as client:
    client.post(SAVE, content=BATCH, headers={"Content-Type": "application/json"}, auth=ANNA)
    print(client.get("/metrics", auth=WATCHER).text)
"""


def worker(*names: str) -> subprocess.CompletedProcess[str]:
    return run_python(WORKER, json.dumps(names))


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=unmeasured_environment(),
    )


def unmeasured_environment() -> dict[str, str]:
    """Without the measurement of coverage, with which a process takes twice as long to start."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


@pytest.fixture(autouse=True)
def _no_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)


def test_single_worker_counts_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    monkeypatch.setenv("prometheus_multiproc_dir", str(tmp_path))
    with multiprocess_dir(1):
        assert get_directory() is None
        assert "prometheus_multiproc_dir" not in os.environ


def test_several_workers_have_a_private_temporary_directory() -> None:
    with multiprocess_dir(2):
        shared = Path(get_directory() or "")
        assert shared.stat().st_mode & 0o777 == 0o700
    assert not shared.exists()
    assert get_directory() is None


def test_counts_of_dead_workers_remain_and_their_gauges_do_not() -> None:
    with multiprocess_dir(2):
        first = subprocess.Popen(
            [sys.executable, "-c", WORKER, '["country"]'],
            stdout=subprocess.PIPE,
            text=True,
            env=unmeasured_environment(),
        )
        scraped, _ = first.communicate(timeout=60)
        assert value(series_in(scraped), "muster_workers") == 1
        assert value(series_in(worker().stdout), "muster_workers") == 2
        mark_dead(first.pid)
        series = series_in(worker("country", "legalForm").stdout)
    assert total(series, "muster_customers_total") == 9
    assert value(series, "muster_requests_total", method="GET", route="/classifier/{name}", status="200") == 3
    assert value(series, "muster_stage_duration_seconds_count", stage="decide") == 3
    assert value(series, "muster_workers") == 2  # the second was not marked dead
    assert value(series, "muster_pool_threads", pool="work") == 16


def test_worker_writes_to_preallocated_files_only() -> None:
    with multiprocess_dir(2):
        worker("country")
        files = {path.name: path.stat() for path in Path(get_directory() or "").iterdir()}
    assert {name.rpartition("_")[0]: found.st_size for name, found in files.items()} == FILE_BYTES
    # All blocks are allocated, so a full disk can't fail a write.
    assert all(found.st_blocks * 512 >= found.st_size for found in files.values())


def test_preallocated_files_hold_all_series_of_a_worker() -> None:
    with multiprocess_dir(2):
        done = run_python(EVERYTHING)
        sizes = {path.name.rpartition("_")[0]: path.stat().st_size for path in Path(get_directory() or "").iterdir()}
    assert "internal_error" not in done.stderr
    assert total(series_in(done.stdout), "muster_requests_total") > 1_000
    assert sizes == FILE_BYTES


def test_worker_without_disk_space_counts_in_memory_and_logs_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "gone"))
    done = worker("country")
    assert total(series_in(done.stdout), "muster_customers_total") == 3
    failure = json.loads(done.stderr.splitlines()[0])
    assert (failure["event"], failure["component"]) == ("internal_error", "metrics")
