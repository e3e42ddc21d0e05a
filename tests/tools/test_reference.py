"""The reference pages match their sources and are complete."""

from pathlib import Path

import pytest

from muster.classifiers.snapshot import CLASSIFIER_NAMES
from muster.customer.error_order import ERROR_ROWS
from muster.customer.fields import iterate_fields
from muster.observability.metrics import METRICS
from muster.settings import iterate_settings, variable_name
from tools.reference import build_pages

PAGES = build_pages()
DIRECTORY = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_page_is_up_to_date(name: str) -> None:
    assert DIRECTORY.joinpath(name).read_text(encoding="utf-8") == PAGES[name], "run `make docs`"


def test_directory_has_no_other_pages() -> None:
    assert {path.name for path in DIRECTORY.iterdir()} == set(PAGES)


def test_pages_list_every_field_error_classifier_setting_metric_and_command() -> None:
    for _, field in iterate_fields():
        assert f"| `{field.name}` |" in PAGES["fields.md"]
        assert field.meaning in PAGES["fields.md"]
    for row in ERROR_ROWS:
        for error in row.errors:
            assert f"| `{row.prefix.get_code(error)}` |" in PAGES["errors.md"]
    for name in CLASSIFIER_NAMES:
        assert f"## {name}" in PAGES["classifiers.md"]
    for name, _, _ in iterate_settings():
        assert f"`{variable_name(name)}`" in PAGES["settings.md"]
    for metric in METRICS:
        assert f"| `{metric.name}` |" in PAGES["metrics.md"]
    for command in ("demo", "serve", "db upgrade", "user add", "token create", "classifier import"):
        assert f"## muster {command}" in PAGES["commands.md"]
