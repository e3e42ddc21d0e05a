"""The page of all metrics."""

from muster.observability.metrics import LABELS, METRICS, Metric
from tools.reference.markdown import code, document, table

_INTRODUCTION = """\
What `GET /metrics` tells a user with the role `watch` or `admin`. Counters and histograms add up what all workers
counted since the service was started, those that have ended too. Gauges are sums over the workers that live; two are
the largest of theirs. [Monitoring](../monitoring.md) says what to look at."""

_BUCKETS = """\
## Buckets

The upper bounds of the histograms, each in the unit of its metric."""


def page() -> str:
    return document(
        "Metrics",
        _INTRODUCTION,
        table(("metric", "kind", "unit", "labels", "meaning"), map(_row, METRICS)),
        "## Labels",
        table(("label", "values"), ((code(label), meaning) for label, meaning in LABELS.items())),
        _BUCKETS,
        table(
            ("metric", "buckets"),
            ((code(metric.name), ", ".join(map(_bound, metric.buckets))) for metric in METRICS if metric.buckets),
        ),
    )


def _row(metric: Metric) -> tuple[str, ...]:
    labels = ", ".join(map(code, metric.labels))
    return code(metric.name), metric.kind.value, metric.unit, labels, f"{metric.meaning}."


def _bound(bound: float) -> str:
    return f"{bound:.5f}".rstrip("0").rstrip(".") if bound % 1 else f"{bound:,.0f}"
