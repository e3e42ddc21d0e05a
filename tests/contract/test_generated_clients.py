"""Clients that common generators make of the OpenAPI document call the service."""

import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from muster.auth.users import Role
from muster.customer.examples import make_full_customer
from muster.web.openapi import document
from tests.samples import individual, organization
from tests.serving import Api

BUILD = Path(__file__).parents[2] / "build"
PYTHON_GENERATOR = BUILD / "openapi-python-client" / "bin" / "openapi-python-client"
TYPESCRIPT = BUILD / "openapi-typescript"
TYPESCRIPT_PACKAGES = ("openapi-typescript@7.13.0", "typescript@5.9.3")
# Where the registry is out of reach, npm tries for minutes by default.
NPM_PATIENCE = ("--fetch-retries=0", "--fetch-timeout=10000")

# What a client reads does not depend on the database.
on_sqlite = pytest.mark.parametrize("shared_database_url", ["sqlite"], indirect=True, scope="module")

PROGRAM = """\
import type { components, operations } from "./schema";

type Batch = operations["batchCustomers"]["requestBody"]["content"]["application/json"];
type Results = operations["batchCustomers"]["responses"]["200"]["content"]["application/json"];

export const batch: Batch = { customers: [CUSTOMERS] };

export function explain(results: Results): string[] {
  return results.results.map((result) =>
    result.resultType === "REQUEST_REJECTED" ? `${result.errorCode}: ${result.errorDescription}` : "accepted",
  );
}

export const expected = (result: components["schemas"]["RejectedResult"]) => result.errors?.map((e) => e.expected);
"""


def run(*command: str | Path) -> None:
    """Runs a command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(name="python", scope="module")
def _python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Imports a module of the client that openapi-python-client generates."""
    assert PYTHON_GENERATOR.exists(), "`make test` installs openapi-python-client"
    directory = tmp_path_factory.mktemp("python-client")
    source, config = directory / "openapi.json", directory / "config.yml"
    source.write_bytes(document())
    # Formatting the code takes longer than generating it. The generator knows JSON and text by itself.
    config.write_text("post_hooks: []\ncontent_type_overrides:\n  application/x-ndjson: text/plain\n")
    options: list[str | Path] = ["--path", source, "--config", config, "--output-path", directory / "generated_client"]
    run(PYTHON_GENERATOR, "generate", *options, "--meta", "none", "--fail-on-warning")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(directory)
        yield lambda name: importlib.import_module(f"generated_client.{name}")
    for name in [name for name in sys.modules if name.startswith("generated_client")]:
        del sys.modules[name]


@contextmanager
def connect(python: Any, api: Api, token: str) -> Iterator[Any]:
    client = python("client").AuthenticatedClient(base_url=str(api.http.base_url), token=token, verify_ssl=False)
    with client:
        yield client


@on_sqlite
def test_generated_python_client_validates_saves_and_reads(python: Any, shared_api: Api) -> None:
    models = python("models")
    customers = [individual(isPEP=True), organization(numberOfEmployees=25), individual(applicationDate="x")]
    batch = models.Batch.from_dict({"customers": customers})
    with connect(python, shared_api, shared_api.user(Role.ADMIN)) as client:
        validated = python("api.batches.validate_batch_customers").sync(client=client, body=batch)
        types = [type(result) for result in validated.results]
        assert types == [models.AcceptedResult, models.AcceptedResult, models.RejectedResult]

        detail = models.BatchCustomersDetail.FULL
        saved = python("api.batches.batch_customers").sync_detailed(client=client, body=batch, detail=detail)
        rejected = saved.parsed.results[2]
        assert (rejected.error_code, rejected.errors[0].pointer) == ("C012", "/customers/2/applicationDate")
        assert rejected.errors[0].expected.startswith("a date YYYY-MM-DD")

        batch_id = UUID(saved.headers["Muster-Batch-Id"])
        page = python("api.records.batch_results").sync(batch_id, client=client)
        sent = [customer["communicationNumber"] for customer in customers]
        assert [result.communication_number for result in page.results] == sent

        version = python("api.records.customer").sync(customers[0]["customerExtId"], client=client)
        assert (version.version, version.document.first_name, version.document.is_pep) == (1, "Tomas", True)


@on_sqlite
def test_generated_python_client_reads_an_error(python: Any, shared_api: Api) -> None:
    batch = python("models").Batch.from_dict({"customers": []})
    with connect(python, shared_api, "wrong") as client:
        refused = python("api.batches.validate_batch_customers").sync_detailed(client=client, body=batch)
    assert (refused.status_code, refused.parsed.status, refused.parsed.error) == (401, 401, "Unauthorized")


@on_sqlite
def test_generated_python_client_sends_a_customer_with_every_field(python: Any, shared_api: Api) -> None:
    customers = [make_full_customer("INDIVIDUAL"), make_full_customer("ORGANIZATION")]
    batch = python("models").Batch.from_dict({"customers": customers})
    assert batch.to_dict() == {"customers": customers}
    with connect(python, shared_api, shared_api.token) as client:
        validated = python("api.batches.validate_batch_customers").sync(client=client, body=batch)
    assert [result.business_unit for result in validated.results] == ["MAIN", "MAIN"]


@pytest.fixture(name="typescript", scope="module")
def _typescript() -> Path:
    """The directory of the installed commands of openapi-typescript and TypeScript."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs node and npm")
    commands = TYPESCRIPT / "node_modules" / ".bin"
    if not (commands / "openapi-typescript").exists():
        install = (
            npm,
            "install",
            "--prefix",
            TYPESCRIPT,
            "--no-audit",
            "--no-fund",
            *NPM_PATIENCE,
            *TYPESCRIPT_PACKAGES,
        )
        if subprocess.run(install, capture_output=True, timeout=200, check=False).returncode != 0:
            pytest.skip(f"npm cannot install {' and '.join(TYPESCRIPT_PACKAGES)}")
    return commands


def test_generated_typescript_types_fit_requests_and_responses(typescript: Path, tmp_path: Path) -> None:
    source, program = tmp_path / "openapi.json", tmp_path / "program.ts"
    source.write_bytes(document())
    customers = [individual(isPEP=True), organization(numberOfEmployees=25), make_full_customer("INDIVIDUAL")]
    program.write_text(PROGRAM.replace("CUSTOMERS", json.dumps(customers).strip("[]")))
    run(typescript / "openapi-typescript", source, "--output", tmp_path / "schema.ts")
    run(typescript / "tsc", "--strict", "--noEmit", "--skipLibCheck", program)
