"""The OpenAPI document is valid, tells every field, and what it calls valid is what the service takes."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import validate

from muster.customer.examples import make_full_customer
from muster.customer.fields import iterate_fields
from muster.customer.value_types import ClassifierCode, Enum
from muster.web.openapi import document
from tests.samples import individual, organization
from tests.serving import SAVE, Api, serving

DOCUMENT: dict[str, Any] = json.loads(document())
SCHEMAS = DOCUMENT["components"]["schemas"]


def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return jsonschema.Draft202012Validator(schema)


def test_it_is_a_valid_document_of_version_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    validate(DOCUMENT)


def test_every_field_has_its_type_meaning_and_example() -> None:
    for schema, field in iterate_fields():
        owners = ("Individual", "Organization") if schema.name == "Customer" else (schema.name,)
        for owner in owners:
            described = SCHEMAS[owner]["properties"][field.name]
            assert "type" in described or "$ref" in described
            assert described["description"].startswith(field.meaning)
            assert field.example is None or described["examples"]
            if isinstance(field.value_type, Enum) and field.name != "entityType":
                assert described["enum"] == list(field.value_type.values)
            if isinstance(field.value_type, ClassifierCode):
                assert f"/classifier/{field.value_type.classifier}" in described["description"]


@pytest.mark.parametrize("entity_type", ["INDIVIDUAL", "ORGANIZATION"])
def test_full_and_minimal_customers_are_valid_by_it(entity_type: str) -> None:
    minimal = individual() if entity_type == "INDIVIDUAL" else organization()
    for customer in (minimal, make_full_customer(entity_type)):
        assert list(validator("Batch").iter_errors({"customers": [customer]})) == []


def test_a_field_of_the_other_type_is_not_valid_by_it() -> None:
    assert list(validator("Batch").iter_errors({"customers": [individual(lei="x")]}))


def test_the_examples_of_the_document_are_valid_by_it() -> None:
    operation = DOCUMENT["paths"][SAVE]["post"]
    for example in operation["requestBody"]["content"]["application/json"]["examples"].values():
        assert list(validator("Batch").iter_errors(example["value"])) == []
    for status, answer in operation["responses"].items():
        content = answer["content"]["application/json"]
        name = content["schema"]["$ref"].rsplit("/", 1)[1]
        examples = [item["value"] for item in content.get("examples", {}).values()] or [content["example"]]
        assert examples, status
        for example in examples:
            assert list(validator(name).iter_errors(example)) == []


def test_every_path_can_be_too_long_and_tells_so(api: Api) -> None:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            answer = api.http.request(method, path.replace("{", "").replace("}", "") + "?x=" + "x" * 2_048)
            assert str(answer.status_code) == "414"
            assert "414" in operation["responses"]
            assert list(validator("Error").iter_errors(answer.json())) == []


def test_answers_are_valid_by_it(api: Api) -> None:
    body = json.dumps({"customers": [individual(), {}, individual(unknown=1)]}).encode()
    for path in (SAVE, f"{SAVE}?detail=full"):
        assert list(validator("Results").iter_errors(api.send(body, path).json())) == []
    for refused in (api.send(b""), api.send(body, Authorization="")):
        assert list(validator("Error").iter_errors(refused.json())) == []


@pytest.fixture(name="fuzzed", scope="module")
def _fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    from muster.storage import open_storage

    url = f"sqlite:///{tmp_path_factory.mktemp('fuzz') / 'muster.db'}"
    store = open_storage(url)
    store.upgrade()
    store.close()
    with serving(url) as api:
        yield api


SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)


@SCHEMA.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_whatever_is_sent_gets_an_answer_of_the_document(case: schemathesis.Case, fuzzed: Api) -> None:
    case.headers = {**(case.headers or {}), "Authorization": f"Bearer {fuzzed.token}"}
    answer = case.call(base_url=str(fuzzed.http.base_url).rstrip("/"))
    case.validate_response(answer, checks=[schemathesis.checks.not_a_server_error])
