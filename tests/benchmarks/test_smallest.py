"""The benchmark measures everything and counts what was taken; its figures are nobody's business here."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks.marks import extra_steps, marks_of
from benchmarks.own import table
from benchmarks.sizes import SIZES

ROOT = Path(__file__).parents[2]
SIZE = SIZES["smallest"]
COMMAND = [sys.executable, "-m", "benchmarks", "--size", "smallest"]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The page of a whole run. It ends well only when all customers were accepted, and all tables hold them."""
    page = tmp_path_factory.mktemp("bench") / "benchmarks.md"
    done = subprocess.run([*COMMAND, "--page", str(page)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert page.read_text(encoding="utf-8") in done.stdout
    return page.read_text(encoding="utf-8").splitlines()


def test_the_page_has_every_mark_with_its_verdict(lines: list[str]) -> None:
    for mark in marks_of(SIZE):
        [line] = [line for line in lines if line.startswith(f"| {mark.what} |")]
        assert line.split(" | ")[-1] in ("no |", "yes |", "yes, the aim too |")


def test_the_page_has_every_limit_and_every_peer(lines: list[str]) -> None:
    steps = [*(step for mark in marks_of(SIZE) for step in mark.steps), *extra_steps(SIZE)]
    for what in {figure.what for step in steps for figure in step.figures}:
        assert any(line.startswith(f"| {what} |") for line in lines), what


def test_the_page_has_every_load_of_muster(lines: list[str]) -> None:
    for load, _ in table(SIZE):
        start = f"| {load.database} | {load.job} | {load.shape} | {load.batch} | {load.clients} |"
        assert len([line for line in lines if line.startswith(start)]) == 1, start


def test_a_run_that_is_not_the_standard_one_leaves_the_page_of_the_documentation_alone() -> None:
    page = ROOT / "docs" / "benchmarks.md"
    before = page.stat().st_mtime_ns
    done = subprocess.run([*COMMAND, "--only", "minimal-sqlite"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "to Datasette" in done.stdout
    assert page.stat().st_mtime_ns == before


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_broken_off_leaves_nothing_behind(sent: signal.Signals) -> None:
    # Of a size that has not ended by itself when the signal comes.
    command = [sys.executable, "-m", "benchmarks", "--size", "quick", "--only", "memory"]
    run = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    started = _wait_for_service(run)
    os.kill(run.pid, sent)
    said, _ = run.communicate(timeout=60)
    assert run.returncode != 0, said
    assert [process for process in started if process.is_running()] == []


def _wait_for_service(run: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """All that the run has started, when a service is among it."""
    for _ in range(600):
        started = psutil.Process(run.pid).children(recursive=True)
        if any(_is_service(process) for process in started):
            return started
        time.sleep(0.05)
    raise AssertionError("no service was started")


def _is_service(process: psutil.Process) -> bool:
    try:
        return "serve" in process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False
