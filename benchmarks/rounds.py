"""Rounds: in each, every figure is measured once, on new databases and newly started services."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import ExitStack

from benchmarks.figures import Figure, Step
from benchmarks.ground import Ground
from benchmarks.stage import Stage


def measured(ground: Ground, steps: Sequence[Step]) -> dict[Figure, list[float]]:
    """The figures of all rounds. Every other round goes backward, so that coming early or late is fair to all."""
    samples: dict[Figure, list[float]] = defaultdict(list)
    for number in range(ground.size.rounds):
        with ExitStack() as parts:
            stage = Stage(ground, parts)
            for step in steps if number % 2 == 0 else reversed(steps):
                for figure, value in zip(step.figures, step.measure(stage), strict=True):
                    samples[figure].append(value)
                    tell(f"{number + 1}/{ground.size.rounds}  {figure.what}: {figure.unit.text(value)}")
    return dict(samples)


def each_once(steps: Iterable[Step]) -> list[Step]:
    """The steps without those that give figures which an earlier one gives."""
    by_figures: dict[tuple[Figure, ...], Step] = {}
    for step in steps:
        by_figures.setdefault(step.figures, step)
    return list(by_figures.values())


def tell(line: str) -> None:
    """Progress, beside the page."""
    print(line, file=sys.stderr, flush=True)
