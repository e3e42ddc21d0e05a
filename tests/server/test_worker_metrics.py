"""Metrics of several workers, as a scrape of any of them sees it."""

import http.client
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.commands import Muster, Running
from tests.cli.test_serve import MINIMAL, post
from tests.web.reading import Series, series_in, total, value

Start = Callable[..., Running]
SAVE = "/amlyze-ws-rest/batch-customers"


@contextmanager
def connected(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        yield connection
    finally:
        connection.close()


def fetch(connection: http.client.HTTPConnection, path: str, token: str, body: bytes | None = None) -> str:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST" if body else "GET", path, body, headers)
    response = connection.getresponse()
    text = response.read().decode()
    assert response.status == 200, text
    return text


def scraped_until(port: int, token: str, condition: Callable[[Series], bool]) -> Series:
    """What a scrape sees, as soon as it is so."""
    end = time.monotonic() + 20
    while True:
        with connected(port) as connection:
            series = series_in(fetch(connection, "/metrics", token))
        if condition(series):
            return series
        assert time.monotonic() < end, series


def tokens(muster: Muster) -> tuple[str, str]:
    """Of a user who submits, and of one who watches."""
    muster.add_user("anna")
    muster.add_user("prometheus", role="watch")
    sender, watcher = (muster.ok("token", "create", name).out.strip() for name in ("anna", "prometheus"))
    return sender, watcher


def test_the_counts_of_two_workers_add_up_also_after_one_was_killed(
    muster: Muster, start: Start, tmp_path: Path
) -> None:
    sender, watcher = tokens(muster)
    service = start(
        "serve", "--port", "0", "--database", muster.url, "--workers", "2", MUSTER_THREADS="3", TMPDIR=str(tmp_path)
    )
    port = service.port()
    pids = [int(service.line(r'"pid":(\d+),"event":"worker_started"')[1]) for _ in range(2)]
    scraped_until(port, watcher, lambda found: value(found, "muster_workers") == 2)

    batches = sent_to_all(port, sender, lambda: all(has_counted(pid, tmp_path) for pid in pids))
    requests = {"method": "POST", "route": SAVE, "status": "200"}
    series = scraped_until(port, watcher, lambda found: value(found, "muster_requests_total", **requests) == batches)
    assert_counts(series, batches)
    first_start = value(series, "muster_worker_start_time_seconds")

    os.kill(pids[0], signal.SIGKILL)
    # The new one is younger, and by then the one that died is not counted any more.
    series = scraped_until(
        port,
        watcher,
        lambda found: (
            value(found, "muster_worker_start_time_seconds") > first_start and value(found, "muster_workers") == 2
        ),
    )
    assert_counts(series, batches)
    assert value(series, "muster_pool_threads", pool="work") == 6
    assert post(port, sender) == ["REQUEST_REJECTED"] * 2
    series = scraped_until(
        port, watcher, lambda found: value(found, "muster_requests_total", **requests) == batches + 1
    )
    assert_counts(series, batches + 1)

    assert service.stop(signal.SIGTERM)[0] == 0
    assert list(tmp_path.glob("muster-metrics-*")) == []


def sent_to_all(port: int, token: str, everybody_has_counted: Callable[[], bool]) -> int:
    """Sends the same batch again and again; gives how often. Connections held at the same time are shared out."""
    batches, end = 0, time.monotonic() + 20
    while not everybody_has_counted():
        assert time.monotonic() < end, "only one of them had work to do"
        with connected(port) as one, connected(port) as other:
            for connection in (one, other, one, other):
                fetch(connection, SAVE, token, MINIMAL)
                batches += 1
    return batches


def has_counted(worker: int, directory: Path) -> bool:
    """Whether this worker has answered a batch: series of requests begin with the first one."""
    (file,) = directory.glob(f"muster-metrics-*/counter_{worker}.db")
    return SAVE.encode() in file.read_bytes()


def assert_counts(series: Series, batches: int) -> None:
    """The first batch was accepted, each of two customers; the others brought the same again."""
    counted = {"endpoint": "submit"}
    assert value(series, "muster_customers_total", **counted, result="accepted", code="") == 2
    assert value(series, "muster_customers_total", **counted, result="rejected", code="O005") == 2 * (batches - 1)
    assert total(series, "muster_customers_total") == 2 * batches
    assert value(series, "muster_batch_customers_sum") == 2 * batches
    for stage in ("decode", "check", "decide", "save"):
        assert value(series, "muster_stage_duration_seconds_count", stage=stage) == batches


def test_each_worker_reports_the_load_of_all(muster: Muster, start: Start) -> None:
    """One holds a slot with a large body that does not come; each worker reports it soon."""
    sender, watcher = tokens(muster)
    port = start("serve", "--port", "0", "--database", muster.url, "--workers", "2").port()
    scraped_until(port, watcher, lambda found: value(found, "muster_workers") == 2)
    with connected(port) as slow:
        slow.putrequest("POST", SAVE)
        for name, content in (
            ("Authorization", f"Bearer {sender}"),
            ("Content-Type", "application/json"),
            ("Content-Length", "300000"),
        ):
            slow.putheader(name, content)
        slow.endheaders(b" ")
        for _ in range(4):
            scraped_until(port, watcher, lambda found: value(found, "muster_pool_slots_in_use", pool="work") == 1)
    scraped_until(port, watcher, lambda found: value(found, "muster_pool_slots_in_use", pool="work") == 0)
