"""The page of all metrics."""

from muster.observability.metrics import LABELS, METRICS, Metric
from tools.reference.markdown import code, document, table

_INTRODUCTION = """\
`GET /metrics` serves these to users with the role `watch` or `admin`. Counters and histograms are sums over all workers
since the start of the service, including workers that have ended. Gauges are sums over the running workers; two are
maxima. [Monitoring](../monitoring.md) explains what to watch."""

_BUCKETS = """\
## Buckets

The upper bounds of the histograms, in the unit of each metric."""


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
