"""Metrics as a scrape gives them."""

from prometheus_client.parser import text_string_to_metric_families

from muster.observability.metrics import Metric, MetricKind

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def series_in(text: str) -> Series:
    """(name, labels) -> value of all that stands there; a series that stands there twice is an error."""
    found: Series = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found
            found[key] = sample.value
    return found


def value(series: Series, name: str, **labels: str) -> float:
    """What a series says, 0 where it is not there."""
    return series.get((name, frozenset(labels.items())), 0.0)


def total(series: Series, name: str, **labels: str) -> float:
    """The sum of all series of this name that have these labels."""
    return sum(found for (of, has), found in series.items() if of == name and labels.items() <= set(has))


def series_of(metric: Metric) -> tuple[str, ...]:
    """The names under which a scrape has the metric."""
    if metric.kind is MetricKind.HISTOGRAM:
        return tuple(f"{metric.name}_{part}" for part in ("bucket", "sum", "count"))
    return (metric.name,)
