"""The start of the report: six figures and the data of the chart."""

import statistics
from collections.abc import Iterator
from typing import Final

from benchmarks.baselines import prefilled_upper_bound, write_upper_bound
from benchmarks.chart import Bar, BarChart, BarGroup, BarKind, render_bar_chart
from benchmarks.measurements import Quantity
from benchmarks.report import BenchmarkRun

# Name of a performance target, what its numerator measures, and how it compares with the denominator.
_FIGURES: Final = (
    ("minimal-postgres", "saving on PostgreSQL, mandatory fields, 4 clients", "{:.2f} of COPY"),
    ("full-postgres", "saving on PostgreSQL, all fields, 4 clients", "{:.2f} of COPY"),
    ("minimal-sqlite", "saving on SQLite, mandatory fields, 1 client", "{:.2f} of Datasette, which checks nothing"),
    ("load-csv", "CSV loaded into PostgreSQL, mandatory fields", "{:.2f} of requests from 1 client"),
    ("prefilled", "saving on PostgreSQL with {prefill:,} customers stored", "{:.2f} of an empty database"),
    ("one-customer", "request with one customer, saved on PostgreSQL", "{:.2f} of a handler that only writes the body"),
)


def list_figures(run: BenchmarkRun) -> Iterator[tuple[str, str, str]]:
    """Label, median with unit, and comparison of each figure that this run measured."""
    targets = {target.name: target for target in run.targets}
    for name, label, comparison in _FIGURES:
        if target := targets.get(name):
            median = statistics.median(run.samples[target.numerator])
            ratio = statistics.median(target.compute_ratios(run.samples))
            text = label.format(prefill=run.size.prefill)
            yield text, target.numerator.unit.format(median), comparison.format(ratio)


def render_chart(run: BenchmarkRun) -> str | None:
    """SVG; None when the run measured nothing that the chart shows."""
    groups = list(_build_groups(run))
    if not groups:
        return None
    rounds = "1 round" if run.size.rounds == 1 else f"{run.size.rounds} rounds"
    chart = BarChart(
        title="Customers saved per second",
        axis=f"customers per second, batches of {run.size.batch:,}; the lines go from minimum to maximum of {rounds}",
        description=". ".join(_describe(group) for group in groups) + ".",
        legend={
            BarKind.MUSTER: "muster, 2 workers",
            BarKind.UPPER_BOUND: "upper bound: connections that only write",
            BarKind.BASELINE: "another service",
        },
        groups=groups,
    )
    return render_bar_chart(chart)


def _build_groups(run: BenchmarkRun) -> Iterator[BarGroup]:
    size, targets = run.size, {target.name: target for target in run.targets}
    if (copy := targets.get("minimal-postgres")) and (conventional := targets.get("conventional")):
        yield BarGroup(
            "PostgreSQL, mandatory fields",
            [
                _build_bar(run, "COPY", BarKind.UPPER_BOUND, copy.denominator),
                _build_bar(run, "muster", BarKind.MUSTER, copy.numerator),
                _build_bar(run, "FastAPI and SQLAlchemy ORM", BarKind.BASELINE, conventional.denominator),
            ],
        )
    if full := targets.get("full-postgres"):
        yield BarGroup(
            "PostgreSQL, all fields",
            [
                _build_bar(run, "COPY", BarKind.UPPER_BOUND, full.denominator),
                _build_bar(run, "muster", BarKind.MUSTER, full.numerator),
            ],
        )
    prefilled = targets.get("prefilled")
    if prefilled and (bound := prefilled_upper_bound(size).quantities[1]) in run.samples:
        yield BarGroup(
            f"PostgreSQL, mandatory fields, {size.prefill:,} customers stored",
            [
                _build_bar(run, "COPY", BarKind.UPPER_BOUND, bound),
                _build_bar(run, "muster", BarKind.MUSTER, prefilled.numerator),
            ],
        )
    sqlite = targets.get("minimal-sqlite")
    if sqlite and (bound := write_upper_bound(size, "SQLite", "minimal").quantities[0]) in run.samples:
        yield BarGroup(
            "SQLite, mandatory fields, 1 client",
            [
                _build_bar(run, "executemany", BarKind.UPPER_BOUND, bound),
                _build_bar(run, "muster", BarKind.MUSTER, sqlite.numerator),
                _build_bar(run, "Datasette, without checks", BarKind.BASELINE, sqlite.denominator),
            ],
        )


def _build_bar(run: BenchmarkRun, label: str, kind: BarKind, quantity: Quantity | None) -> Bar:
    assert quantity is not None
    return Bar(label, kind, run.samples[quantity])


def _describe(group: BarGroup) -> str:
    bars = ", ".join(f"{bar.label} {bar.median:,.0f}" for bar in group.bars)
    return f"{group.title}: {bars} customers per second"
