"""A document as a page shows it: sections, titles of codes, and what a page has no room for."""

from decimal import Decimal
from typing import Any

import pytest

from muster.web.console.customers.document_sections import DocumentSection, SizeBudget, iterate_leaves
from muster.web.console.customers.document_view import MAX_VALUE_CHARACTERS, DocumentView
from tests.samples import individual, make_snapshot, organization

SNAPSHOT = make_snapshot()


def build(document: dict[str, Any], size: int = 1_000_000) -> dict[str, DocumentSection]:
    """Title -> section."""
    sections = DocumentView(SNAPSHOT, SizeBudget(size)).build_sections(document)
    return {section.title: section for section in sections}


def read(section: DocumentSection) -> dict[str, str]:
    return {fact.label: fact.value.text for fact in section.facts}


def test_sections_follow_the_field_tables() -> None:
    document = individual(listContact=[{"contactType": "EMAIL"}], fieldOfActivity={"student": {"isStudent": True}}, x=1)
    sections = build(document)
    assert list(sections) == ["Individual", "Customer", "Field of activity", "Contacts", ""]
    assert read(sections["Individual"])["First name"] == "Tomas"
    assert [inner.title for inner in sections["Field of activity"].sections] == ["Student"]
    assert next(iter(build(organization()))) == "Organization"


def test_code_has_its_title_beside_it() -> None:
    facts = {fact.name: fact.value for fact in build(individual(citizenshipCountry="LT"))["Individual"].facts}
    assert (facts["citizenshipCountry"].text, facts["citizenshipCountry"].code) == ("Lithuania", "LT")


def test_code_without_a_title_is_shown_and_marked() -> None:
    facts = {fact.name: fact.value for fact in build(individual(citizenshipCountry="AN"))["Individual"].facts}
    assert (facts["citizenshipCountry"].text, facts["citizenshipCountry"].is_unlisted) == ("AN", True)


@pytest.mark.parametrize("blank", [None, "", " ", [], {}])
def test_empty_fields_are_left_out(blank: object) -> None:
    sections = build(individual(nationalCode=blank, listAddress=blank, unknown=blank))
    assert "National code" not in read(sections["Customer"])
    assert list(sections) == ["Individual", "Customer"]


def test_numbers_and_truth_values_are_shown_exactly() -> None:
    amount = Decimal("12345678901234567890.10")
    facts = {
        fact.name: fact.value for fact in build(individual(initialDepositAmount=amount, isPEP=False))["Customer"].facts
    }
    assert facts["initialDepositAmount"].text == "12345678901234567890.10"
    assert facts["isPEP"].yes is False


def test_fields_that_no_table_knows_are_shown_as_given() -> None:
    sections = build(individual(note="x", nested={"amount": Decimal("1.10")}, listAddress=["odd", {"street": "S"}]))
    assert read(sections[""]) == {"note": "x", "nested": '{\n "amount": 1.10\n}'}
    assert [read(element) for element in sections["Addresses"].elements] == [{"": "odd"}, {"street": "S"}]


def test_value_of_another_shape_than_its_type_is_shown_as_given() -> None:
    sections = build(individual(fieldOfActivity="none", listContact={"a": 1}, isPEP="maybe", firstName=["A"]))
    assert read(sections["Individual"])["Field of activity"] == "none"
    assert read(sections["Customer"])["PEP"] == "maybe"
    assert read(sections["Customer"])["Contacts"] == '{\n "a": 1\n}'


def test_small_objects_are_rows_and_large_ones_are_cards() -> None:
    sections = build(
        individual(listContact=[{"contactType": "EMAIL", "contactDetails": "a@b.lt"}], listAddress=[{"country": "LT"}])
    )
    assert [name for _, name in sections["Contacts"].columns] == ["contactType", "contactDetails"]
    assert sections["Addresses"].columns == ()


def test_related_entity_has_its_name_its_flags_and_a_link_if_it_is_a_customer() -> None:
    related = {"firstName": "Ona", "lastName": "Ž", "isPEP": True, "isSanctioned": False, "customerExtId": "c-2"}
    [entity] = build(individual(listRelatedEntity=[related]))["Related entities"].elements
    assert (entity.owner, list(entity.flags)) == ("Ona Ž", ["PEP"])
    assert [fact.customer for fact in entity.facts if fact.customer] == ["c-2"]


def test_long_value_is_cut_and_counted() -> None:
    value = next(f.value for f in build(individual(firstName="x" * 5000))["Individual"].facts if f.name == "firstName")
    assert (len(value.text), value.omitted) == (MAX_VALUE_CHARACTERS, 5000 - MAX_VALUE_CHARACTERS)


def test_what_a_page_has_no_room_for_is_counted() -> None:
    contacts = [{"contactType": "EMAIL", "contactDetails": str(number)} for number in range(1000)]
    sections = build(individual(listContact=contacts, listAddress=[{"country": "LT"}], a=1, b=2), size=20_000)
    shown = sections["Contacts"]
    assert 50 < len(shown.elements) < 1000
    assert shown.size == len(shown.elements) + shown.omitted == 1000
    assert shown.is_cut
    assert len(sections["Addresses"].elements) == 1


def test_nothing_is_lost_when_there_is_no_room_at_all() -> None:
    sections = build(individual(listContact=[{"contactType": "EMAIL"}]), size=0)
    assert sections["Individual"].omitted == 3
    assert sections["Contacts"].omitted == 1


def test_leaves_name_the_objects_around_them() -> None:
    related = {"listContact": [{"contactType": "EMAIL"}]}
    section = build(individual(listRelatedEntity=[related]))["Related entities"]
    assert [(titles, fact.label) for titles, fact in iterate_leaves(section)] == [
        (("Related entity 1", "Contacts", "Contact 1"), "Contact type")
    ]
