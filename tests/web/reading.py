"""Reads the metrics of a scrape."""

from prometheus_client.parser import text_string_to_metric_families

from muster.observability.metrics import Metric, MetricKind

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def series_in(text: str) -> Series:
    """(name, labels) -> value of all series. A repeated series is an error."""
    found: Series = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found
            found[key] = sample.value
    return found


def value(series: Series, name: str, **labels: str) -> float:
    """The value of a series; 0 for a missing one."""
    return series.get((name, frozenset(labels.items())), 0.0)


def total(series: Series, name: str, **labels: str) -> float:
    """The sum of all series with this name and these labels."""
    return sum(
        found for (series_name, pairs), found in series.items() if series_name == name and labels.items() <= set(pairs)
    )


def get_series_names(metric: Metric) -> tuple[str, ...]:
    """The names of the series of a metric in a scrape."""
    if metric.kind is MetricKind.HISTOGRAM:
        return tuple(f"{metric.name}_{part}" for part in ("bucket", "sum", "count"))
    return (metric.name,)
