"""Measures muster beside its limits and its peers; the page goes to the standard output.

A whole run of the standard size also writes it to docs/benchmarks.md.
"""

import argparse
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks import own, rounds
from benchmarks.figures import Step
from benchmarks.ground import Ground, prepared
from benchmarks.machine import machine
from benchmarks.marks import Mark, extra_steps, marks_of
from benchmarks.page import Run, page
from benchmarks.service import ROOT
from benchmarks.sizes import SIZES, Size

PAGE: Final = ROOT / "docs" / "benchmarks.md"
STANDARD: Final = "standard"
TABLE: Final = "table"


def main() -> None:
    given = _arguments()
    size = _size(given)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("broken off by SIGTERM"))
    with prepared(size, spread=given.spread) as ground:
        text = page(_run(ground, given.only))
    whole = given.size == STANDARD and (given.only, given.rounds, given.stored) == (None, None, None)
    target = given.page or (PAGE if whole else None)
    if target:
        target.write_text(text, encoding="utf-8")
    print(text)


def _arguments() -> argparse.Namespace:
    names = [mark.name for mark in marks_of(SIZES[STANDARD])]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default=STANDARD)
    parser.add_argument(
        "--only", nargs="+", choices=[*names, TABLE], metavar="NAME", help=f"only these of {', '.join(names)}, {TABLE}"
    )
    parser.add_argument("--rounds", type=int, help="how many rounds there are")
    parser.add_argument("--stored", type=int, help="how many customers the full database holds; 0 leaves it out")
    parser.add_argument("--spread", action="store_true", help="spread the connections to muster evenly on its workers")
    parser.add_argument("--page", type=Path, help="the file that the page is written to")
    given = parser.parse_args()
    if given.only and not {TABLE, *(mark.name for mark in marks_of(_size(given)))}.issuperset(given.only):
        parser.error("this size stores no customers beforehand; say with --stored how many it should")
    return given


def _size(given: argparse.Namespace) -> Size:
    size = SIZES[given.size]
    changes = {"rounds": given.rounds, "stored": given.stored}
    return replace(size, **{name: value for name, value in changes.items() if value is not None})


def _run(ground: Ground, only: list[str] | None) -> Run:
    size = ground.size
    marks = [mark for mark in marks_of(size) if only is None or mark.name in only]
    loads = own.table(size) if only is None or TABLE in only else []
    compared = rounds.each_once([*_steps(marks), *(extra_steps(size) if only is None else [])])
    steps = rounds.each_once([*compared, *(own.rate(load, amount) for load, amount in loads)])
    if any(mark.name.startswith("stored") for mark in marks):
        _ = ground.stored  # minutes, which belong to no round
    samples = rounds.measured(ground, steps)
    return Run(
        size=size,
        spread=ground.spread,
        machine=machine(ground.databases.postgres.version),
        marks=marks,
        compared=[figure for step in compared for figure in step.figures],
        loads=[load for load, _ in loads],
        samples=samples,
    )


def _steps(marks: list[Mark]) -> list[Step]:
    return [step for mark in marks for step in mark.steps]


if __name__ == "__main__":
    main()
