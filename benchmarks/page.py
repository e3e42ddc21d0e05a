"""The page: the marks, what they compare, and muster's own table."""

import statistics
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.figures import Figure, Load
from benchmarks.marks import Mark, Samples
from benchmarks.sizes import Size
from benchmarks.stage import WORKERS

_MARK: Final = ("what", "measured", "least to most", "must be", "aim", "holds")
_FIGURE: Final = ("what", "median", "least to most")
_LOAD: Final = ("database", "job", "customers", "batch", "clients", "customers a second", "least to most")

_RATIOS: Final = "Each is a ratio of two figures of the next table, taken within a round."
_COMPARED: Final = """\
A limit is one connection, or one decoder, that does nothing else, with everything prepared beforehand: the very rows
that muster writes, in the order in which it writes them, into the same tables with their keys. The conventional service
does the job for minimal customers with FastAPI, Pydantic and SQLAlchemy's ORM, with as many workers as muster and with
its connections spread evenly over them. Datasette inserts rows into one table and checks no customer. The bare handler
is Litestar with one INSERT and COMMIT of a request's body."""
_STORED: Final = """\
Names at random touch pages all over the indexes of a large table; what that costs shows in the limit too. PostgreSQL
logs a page whole when it is first touched after a checkpoint, so this is measured as in the midst of a migration: both
databases have taken {touched:,} customers since the last one."""


@dataclass(frozen=True, slots=True)
class Run:
    """What was measured, where, and how."""

    size: Size
    spread: bool
    machine: str
    marks: Sequence[Mark]
    compared: Sequence[Figure]
    loads: Sequence[Load]
    samples: Samples


def page(run: Run) -> str:
    """Markdown."""
    samples, parts = run.samples, ["# Benchmarks", _how(run), run.machine]
    if run.marks:
        parts += ["## Marks", _RATIOS, _table(_MARK, [_mark(mark, samples) for mark in run.marks])]
    if run.compared:
        lines = [(figure.what, *_spread(figure, samples)) for figure in run.compared]
        about = [_COMPARED, _STORED.format(touched=run.size.touched)] if run.size.stored else [_COMPARED]
        parts += ["## Limits, peers and muster", *about, _table(_FIGURE, lines)]
    if run.loads:
        parts += ["## muster", _table(_LOAD, [_load(load, samples) for load in run.loads])]
    return "\n\n".join(parts) + "\n"


def _how(run: Run) -> str:
    rounds = "1 round" if run.size.rounds == 1 else f"{run.size.rounds} rounds"
    landing = "are spread evenly over its workers" if run.spread else "lie on its workers as they happen to land"
    text = f"""
Written by `make bench`. Clients, services and databases share one machine and talk over its loopback; a service has
{WORKERS} worker processes unless a line says otherwise, and databases are as durable as in use. Each round has new
databases and newly started services, which are warm before anything is timed, and measures every figure once: next to
what it is compared with, and in every other round in the opposite order. What stands here are medians of
{rounds}, with the least and the most. A client keeps one connection and sends bodies that were prepared
beforehand; connections to muster {landing}. Communication numbers and customer ids are
random unless a line says otherwise. Figures move with the
machine: compare within one page only."""
    return textwrap.fill(" ".join(text.split()), 120)


def _mark(mark: Mark, samples: Samples) -> tuple[str, ...]:
    ratios = mark.ratios(samples)
    bound = "at most" if mark.at_most else "at least"
    measured = f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f} to {max(ratios):.2f}"
    return mark.what, *measured, f"{bound} {mark.must:g}", f"{mark.aim:g}", mark.verdict(samples)


def _load(load: Load, samples: Samples) -> tuple[str, ...]:
    values = samples[load.figure]
    named = (load.database, load.job, load.shape, f"{load.batch:,}", str(load.clients))
    return *named, f"{statistics.median(values):,.0f}", f"{min(values):,.0f} to {max(values):,.0f}"


def _spread(figure: Figure, samples: Samples) -> tuple[str, str]:
    values = samples[figure]
    least, most = (figure.unit.number(value) for value in (min(values), max(values)))
    return figure.unit.text(statistics.median(values)), f"{least} to {most}"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = (head, ["---"] * len(head), *lines)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
