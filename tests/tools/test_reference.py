"""The reference pages match their sources and are complete."""

import re
from pathlib import Path

import pytest

from muster.classifiers.snapshot import CLASSIFIER_NAMES
from muster.customer.error_order import ERROR_CODES, ERROR_ROWS
from muster.customer.fields import iterate_fields
from muster.customer.value_types import Date
from muster.customer.warnings import WARNING_CODES
from muster.observability.metrics import METRICS
from muster.settings import iterate_settings, variable_name
from tools.reference import build_pages

PAGES = build_pages()
DIRECTORY = Path(__file__).parents[2] / "docs" / "reference"


def read_sections() -> dict[str, str]:
    """The section of the page of errors that the anchor of each code leads to."""
    sections = PAGES["errors.md"].split("\n### ")[1:]
    return {anchor: section for section in sections for anchor in re.findall(r'<a id="([^"]+)"></a>', section)}


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
            assert f"| [`{row.prefix.get_code(error)}`](#" in PAGES["errors.md"]
    for name in CLASSIFIER_NAMES:
        assert f"## {name}" in PAGES["classifiers.md"]
    for name, _, _ in iterate_settings():
        assert f"`{variable_name(name)}`" in PAGES["settings.md"]
    for metric in METRICS:
        assert f"| `{metric.name}` |" in PAGES["metrics.md"]
    for command in ("demo", "serve", "db upgrade", "user add", "token create", "classifier import"):
        assert f"## muster {command}" in PAGES["commands.md"]


def test_every_code_has_one_anchor_with_meaning_cause_and_cure() -> None:
    codes = [*ERROR_CODES, *WARNING_CODES]
    anchors = re.findall(r'<a id="([^"]+)"></a>', PAGES["errors.md"])
    assert sorted(anchors) == sorted(codes)
    for code, section in read_sections().items():
        count = section.count("- Meaning: ")
        assert count > 0, code
        assert section.count("- Cause: ") == section.count("- Cure: ") == count, code


def test_cure_of_a_date_says_its_form() -> None:
    for code in ("C012", "Q002.DOC04", "C016.C016.RE08.DOC04", "C017.C016.RE08.DOC05"):
        assert Date().expected in read_sections()[code]


def test_page_of_fields_says_the_forms_of_a_date_at_every_date() -> None:
    lines = PAGES["fields.md"].splitlines()
    for _, field in iterate_fields():
        if isinstance(field.value_type, Date):
            rows = [line for line in lines if line.startswith(f"| `{field.name}` |")]
            assert rows
            assert all("YYYY-MM-DD" in row and "±hh:mm" in row for row in rows), field.name
