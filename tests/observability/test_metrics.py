"""The dashboard and the alert rules use existing metrics, in valid PromQL."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from muster.observability.metrics import LABELS, METRICS, Metric, MetricKind
from tests.web.reading import get_series_names

DOCS = Path(__file__).parents[2] / "docs"
DASHBOARD: dict[str, Any] = json.loads(DOCS.joinpath("grafana.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
RULES = [
    rule
    for group in yaml.safe_load(DOCS.joinpath("alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
MONITORING = DOCS.joinpath("monitoring.md").read_text(encoding="utf-8")
METRICS_BY_SERIES = {series: metric for metric in METRICS for series in get_series_names(metric)}
# Prometheus adds these labels to every series.
ADDED_LABELS = {"job", "instance"}


def read_dashboard() -> list[str]:
    """The expressions of all panels."""
    # Grafana replaces this variable with a duration; the others are within string literals.
    expressions = [target["expr"] for panel in PANELS for target in panel["targets"]]
    return [expression.replace("$__rate_interval", "5m") for expression in expressions]


EXPRESSIONS = [*read_dashboard(), *(rule["expr"] for rule in RULES)]


def iterate_parts(expression: Any) -> Iterator[Any]:
    """An expression and all its parts."""
    yield expression
    for name in ("expr", "lhs", "rhs"):
        if (part := getattr(expression, name, None)) is not None:
            yield from iterate_parts(part)
    for part in getattr(expression, "args", ()):
        yield from iterate_parts(part)
    if isinstance(expression, promql_parser.MatrixSelector):
        yield expression.vector_selector


def find_selectors(expression: str) -> list[Any]:
    parts = iterate_parts(promql_parser.parse(expression))
    return [part for part in parts if isinstance(part, promql_parser.VectorSelector)]


def find_metric(selector: Any) -> Metric | None:
    return METRICS_BY_SERIES.get(selector.name)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expression_uses_existing_metrics_and_labels(expression: str) -> None:
    selectors = find_selectors(expression)
    assert len(selectors) == len(re.findall(r"\b(?:muster_\w+|up)\b(?!\")", expression))
    for selector in selectors:
        if selector.name == "up":
            continue
        metric = find_metric(selector)
        assert metric is not None, selector.name
        labels = {matcher.name for matcher in selector.matchers.matchers}
        assert labels <= {*metric.labels, *ADDED_LABELS}
    known = {label for selector in selectors if (metric := find_metric(selector)) for label in metric.labels}
    for grouped in re.findall(r"\bby \(([^)]*)\)", expression):
        assert set(grouped.split(", ")) <= known | ADDED_LABELS | {"le"}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expression_takes_the_rate_of_counters_and_the_value_of_gauges(expression: str) -> None:
    growing = re.findall(r"(?:rate|increase)\((muster_\w+)", expression)
    for selector in find_selectors(expression):
        metric = find_metric(selector)
        if metric is not None:
            assert (selector.name in growing) is (metric.kind is not MetricKind.GAUGE)


def test_dashboard_shows_every_metric() -> None:
    shown = {find_metric(selector) for expression in read_dashboard() for selector in find_selectors(expression)}
    assert shown == set(METRICS)


def test_panel_of_codes_shows_the_ten_most_frequent_ones() -> None:
    """There are some hundred codes, most of them at 0."""
    [panel] = [panel for panel in PANELS if panel["title"] == "Rejected by code"]
    [target] = panel["targets"]
    assert re.fullmatch(r"topk\(10, sum by \(code\) \(.*\) > 0\)", target["expr"])


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panel_has_title_description_and_unit(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert all(target["legendFormat"] for target in panel["targets"])
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
    assert {source["uid"] for source in sources} == {"${datasource}"}


def test_panels_do_not_overlap() -> None:
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    positions = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(position["x"] + position["w"] <= 24 for position in positions)
    for one, other in combinations(positions, 2):
        beside = one["x"] >= other["x"] + other["w"] or other["x"] >= one["x"] + one["w"]
        below = one["y"] >= other["y"] + other["h"] or other["y"] >= one["y"] + one["h"]
        assert beside or below


def test_variables_of_the_dashboard_are_defined() -> None:
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD["panels"]))) - {"__rate_interval"}
    assert used == variables == {"datasource", "job", "instance"}


def test_monitoring_page_explains_every_alert() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["annotations"]["summary"]
        assert f"| `{rule['alert']}` |" in MONITORING


def test_every_label_has_a_meaning() -> None:
    assert LABELS.keys() == {label for metric in METRICS for label in metric.labels}


def test_names_follow_the_conventions_of_prometheus() -> None:
    for metric in METRICS:
        assert metric.name.startswith("muster_")
        assert metric.name.endswith("_total") is (metric.kind is MetricKind.COUNTER)
        assert bool(metric.buckets) is (metric.kind is MetricKind.HISTOGRAM)
        assert list(metric.buckets) == sorted(set(metric.buckets))
        if metric.unit in ("seconds", "bytes"):
            assert metric.unit in metric.name
