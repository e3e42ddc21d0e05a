"""The OpenAPI document is valid and complete, and the service conforms to it."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from fuzzing import openapi
from muster.auth.users import Role
from muster.customer.examples import make_full_customer
from muster.customer.fields import iterate_fields
from muster.customer.value_types import ClassifierCode, Enum, Nested, NestedList
from muster.web.openapi import document
from tests.contract.case_tables import CASES, EXTRA_CASES
from tests.samples import individual, organization
from tests.serving import SAVE, Api, serving

DOCUMENT: dict[str, Any] = json.loads(document())
SCHEMAS = DOCUMENT["components"]["schemas"]


@pytest.fixture
def api(shared_api: Api) -> Api:
    return shared_api


def build_validator(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def validator(name: str) -> jsonschema.Draft202012Validator:
    return build_validator({"$ref": f"#/components/schemas/{name}"})


def test_document_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    validate(DOCUMENT)


def test_every_field_has_type_meaning_and_example() -> None:
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
            if not isinstance(field.value_type, Nested | NestedList):
                assert field.value_type.expected in described["description"]


def iterate_schemas(node: Any) -> Iterator[Any]:
    """Every schema of the document with the schemas in it, but no examples, which may look like schemas."""
    if not isinstance(node, dict | list):
        return
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        if key in ("schema", "items", "not"):
            yield value
        elif key in ("schemas", "properties"):
            yield from value.values()
        elif key in ("oneOf", "anyOf", "allOf"):
            yield from value
        if key not in ("example", "examples"):
            yield from iterate_schemas(value)


def test_schemas_have_what_generators_of_clients_need() -> None:
    schemas = list(iterate_schemas(DOCUMENT))
    assert len(schemas) > 400
    for schema in schemas:
        assert isinstance(schema, dict), "a boolean schema stops generators"
        if schema.get("type") in ("integer", "number"):
            assert schema["format"] in ("int64", "decimal"), schema
            # A bound that no 64-bit number holds does not compile in typed languages.
            assert all(abs(schema.get(bound, 0)) < 2**31 for bound in ("minimum", "maximum")), schema
            assert not schema.keys() & {"exclusiveMinimum", "exclusiveMaximum"}, schema
        if schema.keys() & {"enum", "const"}:
            assert "type" in schema, schema
        assert not isinstance(schema.get("type"), list), schema
        assert not schema.keys() & {"prefixItems", "if", "patternProperties", "unevaluatedProperties"}, schema


def test_optional_parameters_have_no_examples_that_swagger_ui_would_send() -> None:
    for _, _, operation in OPERATIONS:
        for parameter in operation.get("parameters", ()):
            if not parameter.get("required"):
                assert not parameter.keys() & {"example", "examples"}, parameter
                assert not parameter["schema"].keys() & {"example", "examples"}, parameter


@pytest.mark.parametrize("entity_type", ["INDIVIDUAL", "ORGANIZATION"])
def test_full_and_minimal_customers_conform_to_the_schema(entity_type: str) -> None:
    minimal = individual() if entity_type == "INDIVIDUAL" else organization()
    for customer in (minimal, make_full_customer(entity_type)):
        assert list(validator("Batch").iter_errors({"customers": [customer]})) == []


def test_field_of_the_other_type_does_not_conform_to_the_schema() -> None:
    assert list(validator("Batch").iter_errors({"customers": [individual(lei="x")]}))


OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=lambda value: str(value)[:60])
def test_examples_conform_to_their_schemas(path: str, method: str, operation: dict[str, Any]) -> None:
    described = [operation["requestBody"]] if "requestBody" in operation else []
    for item in (*described, *operation["responses"].values()):
        for content in item.get("content", {}).values():
            examples = [example["value"] for example in content.get("examples", {}).values()] or [content["example"]]
            for example in examples:
                assert list(build_validator(content["schema"]).iter_errors(example)) == [], (path, method)


def test_every_operation_is_documented() -> None:
    assert len({operation["operationId"] for _, _, operation in OPERATIONS}) == len(OPERATIONS) == 25
    for path, _, operation in OPERATIONS:
        assert operation["summary"]
        assert operation["tags"]
        documented = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "path"}
        assert documented == set(re.findall(r"{(.*?)}", path))
        for name, response in operation["responses"].items():
            assert response["description"]
            headers = response.get("headers", {})
            assert ("WWW-Authenticate" in headers) is (name == "401")
            # The state of a load tells when to ask again.
            assert ("Retry-After" in headers) is (
                name in ("409", "429", "503") or (operation["operationId"], name) == ("load", "200")
            )


def test_every_path_can_be_too_long(api: Api) -> None:
    for path, method, operation in OPERATIONS:
        response = api.http.request(method, path.replace("{", "").replace("}", "") + "?x=" + "x" * 2_048)
        assert str(response.status_code) == "414"
        assert "414" in operation["responses"]
        assert list(validator("Error").iter_errors(response.json())) == []


def test_responses_conform_to_the_schemas(api: Api) -> None:
    invalid = [case.customer for case in CASES + EXTRA_CASES]  # a customer for each error
    body = json.dumps({"customers": [individual(), {}, individual(unknown=1), *invalid]}).encode()
    for path in (SAVE, f"{SAVE}?detail=full"):
        assert list(validator("Results").iter_errors(api.send(body, path).json())) == []
    for problem in (api.send(b""), api.send(body, Authorization="")):
        assert list(validator("Error").iter_errors(problem.json())) == []


def test_records_of_a_saved_batch_conform_to_the_schemas(api: Api) -> None:
    customer = individual()
    saved = api.send(json.dumps({"customers": [customer, {}]}).encode())
    batch = f"/api/v1/batches/{saved.headers['Muster-Batch-Id']}"
    admin = {"Authorization": f"Bearer {api.user(Role.ADMIN)}"}
    for path, name in (
        ("/api/v1/batches", "BatchPage"),
        (batch, "SavedBatch"),
        (f"{batch}/results", "ResultPage"),
        ("/api/v1/rejections", "RejectionPage"),
        ("/api/v1/reports/rejections", "RejectionReport"),
        (f"/api/v1/communications/{customer['communicationNumber']}", "Communication"),
        (f"/api/v1/customers/{customer['customerExtId']}", "CustomerVersion"),
        (f"/api/v1/customers/{customer['customerExtId']}/history", "CustomerHistory"),
        (f"/api/v1/customers/{customer['customerExtId']}/history?changes=values", "CustomerHistory"),
    ):
        response = api.http.get(path, headers=admin)
        assert response.status_code == 200, path
        assert list(validator(name).iter_errors(response.json())) == [], path


def make_shallow_document() -> dict[str, Any]:
    """The document with customers of any fields: those of the fields have 3,700 boundaries, which `make fuzz` tests."""
    shallow = copy.deepcopy(DOCUMENT)
    shallow["components"]["schemas"]["Batch"]["properties"]["customers"]["items"] = {"type": "object"}
    return shallow


def test_every_response_conforms_to_the_document(sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(make_shallow_document()))
    options = ("--phases", "examples,coverage,fuzzing", "--max-examples", "3", "--generation-deterministic")
    with serving(sqlite_url) as api:
        failures = openapi.check(str(path), api.user(Role.ADMIN), "--url", f"http://127.0.0.1:{api.port}", *options)
    assert failures is None, failures
