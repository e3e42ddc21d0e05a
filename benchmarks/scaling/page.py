"""Puts the computed tables between the marks of docs/scaling.md; the text around them is written by hand."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from benchmarks.scaling import result_tables, source_tables
from benchmarks.scaling.figures import Figures, read_figures

PAGE: Final = Path(__file__).parents[2] / "docs" / "scaling.md"

TABLES: Final[Mapping[str, Callable[[Figures], str]]] = {
    "steps": result_tables.render_steps,
    "nights": result_tables.render_nights,
    "batches": result_tables.render_batches,
    "volumes": result_tables.render_volumes,
    "operations": result_tables.render_operations,
    "limits": result_tables.render_limits,
    "costs": source_tables.render_costs,
    "sizes": source_tables.render_sizes,
    "validation": source_tables.render_validation,
    "assumptions": source_tables.render_assumptions,
    "machine": source_tables.render_machine,
}
_MARK: Final = re.compile(r"(<!-- computed: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def render_page(text: str) -> str:
    """The page with the tables as they are computed now. Raises `KeyError` for a mark without a table."""
    figures = read_figures()
    tables = {name: render(figures) for name, render in TABLES.items()}
    return _MARK.sub(lambda mark: f"{mark[1]}{tables[mark[2]]}\n{mark[3]}", text)


def find_marks(text: str) -> list[str]:
    """The names of the tables, in the order of the page."""
    return [mark[2] for mark in _MARK.finditer(text)]
