"""The types of customers follow from the field tables, and a type checker takes what the service takes."""

from datetime import date
from decimal import Decimal
from typing import Final, assert_type, get_type_hints

import pytest

from muster.customer.fields import SCHEMAS, SCHEMAS_BY_TYPE
from muster.customer.schema import ALWAYS
from muster_client import Client, Customer, Individual, Organization, customer_types
from tools.client_types import TARGET, build_module

PARTS: Final = [name for name in SCHEMAS if name not in ("Customer", "Individual", "Organization")]


def use_types(client: Client, rows: list[Customer], untyped: list[dict[str, str]]) -> None:
    """Only `mypy --strict` of `make check` runs this: an ignored error that is none is an error."""
    anna: Individual = {
        "communicationNumber": "n-1",
        "requester": "Core banking",
        "customerExtId": "c-1",
        "entityType": "INDIVIDUAL",
        "riskManagementCategory": "IND",
        "customerStatus": "ACTIVE",
        "applicationDate": date(2024, 5, 26),
        "firstName": "Anna",
        "lastName": "Ona",
        "citizenshipCountry": "LT",
        "isPEP": None,
        "initialDepositAmount": Decimal("0.10"),
        "listAddress": [{"country": "LT"}],
        "listIncomeSource": [{"incomeSourceType": "SALARY", "from": 1, "to": 2}],
    }
    assert_type(client.save([anna]).customers[0]["firstName"], str)
    for _, customer, result in client.load(rows, batch=10):
        assert_type(customer, Individual | Organization)
        assert_type(result.error_code, str | None)
    for _, row, _ in client.load(untyped):
        assert_type(row, dict[str, str])
    anna["customerStatus"] = "OPEN"  # type: ignore[typeddict-item]
    anna["legalForm"] = "LTD"  # type: ignore[typeddict-unknown-key]
    anna["listAddress"] = [{"country": "LT", "cty": "Vilnius"}]  # type: ignore[typeddict-unknown-key]
    anna = {"communicationNumber": "n-1"}  # type: ignore[typeddict-item]
    client.save(["n-1"])  # type: ignore[type-var]


def test_types_are_up_to_date() -> None:
    assert TARGET.read_text(encoding="utf-8") == build_module(), "run `make docs`"


@pytest.mark.parametrize("name", PARTS)
def test_part_has_every_field_and_its_mandatory_ones(name: str) -> None:
    described = getattr(customer_types, name)
    fields = SCHEMAS[name].fields
    assert set(get_type_hints(described)) == {field.name for field in fields}
    assert described.__required_keys__ == {field.name for field in fields if field.mandatory == ALWAYS}


@pytest.mark.parametrize("entity_type", SCHEMAS_BY_TYPE)
def test_customer_has_the_fields_of_its_type(entity_type: str) -> None:
    own = SCHEMAS_BY_TYPE[entity_type]
    described = getattr(customer_types, own.name)
    fields = SCHEMAS["Customer"].fields + own.fields
    assert set(get_type_hints(described)) == {field.name for field in fields}
    assert described.__required_keys__ == {field.name for field in fields if field.mandatory == ALWAYS}
