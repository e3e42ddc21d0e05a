"""Measures muster next to upper bounds and baselines, and prints the report.

The report and its chart are written to docs/ by a complete run of the standard size, and to build/ by all other runs.
"""

import argparse
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks import muster_measurements, rounds
from benchmarks.environment import BenchmarkEnvironment, create_environment
from benchmarks.machine import describe_machine
from benchmarks.measurements import Measurement
from benchmarks.report import BenchmarkRun, render_report
from benchmarks.service import ROOT
from benchmarks.sizes import SIZES, RunSize
from benchmarks.summary import list_figures, render_chart
from benchmarks.targets import PerformanceTarget, build_extra_measurements, build_targets

STANDARD: Final = "standard"
TABLE: Final = "table"


def main() -> None:
    arguments = _parse_arguments()
    size = _build_size(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))
    with create_environment(size, spread=arguments.spread) as environment:
        run = _run(environment, arguments.only)
    is_complete = (arguments.only, arguments.rounds, arguments.prefill) == (None, None, None)
    default = ROOT / ("docs" if arguments.size == STANDARD and is_complete else "build")
    print(write_report(run, arguments.output or default))


def write_report(run: BenchmarkRun, directory: Path) -> str:
    """Writes benchmarks.md and benchmarks.svg into the directory. Returns the Markdown."""
    chart = render_chart(run)
    report = render_report(run, list(list_figures(run)), has_chart=chart is not None)
    directory.mkdir(parents=True, exist_ok=True)
    directory.joinpath("benchmarks.md").write_text(report, encoding="utf-8")
    if chart:
        directory.joinpath("benchmarks.svg").write_text(chart, encoding="utf-8")
    return report


def _parse_arguments() -> argparse.Namespace:
    names = [*(target.name for target in build_targets(SIZES[STANDARD])), TABLE]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default=STANDARD)
    parser.add_argument(
        "--only", nargs="+", choices=names, metavar="NAME", help=f"measure these only, of {', '.join(names)}"
    )
    parser.add_argument("--rounds", type=int, help="number of rounds")
    parser.add_argument("--prefill", type=int, help="customers in the prefilled database; 0 measures without it")
    parser.add_argument("--spread", action="store_true", help="spread connections to muster evenly over its workers")
    parser.add_argument("--output", type=Path, help="directory for benchmarks.md and benchmarks.svg")
    arguments = parser.parse_args()
    available = {TABLE, *(target.name for target in build_targets(_build_size(arguments)))}
    if arguments.only and not available.issuperset(arguments.only):
        parser.error("this size has no prefilled database; give its number of customers with --prefill")
    return arguments


def _build_size(arguments: argparse.Namespace) -> RunSize:
    changes = {"rounds": arguments.rounds, "prefill": arguments.prefill}
    return replace(SIZES[arguments.size], **{name: value for name, value in changes.items() if value is not None})


def _run(environment: BenchmarkEnvironment, only: list[str] | None) -> BenchmarkRun:
    size = environment.size
    targets = [target for target in build_targets(size) if only is None or target.name in only]
    extra = build_extra_measurements(size) if only is None else []
    workloads = muster_measurements.list_table_workloads(size) if only is None or TABLE in only else []
    compared = rounds.remove_duplicates([*_list_measurements(targets), *extra])
    throughputs = (muster_measurements.throughput(workload, counts) for workload, counts in workloads)
    measurements = rounds.remove_duplicates([*compared, *throughputs])
    if any(target.name.startswith("prefilled") for target in targets):
        _ = environment.prefilled  # takes minutes, so it is filled before the first round
    samples = rounds.run_rounds(environment, measurements)
    return BenchmarkRun(
        size=size,
        spread=environment.spread,
        machine=describe_machine(environment.databases.postgres.version),
        targets=targets,
        quantities=[quantity for measurement in compared for quantity in measurement.quantities],
        workloads=[workload for workload, _ in workloads],
        samples=samples,
    )


def _list_measurements(targets: list[PerformanceTarget]) -> list[Measurement]:
    return [measurement for target in targets for measurement in target.measurements]


if __name__ == "__main__":
    main()
