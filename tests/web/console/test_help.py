"""Help in the console: complete, linked, and light."""

import pytest

from muster.auth.users import Role
from muster.classifiers.snapshot import CLASSIFIER_NAMES
from muster.customer.error_order import ERROR_CODES, ERROR_ROWS
from muster.customer.fields import SCHEMAS
from muster.customer.warnings import WARNING_CODES
from muster.loads.file_guide import FIELD_KEYS, FILE_FORMATS
from muster.loads.row_errors import ROW_ERRORS
from muster.web.console.code_guides import split_markup
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.pages import ConsolePage

MAX_PAGE_BYTES = 150 * 1024
PAGES = ("", "/errors", "/fields", "/files")


@pytest.fixture(scope="module")
def pages(console: ConsoleBrowser) -> dict[str, ConsolePage]:
    """The pages as a user with no role that reads anything sees them."""
    console.sign_in(Role.WATCH)
    return {path: console.get(f"/console/help{path}") for path in PAGES}


def list_ids(page: ConsolePage) -> list[str]:
    return [attributes["id"] or "" for _, attributes in page.tags if "id" in attributes]


def test_every_user_sees_help(pages: dict[str, ConsolePage]) -> None:
    assert [page.status for page in pages.values()] == [200] * len(PAGES)


def test_help_needs_a_session(console: ConsoleBrowser) -> None:
    assert console.get("/console/help/errors").location == "/console/sign-in"


def test_every_code_of_a_response_is_an_anchor(pages: dict[str, ConsolePage]) -> None:
    ids = list_ids(pages["/errors"])
    codes = [*ERROR_CODES, *WARNING_CODES, *(error.code for error in ROW_ERRORS)]
    assert sorted(set(codes) - set(ids)) == []
    assert "C017.C016.RE01" in ids
    assert len(set(ids)) == len(ids)


def test_every_text_of_an_error_has_meaning_cause_and_cure(pages: dict[str, ConsolePage]) -> None:
    text = pages["/errors"].text
    for row in ERROR_ROWS:
        for error in row.errors:
            assert " ".join(row.prefix.get_text(error).partition("{values}")[0].split()) in text
    assert text.count("Cause ") == text.count("Meaning ")
    assert "Send `" not in text


def test_every_field_has_an_anchor_and_leads_to_its_errors(pages: dict[str, ConsolePage]) -> None:
    ids = list_ids(pages["/fields"])
    for schema in SCHEMAS.values():
        assert schema.name.lower() in ids
        assert {f"{schema.name.lower()}.{field.name}" for field in schema.fields} <= set(ids)
    assert len(set(ids)) == len(ids)


def test_links_of_help_lead_to_anchors_that_exist(pages: dict[str, ConsolePage]) -> None:
    ids = {f"/console/help{path}": {*list_ids(page), ""} for path, page in pages.items()}
    broken = [
        target
        for path, page in pages.items()
        for tag, attributes in page.tags
        if tag == "a"
        for target in [attributes["href"] or ""]
        for name, _, anchor in [target.partition("#")]
        if (name or f"/console/help{path}") in ids and anchor not in ids[name or f"/console/help{path}"]
    ]
    assert broken == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_light(pages: dict[str, ConsolePage], path: str) -> None:
    assert len(pages[path].response.content) < MAX_PAGE_BYTES


def test_formats_and_keys_of_mappings_are_listed(pages: dict[str, ConsolePage]) -> None:
    text = pages["/files"].text
    assert all(guide.name in text and guide.refused_rows in text for guide in FILE_FORMATS)
    assert all(f"{key} " in text for key in FIELD_KEYS)


@pytest.mark.parametrize("name", CLASSIFIER_NAMES)
def test_classifiers_lead_to_the_code_lists(name: str) -> None:
    (span,) = split_markup(f"[{name}](classifiers.md#{name.lower()})")
    assert (span.text, span.link) == (name, f"/console/code-lists/{name}")


def test_a_link_within_a_page_stays_there() -> None:
    assert split_markup("a list of [Address](#address)")[1].link == "#address"
