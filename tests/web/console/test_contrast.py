"""Contrast of the console's colours, also of states that axe does not see: focus, hover, borders of fields."""

import re
from pathlib import Path
from typing import Final

import pytest

import muster.web.console

_STATIC: Final = Path(muster.web.console.__file__).parent / "static"
_ROOT: Final = re.compile(r":root \{(.*?)\}", re.DOTALL)
_COLOUR: Final = re.compile(r"--([a-z-]+): #([0-9a-f]{6});")
_HOVER: Final = re.compile(r":hover \{\s+filter: brightness\(([0-9.]+)\)")
_KINDS: Final = ("good", "bad", "warning", "running")
# Text needs 4.5 (WCAG 1.4.3), and what shows the focus or the edge of a field 3 (1.4.11).
TEXT: Final = (
    *((text, behind) for text in ("text", "muted", "link") for behind in ("background", "surface", "neutral-surface")),
    *((kind, f"{kind}-surface") for kind in _KINDS),
    ("bad", "surface"),
    ("accent-text", "accent"),
    ("surface", "bad"),
)
EDGES: Final = (
    *(("focus", behind) for behind in ("background", "surface", *(f"{kind}-surface" for kind in _KINDS))),
    ("control-border", "surface"),
    ("control-border", "background"),
    ("accent", "surface"),
    ("bad", "background"),
)
# Buttons, whose text and background get brighter under the pointer.
BUTTONS: Final = (("accent-text", "accent"), ("surface", "bad"), ("link", "surface"), ("link", "background"))
Colour = tuple[float, ...]


def read_themes() -> dict[str, dict[str, Colour]]:
    """The colours of both themes, by the names of their properties; channels are from 0 to 255."""
    light, dark, *_ = _ROOT.findall((_STATIC / "console.css").read_text())
    return {"light": read_colours(light), "dark": read_colours(dark)}


def read_colours(block: str) -> dict[str, Colour]:
    return {name: tuple(bytes.fromhex(digits)) for name, digits in _COLOUR.findall(block)}


def measure_contrast(first: Colour, second: Colour) -> float:
    """By the definition of WCAG 2.2."""
    darker, lighter = sorted(map(measure_luminance, (first, second)))
    return (lighter + 0.05) / (darker + 0.05)


def measure_luminance(colour: Colour) -> float:
    channels = [value / 255 for value in colour]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_edges_and_focus_stand_out(theme: str) -> None:
    colours = read_themes()[theme]
    weak = [pair for pair in TEXT if measure_contrast(*(colours[name] for name in pair)) < 4.5]
    weak += [pair for pair in EDGES if measure_contrast(*(colours[name] for name in pair)) < 3]
    assert weak == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_buttons_under_the_pointer_can_be_read(theme: str) -> None:
    colours = read_themes()[theme]
    [brightness] = map(float, _HOVER.findall((_STATIC / "forms.css").read_text()))

    def brighten(name: str) -> Colour:
        return tuple(min(value * brightness, 255) for value in colours[name])

    assert [pair for pair in BUTTONS if measure_contrast(*map(brighten, pair)) < 4.5] == []


def test_contrast_of_black_and_white_is_the_largest() -> None:
    assert measure_contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
