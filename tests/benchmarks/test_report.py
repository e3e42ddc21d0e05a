"""The report and the chart, from samples that nobody measured."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.__main__ import write_report
from benchmarks.chart import Bar, BarChart, BarGroup, BarKind, list_ticks, render_bar_chart
from benchmarks.measurements import Quantity, Unit
from benchmarks.muster_measurements import list_table_workloads
from benchmarks.report import BenchmarkRun
from benchmarks.sizes import SIZES
from benchmarks.summary import list_figures, render_chart
from benchmarks.targets import PerformanceTarget, build_extra_measurements, build_targets

SIZE = SIZES["standard"]


@pytest.fixture
def run() -> BenchmarkRun:
    """Every quantity has the samples 100, 200 and 300."""
    targets = build_targets(SIZE)
    measurements = [each for target in targets for each in target.measurements] + build_extra_measurements(SIZE)
    quantities = list(dict.fromkeys(quantity for each in measurements for quantity in each.quantities))
    workloads = [workload for workload, _ in list_table_workloads(SIZE)]
    samples = {quantity: [100.0, 300.0, 200.0] for quantity in [*quantities, *(each.quantity for each in workloads)]}
    return BenchmarkRun(SIZE, False, "a machine.", targets, quantities, workloads, samples)


def test_report_begins_with_the_chart_and_six_figures(run: BenchmarkRun, tmp_path: Path) -> None:
    report = write_report(run, tmp_path)
    title, chart, table, method, *_ = report.split("\n\n")
    assert (title, method) == ("# Benchmarks", "## Method")
    assert chart.endswith("(benchmarks.svg)")
    assert len(table.splitlines()) == 2 + 6
    assert tmp_path.joinpath("benchmarks.md").read_text() == report
    assert tmp_path.joinpath("benchmarks.svg").read_text() == render_chart(run)


def test_figures_have_units_and_comparisons(run: BenchmarkRun) -> None:
    figures = list(list_figures(run))
    assert figures[0] == (
        "saving on PostgreSQL, mandatory fields, 4 clients",
        "200 customers/s",
        "1.00 of COPY",
    )
    assert figures[-1][1] == "200.00 ms per request"


def test_partial_run_reports_only_what_it_measured(run: BenchmarkRun, tmp_path: Path) -> None:
    targets = [target for target in run.targets if target.name == "one-customer"]
    report = write_report(replace(run, targets=targets, quantities=[], workloads=[]), tmp_path)
    assert "benchmarks.svg" not in report
    assert "request with one customer" in report
    assert [path.name for path in tmp_path.iterdir()] == ["benchmarks.md"]


def test_chart_names_every_bar_for_screen_readers(run: BenchmarkRun) -> None:
    chart = render_chart(run)
    assert chart is not None
    root = ET.fromstring(chart)
    namespace = {"svg": "http://www.w3.org/2000/svg"}
    title, description = (root.findtext(f"svg:{name}", namespaces=namespace) for name in ("title", "desc"))
    assert title == "Customers saved per second"
    assert description is not None
    labels = [text.text for text in root.iterfind("svg:text", namespace) if "label" in text.get("class", "")]
    assert len(labels) == 10
    assert all(label is not None and f"{label} 200" in description for label in labels)


def test_bar_ends_at_the_median_and_text_is_escaped() -> None:
    bars = [Bar("<a & b>", BarKind.MUSTER, [10, 40, 20]), Bar("c", BarKind.BASELINE, [40])]
    chart = BarChart("Rate", "per second", "text", {BarKind.MUSTER: "muster"}, [BarGroup("group", bars)])
    root = ET.fromstring(render_bar_chart(chart))
    namespace = {"svg": "http://www.w3.org/2000/svg"}
    widths = {
        each.get("class"): float(each.get("width", "0"))
        for each in root.iterfind("svg:rect", namespace)
        if each.get("height") == "16"
    }
    assert widths["muster"] == pytest.approx(widths["baseline"] / 2, abs=0.1)
    assert "<a & b>" in [text.text for text in root.iterfind("svg:text", namespace)]


@pytest.mark.parametrize(
    ("largest", "ticks"),
    [
        (94_952, [0, 20_000, 40_000, 60_000, 80_000, 100_000]),
        (6, [0, 1, 2, 3, 4, 5, 6]),
        (0.25, [0, 0.05, 0.1, 0.15, 0.2, 0.25]),
    ],
)
def test_ticks_are_round_numbers_that_cover_the_samples(largest: float, ticks: list[float]) -> None:
    assert list_ticks(largest) == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("required", "goal", "ratio", "result"),
    [
        (0.5, 0.8, 0.4, "no"),
        (0.5, 0.8, 0.5, "yes"),
        (0.5, 0.8, 0.9, "yes, and the goal"),
        (5, 3, 5.1, "no"),
        (5, 3, 4, "yes"),
        (5, 3, 3, "yes, and the goal"),
    ],
)
def test_target_is_a_minimum_or_a_maximum(required: float, goal: float, ratio: float, result: str) -> None:
    numerator, denominator = Quantity("numerator", Unit.RATE), Quantity("denominator", Unit.RATE)
    target = PerformanceTarget("name", "label", numerator, denominator, required, goal, ())
    assert target.evaluate({numerator: [ratio * 10, ratio * 10], denominator: [10, 10]}) == result
