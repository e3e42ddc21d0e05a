"""Bar charts as SVG: positions in percent of the width and in pixels of the height, so that texts keep their size."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

HEIGHT: Final = 150  # pixels of the tallest bar
_GAP: Final = 0.25  # of the room of a bar
_LABEL_EVERY: Final = 7  # bars; from the last one back


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar and what it says. `x`, `width` and `middle` are percent; `y` and `height` pixels from the top."""

    label: str
    short_label: str
    value: int
    link: str
    x: float
    width: float
    y: float
    height: float
    has_label: bool

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 3)


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars, and the lines behind them as pairs of `y` and value."""

    bars: Sequence[Bar]
    lines: Sequence[tuple[float, int]]
    height: int = HEIGHT


def build_day_chart(days: Sequence[tuple[date, int, str]]) -> BarChart:
    """A bar for each day, its number and the page that it leads to."""
    top = _round_up(max((number for _, number, _ in days), default=0))
    room = 100 / max(len(days), 1)
    bars = []
    for index, (day, number, link) in enumerate(days):
        # A day with few customers stays visible beside one with millions.
        height = max(round(HEIGHT * number / top, 1), 2.0) if number else 0.0
        x, width = round(room * (index + _GAP / 2), 3), round(room * (1 - _GAP), 3)
        has_label = (len(days) - 1 - index) % _LABEL_EVERY == 0
        bars.append(
            Bar(day.isoformat(), f"{day:%d %b}", number, link, x, width, round(HEIGHT - height, 1), height, has_label)
        )
    return BarChart(bars, [(round(HEIGHT - HEIGHT * part / 2, 1), top * part // 2) for part in range(3)])


def _round_up(number: int) -> int:
    """The next of 2, 4, 10, 20, 40, 100 …, which halves evenly."""
    if number <= 2:
        return 2
    power: int = 10 ** int(math.log10(number))
    return next(step * power for step in (1, 2, 4, 10, 20) if step * power >= number and step * power > 1)
