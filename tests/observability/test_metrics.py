"""The dashboard and the alert rules ask for metrics that exist, in PromQL that is right."""

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
from tests.web.reading import series_of

DOCS = Path(__file__).parents[2] / "docs"
DASHBOARD: dict[str, Any] = json.loads(DOCS.joinpath("grafana.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
RULES = [
    rule
    for group in yaml.safe_load(DOCS.joinpath("alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
MONITORING = DOCS.joinpath("monitoring.md").read_text(encoding="utf-8")
OF_SERIES = {series: metric for metric in METRICS for series in series_of(metric)}
# What Prometheus adds to every series.
ADDED = {"job", "instance"}


def asked_by_dashboard() -> list[str]:
    # Grafana puts a duration in the place of this variable; the others stand in texts.
    asked = [target["expr"] for panel in PANELS for target in panel["targets"]]
    return [expression.replace("$__rate_interval", "5m") for expression in asked]


EXPRESSIONS = [*asked_by_dashboard(), *(rule["expr"] for rule in RULES)]


def parts_of(expression: Any) -> Iterator[Any]:
    """An expression and all that stands in it."""
    yield expression
    for name in ("expr", "lhs", "rhs"):
        if (part := getattr(expression, name, None)) is not None:
            yield from parts_of(part)
    for part in getattr(expression, "args", ()):
        yield from parts_of(part)
    if isinstance(expression, promql_parser.MatrixSelector):
        yield expression.vector_selector


def selectors_in(expression: str) -> list[Any]:
    parts = parts_of(promql_parser.parse(expression))
    return [part for part in parts if isinstance(part, promql_parser.VectorSelector)]


def metric_of(selector: Any) -> Metric | None:
    return OF_SERIES.get(selector.name)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_for_metrics_and_labels_that_exist(expression: str) -> None:
    selectors = selectors_in(expression)
    assert len(selectors) == len(re.findall(r"\b(?:muster_\w+|up)\b(?!\")", expression))
    for selector in selectors:
        if selector.name == "up":
            continue
        metric = metric_of(selector)
        assert metric is not None, selector.name
        labels = {matcher.name for matcher in selector.matchers.matchers}
        assert labels <= {*metric.labels, *ADDED}
    known = {label for selector in selectors if (metric := metric_of(selector)) for label in metric.labels}
    for grouped in re.findall(r"\bby \(([^)]*)\)", expression):
        assert set(grouped.split(", ")) <= known | ADDED | {"le"}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_counters_are_asked_for_their_growth_and_gauges_for_what_they_are(expression: str) -> None:
    growing = re.findall(r"(?:rate|increase)\((muster_\w+)", expression)
    for selector in selectors_in(expression):
        metric = metric_of(selector)
        if metric is not None:
            assert (selector.name in growing) is (metric.kind is not MetricKind.GAUGE)


def test_the_dashboard_shows_every_metric() -> None:
    shown = {metric_of(selector) for expression in asked_by_dashboard() for selector in selectors_in(expression)}
    assert shown == set(METRICS)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_says_what_it_shows_and_in_what_unit(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert all(target["legendFormat"] for target in panel["targets"])
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
    assert {source["uid"] for source in sources} == {"${datasource}"}


def test_panels_have_their_own_places() -> None:
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] >= other["x"] + other["w"] or other["x"] >= one["x"] + one["w"]
        below = one["y"] >= other["y"] + other["h"] or other["y"] >= one["y"] + one["h"]
        assert beside or below


def test_the_variables_of_the_dashboard_are_there() -> None:
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD["panels"]))) - {"__rate_interval"}
    assert used == variables == {"datasource", "job", "instance"}


def test_the_page_explains_every_alert() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["annotations"]["summary"]
        assert f"| `{rule['alert']}` |" in MONITORING


def test_every_label_has_a_meaning() -> None:
    assert LABELS.keys() == {label for metric in METRICS for label in metric.labels}


def test_names_follow_the_rules_of_prometheus() -> None:
    for metric in METRICS:
        assert metric.name.startswith("muster_")
        assert metric.name.endswith("_total") is (metric.kind is MetricKind.COUNTER)
        assert bool(metric.buckets) is (metric.kind is MetricKind.HISTOGRAM)
        assert list(metric.buckets) == sorted(set(metric.buckets))
        if metric.unit in ("seconds", "bytes"):
            assert metric.unit in metric.name
