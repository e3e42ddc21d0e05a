"""The report: six figures, performance targets, the quantities that they compare, and a table of workloads."""

import statistics
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.measurements import Quantity, Samples, Workload
from benchmarks.round_fixtures import WORKERS
from benchmarks.sizes import RunSize
from benchmarks.targets import PerformanceTarget

_FIGURE_HEADER: Final = ("figure", "median", "compared")
_TARGET_HEADER: Final = ("ratio", "median", "min to max", "required", "goal", "met")
_QUANTITY_HEADER: Final = ("quantity", "median", "min to max")
_WORKLOAD_HEADER: Final = ("database", "job", "customers", "batch", "clients", "customers per second", "min to max")

_CHART: Final = "![Customers saved per second by muster, by upper bounds and by other services](benchmarks.svg)"
_TARGETS: Final = """\
Each target is the ratio of two quantities of the next table, taken within a round; where it has a unit, it is the
quantity itself."""
_BASELINES: Final = """\
An upper bound only writes. It works on prepared input: the rows that muster writes, in the order in which muster writes
them, into the same tables with the same keys. The baseline for CPU time is one decoder that only
decodes. The conventional service does the same job for minimal customers with FastAPI, Pydantic and SQLAlchemy's ORM;
it has as many workers as muster, and its connections are spread evenly over them. Datasette inserts rows into one table
without checking them. The bare handler is Litestar with one INSERT and one COMMIT of the request's body."""
_PREFILLED: Final = """\
Random identifiers touch pages all over the indexes of a large table; the upper bound shows that cost too. After a
checkpoint, PostgreSQL logs each page whole at its first change. So that this looks like the middle of a migration, both
databases receive {page_touches:,} customers between the checkpoint and the measurement."""


@dataclass(frozen=True, slots=True)
class BenchmarkRun:
    """What a run measured, where and how."""

    size: RunSize
    spread: bool
    machine: str
    targets: Sequence[PerformanceTarget]
    quantities: Sequence[Quantity]
    workloads: Sequence[Workload]
    samples: Samples


def render_report(run: BenchmarkRun, figures: Sequence[tuple[str, str, str]], *, has_chart: bool) -> str:
    """Markdown."""
    samples, parts = run.samples, ["# Benchmarks"]
    if has_chart:
        parts.append(_CHART)
    if figures:
        parts.append(_render_table(_FIGURE_HEADER, figures))
    parts += ["## Method", _describe_method(run), run.machine]
    if run.targets:
        rows = [_build_target_row(target, samples) for target in run.targets]
        parts += ["## Performance targets", _TARGETS, _render_table(_TARGET_HEADER, rows)]
    if run.quantities:
        rows = [(quantity.label, *_summarize(quantity, samples)) for quantity in run.quantities]
        about = [_BASELINES]
        if run.size.prefill:
            about.append(_PREFILLED.format(page_touches=run.size.page_touches))
        parts += ["## Upper bounds, baselines and muster", *about, _render_table(_QUANTITY_HEADER, rows)]
    if run.workloads:
        rows = [_build_workload_row(workload, samples) for workload in run.workloads]
        parts += ["## Workloads of muster", _render_table(_WORKLOAD_HEADER, rows)]
    return "\n\n".join(parts) + "\n"


def _describe_method(run: BenchmarkRun) -> str:
    rounds = "1 round" if run.size.rounds == 1 else f"{run.size.rounds} rounds"
    connections = "are spread evenly over its workers" if run.spread else "go to the worker that accepts them first"
    text = f"""
`make bench` writes this page. Clients, services and databases share one machine and communicate over its loopback
interface. A service has {WORKERS} worker processes unless a line says otherwise; databases have the durability of
production. Each round creates new databases, starts and warms up new services, and measures every quantity once, next
to the quantity that it is compared with; every second round runs in reverse order. Figures are medians of {rounds},
with minimum and maximum. A client keeps one connection and sends bodies that were prepared before; connections to
muster {connections}. Minimal customers have the mandatory fields only (335 bytes of JSON), full ones have all fields
(5 KB). Communication numbers and customer ids are random unless a line says otherwise. Figures depend on the machine:
compare them within one page only."""
    return textwrap.fill(" ".join(text.split()), 120)


def _build_target_row(target: PerformanceTarget, samples: Samples) -> tuple[str, ...]:
    ratios = target.compute_ratios(samples)
    bound = "at most" if target.is_maximum else "at least"
    measured = f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f} to {max(ratios):.2f}"
    return target.label, *measured, f"{bound} {target.required:g}", f"{target.goal:g}", target.evaluate(samples)


def _build_workload_row(workload: Workload, samples: Samples) -> tuple[str, ...]:
    values = samples[workload.quantity]
    columns = (workload.database, workload.job, workload.shape, f"{workload.batch:,}", str(workload.clients))
    return *columns, f"{statistics.median(values):,.0f}", f"{min(values):,.0f} to {max(values):,.0f}"


def _summarize(quantity: Quantity, samples: Samples) -> tuple[str, str]:
    values = samples[quantity]
    low, high = (quantity.unit.format_number(value) for value in (min(values), max(values)))
    return quantity.unit.format(statistics.median(values)), f"{low} to {high}"


def _render_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (header, ["---"] * len(header), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
