"""Rounds: each measures every quantity once, on new databases and newly started services."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import ExitStack

from benchmarks.environment import BenchmarkEnvironment
from benchmarks.measurements import Measurement, Quantity
from benchmarks.progress import print_progress
from benchmarks.round_fixtures import RoundFixtures


def run_rounds(environment: BenchmarkEnvironment, measurements: Sequence[Measurement]) -> dict[Quantity, list[float]]:
    """The samples of all rounds. Every second round runs backward, so that no quantity is always measured first."""
    samples: dict[Quantity, list[float]] = defaultdict(list)
    rounds = environment.size.rounds
    for number in range(rounds):
        with ExitStack() as stack:
            fixtures = RoundFixtures(environment, stack)
            for measurement in measurements if number % 2 == 0 else reversed(measurements):
                for quantity, value in zip(measurement.quantities, measurement.measure(fixtures), strict=True):
                    samples[quantity].append(value)
                    print_progress(f"{number + 1}/{rounds}  {quantity.label}: {quantity.unit.format(value)}")
    return dict(samples)


def remove_duplicates(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Keeps the first of the measurements that give the same quantities."""
    by_quantities: dict[tuple[Quantity, ...], Measurement] = {}
    for measurement in measurements:
        by_quantities.setdefault(measurement.quantities, measurement)
    return list(by_quantities.values())
