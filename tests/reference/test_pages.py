"""The reference pages are what the tables give, and leave nothing out."""

from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from muster.classifiers.source import NAMES
from muster.cli.main import app
from muster.customer.catalogue import ROWS
from muster.customer.fields import rows
from muster.metrics import METRICS
from muster.reference import pages
from muster.settings import rows as settings
from muster.settings import variable

ROOT = typer.main.get_command(app)
assert isinstance(ROOT, TyperGroup)
PAGES = pages(ROOT)
DIRECTORY = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_not_stale(name: str) -> None:
    assert DIRECTORY.joinpath(name).read_text(encoding="utf-8") == PAGES[name], "run `make docs`"


def test_there_are_no_other_pages() -> None:
    assert {path.name for path in DIRECTORY.iterdir()} == set(PAGES)


def test_every_field_error_classifier_setting_metric_and_command_has_its_line() -> None:
    for _, field in rows():
        assert f"| `{field.name}` |" in PAGES["fields.md"]
        assert field.meaning in PAGES["fields.md"]
    for row in ROWS:
        for error in row.errors:
            assert f"| `{row.place.code_of(error)}` |" in PAGES["errors.md"]
    for name in NAMES:
        assert f"## {name}" in PAGES["classifiers.md"]
    for name, _, _ in settings():
        assert f"`{variable(name)}`" in PAGES["settings.md"]
    for metric in METRICS:
        assert f"| `{metric.name}` |" in PAGES["metrics.md"]
    for command in ("demo", "serve", "docs", "db upgrade", "user add", "token create", "classifier import"):
        assert f"## muster {command}" in PAGES["commands.md"]
