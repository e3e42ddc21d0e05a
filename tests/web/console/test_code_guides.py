"""What a code means, in words: texts without placeholders, meanings and cures, and their code and links."""

import pytest

from muster.customer.error_order import ERROR_CODES
from muster.loads.row_errors import ROW_ERRORS
from muster.web.console.code_guides import FoundViolation, Span, describe_violation, get_meanings, split_markup

ADDRESS = "/customers/3/listAddress/0/country"


def test_every_code_of_a_refusal_has_a_meaning_and_a_cure() -> None:
    for code in (*ERROR_CODES, *(error.code for error in ROW_ERRORS)):
        meanings = get_meanings(code)
        assert meanings, code
        for meaning in meanings:
            assert "{" not in meaning.title, code
            assert split_markup(meaning.cure), code


@pytest.mark.parametrize(
    ("code", "pointer", "description", "text", "field"),
    [
        ("C011", "/customers/0/x", "As it was sent", "As it was sent", "x"),
        ("C019", "/customers/0", None, "Customer must be a JSON object", ""),
        (
            "Q004.ADR02",
            ADDRESS,
            None,
            "Problem with Address (index: 0 ). Country is mandatory and must exist in Amlyze",
            "listAddress[0].country",
        ),
        (
            "C017.C016.RE06.Co1",
            "/customers/1/listRelatedEntity/2/listContact/4/contactType",
            None,
            "Problem with field for ORGANIZATION type customer. Problem with relatedEntity (index: 2 ). Problem with "
            "Contact (index: 4 ). ContactType is mandatory. values: MOBILEPHONE, FIXEDPHONE, EMAIL, WEBSITE",
            "listRelatedEntity[2].listContact[4].contactType",
        ),
        (
            "C004",
            "/customers/1/customerExtId",
            None,
            "Cannot update not existing customer, use Action = CREATE / Customer already exists, use Action = UPDATE",
            "customerExtId",
        ),
        ("X999", "/customers/0/a~1b~0c", None, "", "a/b~c"),
        ("X999", "", None, "", ""),
        ("X999", f"/customers/0/{'1' * 5_000}", "x" * 400, f"{'x' * 300}…", f"{'1' * 300}…"),
    ],
)
def test_a_violation_is_described_by_its_code_and_its_place(
    code: str, pointer: str, description: str | None, text: str, field: str
) -> None:
    assert describe_violation(code, pointer, description) == FoundViolation(code, text, field)


def test_markup_is_split_into_code_links_and_text() -> None:
    assert split_markup("Send `a`, see [fields](fields.md) or [Address](fields.md#address).") == [
        Span("Send "),
        Span("a", is_code=True),
        Span(", see "),
        Span("fields", link="/console/help/fields"),
        Span(" or "),
        Span("Address", link="/console/help/fields#address"),
        Span("."),
    ]
    assert split_markup("<b>[x](javascript:y)") == [Span("<b>[x](javascript:y)")]
