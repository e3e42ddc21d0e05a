"""Names of fields in words."""

import pytest

from muster.customer.fields import iterate_fields
from muster.web.console.customers.field_labels import get_field_label, get_label, get_plural_label, resolve_pointer


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("isPEP", "PEP"),
        ("isActualAddressDeclared", "Actual address declared"),
        ("customerExtId", "Customer external ID"),
        ("amlOfficer", "AML officer"),
        ("lei", "LEI"),
        ("listPurpose", "List purpose"),
        ("BusinessEntityDocument", "Business entity document"),
    ],
)
def test_label_says_the_name_in_words(name: str, label: str) -> None:
    assert get_label(name) == label


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("listAddress", "Addresses"),
        ("listActivity", "Activities"),
        ("listSourceOfWealth", "Sources of wealth"),
        ("listCountryOfTaxPayment", "Countries of tax payment"),
        ("listAdditionalValues", "Additional values"),
        ("listRelatedEntity", "Related entities"),
    ],
)
def test_label_of_a_list_is_a_plural(name: str, label: str) -> None:
    assert get_plural_label(name) == label


def test_every_field_has_a_label_of_its_own_in_its_object() -> None:
    labels: dict[tuple[str, str], str] = {}
    for schema, row in iterate_fields():
        assert labels.setdefault((schema.name, get_field_label(row)), row.name) == row.name


@pytest.mark.parametrize(
    ("pointer", "labels"),
    [
        ("", ()),
        ("/firstName", ("First name",)),
        ("/legalForm", ("Legal form",)),
        ("/listAddress", ("Addresses",)),
        ("/listAddress/0", ("Address 1",)),
        ("/listAddress/0/city", ("Address 1", "City")),
        ("/listRelatedEntity/11/listContact/0/contactType", ("Related entity 12", "Contact 1", "Contact type")),
        ("/fieldOfActivity/pension/isPensioner", ("Field of activity", "Pension", "Pensioner")),
        ("/firstName/0", ("First name", "0")),
        ("/a~1b~0/0/x", ("a/b~", "0", "x")),
    ],
)
def test_pointer_is_told_in_labels_and_unknown_names_as_they_are(pointer: str, labels: tuple[str, ...]) -> None:
    assert resolve_pointer(pointer).labels == labels
