"""The templates of all paths: which one a path matches, and which one a mistyped path is near to."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

# Longer paths are not compared: a person who mistypes a path does not add this much.
MAX_COMPARED_LENGTH: Final = 200
_MIN_SIMILARITY: Final = 0.6  # the default of difflib


class RouteTemplates:
    """Templates like `/classifier/{name}`."""

    def __init__(self, templates: Iterable[str]) -> None:
        self._templates = sorted(templates)
        self._patterns = [
            (template, re.compile(re.sub(r"\\{.*?\\}", "[^/]+", re.escape(template)))) for template in self._templates
        ]

    def find(self, path: str) -> str | None:
        """The template that the path matches."""
        return next((template for template, pattern in self._patterns if pattern.fullmatch(path)), None)

    def find_nearest(self, path: str) -> str | None:
        """The most similar template, if one is similar. Values of parameters are not compared."""
        if len(path) > MAX_COMPARED_LENGTH:
            return None
        segments = path.lower().strip("/").split("/")
        # Of equally similar ones, that with as many segments.
        rated = [
            (_rate(segments, template), template.count("/") == len(segments), template) for template in self._templates
        ]
        similarity, _, nearest = max(rated)
        return nearest if similarity >= _MIN_SIMILARITY else None


def _rate(segments: list[str], template: str) -> float:
    """How similar the fixed segments are, from 0 to 1."""
    parts = template.strip("/").split("/")
    fixed = "/".join(part for part in parts if not _is_parameter(part))
    given = "/".join(
        segment
        for position, segment in enumerate(segments)
        if position >= len(parts) or not _is_parameter(parts[position])
    )
    matcher = SequenceMatcher(None, given, fixed, autojunk=False)
    if matcher.real_quick_ratio() < _MIN_SIMILARITY or matcher.quick_ratio() < _MIN_SIMILARITY:  # upper bounds
        return 0.0
    return matcher.ratio()


def _is_parameter(part: str) -> bool:
    return part.startswith("{")
