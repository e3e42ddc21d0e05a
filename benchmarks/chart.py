"""Horizontal bar charts as SVG, readable on light and dark pages and without external files."""

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final
from xml.sax.saxutils import escape

WIDTH: Final = 800
_MARGIN: Final = 24
_BARS_LEFT: Final = 262
_BARS_RIGHT: Final = 700
_BAR_HEIGHT: Final = 16
_ROW_HEIGHT: Final = 24
_GROUP_HEADER_HEIGHT: Final = 38
_HEADER_HEIGHT: Final = 70
_FOOTER_HEIGHT: Final = 50
_MAX_TICKS: Final = 6

# Blue, gray and orange differ in lightness too, so readers with colour vision deficiency can distinguish them.
_STYLE: Final = """\
text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
.title { font-size: 17px; font-weight: 600 } .group { font-weight: 600 } .muted { fill: #59636e; font-size: 12px }
.page { fill: #ffffff } .grid { stroke: #d9dee3 } .axis { stroke: #8c959f }
.range { stroke: #1f2328; stroke-width: 1.5; fill: none }
.muster { fill: #1f6feb } .bound { fill: #b4bcc6 } .baseline { fill: #e0a458 } .strong { font-weight: 600 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .muted { fill: #9198a1 } .page { fill: #0d1117 } .grid { stroke: #2a313a }
.axis { stroke: #656c76 } .range { stroke: #e6edf3 }
.muster { fill: #4493f8 } .bound { fill: #59636e } .baseline { fill: #b5793a } }"""


class BarKind(Enum):
    """What a bar stands for. The values are the CSS classes."""

    MUSTER = "muster"
    UPPER_BOUND = "bound"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class Bar:
    """The median of the samples as a bar, and their minimum and maximum as a line."""

    label: str
    kind: BarKind
    samples: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.samples)


@dataclass(frozen=True, slots=True)
class BarGroup:
    """Bars that are compared with each other."""

    title: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class BarChart:
    """A chart with one axis for all groups. The description is the text alternative for screen readers."""

    title: str
    axis: str
    description: str
    legend: dict[BarKind, str]
    groups: Sequence[BarGroup]


def render_bar_chart(chart: BarChart) -> str:
    """A complete SVG document. Raises ValueError for a chart without bars."""
    largest = max(max(bar.samples) for group in chart.groups for bar in group.bars)
    ticks = list_ticks(largest)
    rows = sum(_GROUP_HEADER_HEIGHT + _ROW_HEIGHT * len(group.bars) for group in chart.groups)
    bottom = _HEADER_HEIGHT + rows + 8
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + _FOOTER_HEIGHT}" '
        f'width="{WIDTH}" height="{bottom + _FOOTER_HEIGHT}" role="img" aria-labelledby="title description">',
        f'<title id="title">{escape(chart.title)}</title>',
        f'<desc id="description">{escape(chart.description)}</desc>',
        f"<style>\n{_STYLE}\n</style>",
        '<rect class="page" width="100%" height="100%" rx="6"/>',
        f'<text class="title" x="{_MARGIN}" y="34">{escape(chart.title)}</text>',
        *_render_legend(chart.legend),
        *_render_axis(chart.axis, ticks, bottom),
        *_render_groups(chart.groups, ticks),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def list_ticks(largest: float) -> list[float]:
    """Ticks from 0 to at least `largest`, at steps of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(largest / _MAX_TICKS))
    step = next(power * factor for factor in (1, 2, 5, 10) if largest <= power * factor * _MAX_TICKS)
    return [step * index for index in range(math.ceil(largest / step) + 1)]


def _render_legend(legend: dict[BarKind, str]) -> Iterator[str]:
    left = float(_MARGIN)
    for kind, text in legend.items():
        yield f'<rect class="{kind.value}" x="{left:g}" y="50" width="12" height="12" rx="2"/>'
        yield f'<text class="muted" x="{left + 18:g}" y="60.5">{escape(text)}</text>'
        left += 40 + 6.3 * len(text)


def _render_axis(title: str, ticks: Sequence[float], top: float) -> Iterator[str]:
    for tick in ticks:
        left = _to_x(tick, ticks[-1])
        yield f'<text class="muted" x="{left:g}" y="{top + 10:g}" text-anchor="middle">{tick:,.0f}</text>'
    middle = (_BARS_LEFT + _BARS_RIGHT) / 2
    yield f'<text class="muted" x="{middle:g}" y="{top + 32:g}" text-anchor="middle">{escape(title)}</text>'


def _render_groups(groups: Sequence[BarGroup], ticks: Sequence[float]) -> Iterator[str]:
    top = _HEADER_HEIGHT
    for group in groups:
        yield f'<text class="group" x="{_MARGIN}" y="{top + 26}">{escape(group.title)}</text>'
        top += _GROUP_HEADER_HEIGHT
        yield from _render_grid(ticks, top - 4, top + _ROW_HEIGHT * len(group.bars) - 4)
        for bar in group.bars:
            yield from _render_bar(bar, top, ticks[-1])
            top += _ROW_HEIGHT


def _render_grid(ticks: Sequence[float], top: float, bottom: float) -> Iterator[str]:
    for tick in ticks:
        left, style = _to_x(tick, ticks[-1]), "grid" if tick else "axis"
        yield f'<line class="{style}" x1="{left:g}" x2="{left:g}" y1="{top:g}" y2="{bottom:g}"/>'


def _render_bar(bar: Bar, top: float, largest: float) -> Iterator[str]:
    low, median, high = (_to_x(value, largest) for value in (min(bar.samples), bar.median, max(bar.samples)))
    middle, style = top + _BAR_HEIGHT / 2, " strong" if bar.kind is BarKind.MUSTER else ""
    baseline, right = middle + 4.5, _BARS_LEFT - 10
    yield f'<text class="label{style}" x="{right}" y="{baseline:g}" text-anchor="end">{escape(bar.label)}</text>'
    width = median - _BARS_LEFT
    yield f'<rect class="{bar.kind.value}" x="{_BARS_LEFT}" y="{top:g}" width="{width:.1f}" height="{_BAR_HEIGHT}"/>'
    if high > low:
        ends = f"M{low:.1f} {middle - 3:g}v6M{high:.1f} {middle - 3:g}v6"
        yield f'<path class="range" d="M{low:.1f} {middle:g}H{high:.1f}{ends}"/>'
    yield f'<text class="value{style}" x="{max(high, median) + 8:.1f}" y="{baseline:g}">{bar.median:,.0f}</text>'


def _to_x(value: float, largest: float) -> float:
    return _BARS_LEFT + (_BARS_RIGHT - _BARS_LEFT) * value / largest
