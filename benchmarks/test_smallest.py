"""The smallest run measures everything, checks its counts and cleans up; its figures mean nothing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks.muster_measurements import list_table_workloads
from benchmarks.scaling.figures import read_figures
from benchmarks.scaling.page import TABLES
from benchmarks.sizes import SIZES
from benchmarks.targets import build_extra_measurements, build_targets

ROOT = Path(__file__).parents[1]
SIZE = SIZES["smallest"]
COMMAND = [sys.executable, "-m", "benchmarks", "--size", "smallest"]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a complete run, which succeeds only when all customers were accepted and stored."""
    directory = tmp_path_factory.mktemp("bench")
    command = [*COMMAND, "--output", str(directory)]
    completed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stderr
    assert directory.joinpath("benchmarks.md").read_text(encoding="utf-8") in completed.stdout
    return directory


@pytest.fixture(scope="module")
def lines(output: Path) -> list[str]:
    return output.joinpath("benchmarks.md").read_text(encoding="utf-8").splitlines()


def test_report_starts_with_the_chart_and_six_figures(lines: list[str], output: Path) -> None:
    assert lines[0] == "# Benchmarks"
    assert lines[2].endswith("(benchmarks.svg)")
    assert output.joinpath("benchmarks.svg").read_text(encoding="utf-8").startswith("<svg")
    assert [line for line in lines[4:13] if line.startswith("| ")] == lines[4:12]
    assert lines[12] == ""


def test_report_has_every_target_with_its_result(lines: list[str]) -> None:
    for target in build_targets(SIZE):
        [line] = [line for line in lines if line.startswith(f"| {target.label} |")]
        assert line.split(" | ")[-1] in ("no |", "yes |", "yes, and the goal |")


def test_report_has_every_upper_bound_and_every_baseline(lines: list[str]) -> None:
    measurements = [*(each for target in build_targets(SIZE) for each in target.measurements)]
    measurements += build_extra_measurements(SIZE)
    for label in {quantity.label for measurement in measurements for quantity in measurement.quantities}:
        assert any(line.startswith(f"| {label} |") for line in lines), label


def test_report_has_every_workload_of_muster(lines: list[str]) -> None:
    for workload, _ in list_table_workloads(SIZE):
        columns = (workload.database, workload.job, workload.shape, str(workload.batch), str(workload.clients))
        start = f"| {' | '.join(columns)} |"
        assert len([line for line in lines if line.startswith(start)]) == 1, start


def test_run_of_another_size_leaves_the_documentation_unchanged() -> None:
    files = [ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "benchmarks.svg"]
    before = [file.stat().st_mtime_ns for file in files]
    command = [*COMMAND, "--only", "minimal-sqlite"]
    completed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stderr
    assert "relative to Datasette" in completed.stdout
    assert [file.stat().st_mtime_ns for file in files] == before


def test_scaling_measurements_find_every_cost_that_the_plan_uses(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.scaling.measure", "--scale", "500", "--output", str(file)]
    completed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stderr
    figures = read_figures(file)
    assert all(render(figures) for render in TABLES.values())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_leaves_no_process_behind(number: signal.Signals) -> None:
    # The smallest size could end before the signal arrives.
    command = [sys.executable, "-m", "benchmarks", "--size", "quick", "--only", "memory"]
    run = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    started = wait_for_service(run)
    os.kill(run.pid, number)
    output, _ = run.communicate(timeout=60)
    assert run.returncode != 0, output
    assert [process for process in started if process.is_running()] == []


def wait_for_service(run: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """All descendants of the run, once a service is among them."""
    for _ in range(600):
        started = psutil.Process(run.pid).children(recursive=True)
        if any(is_service(process) for process in started):
            return started
        time.sleep(0.05)
    raise AssertionError("no service was started")


def is_service(process: psutil.Process) -> bool:
    try:
        return "serve" in process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False
