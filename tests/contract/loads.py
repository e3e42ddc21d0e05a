"""A client of loads, and files for them."""

import base64
import csv
import hashlib
import io
import time
from collections.abc import Callable
from typing import Any

import httpx

from tests.samples import individual
from tests.serving import Api

LOADS = "/api/v1/loads"
FINAL = ("completed", "failed", "cancelled")


def make_csv(count: int, *, start: int = 0, **changes: str) -> bytes:
    """Customers with the mandatory fields; `changes` are the columns of the last one."""
    customers = [flatten(individual()) for _ in range(count)]
    for number, customer in enumerate(customers, start):
        customer["communicationNumber"], customer["customerExtId"] = f"n-{number}", f"c-{number}"
    customers[-1] |= changes
    output = io.StringIO()
    writer = csv.DictWriter(output, fieldnames=list(customers[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(customers)
    return output.getvalue().encode()


def flatten(customer: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in customer.items() if isinstance(value, str)}


def digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def wait_for_deleted_parts(api: Api) -> None:
    """A load ends in one transaction, and its parts are deleted in others after it."""
    deadline = time.monotonic() + 60
    while api.sql("SELECT count(*) FROM load_parts")[0][0]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Loads:
    """A client of loads."""

    def __init__(self, api: Api, token: str | None = None) -> None:
        self.http = api.http
        self.headers = {"Authorization": f"Bearer {token or api.token}"}

    def request(self, method: str, path: str = "", **given: Any) -> httpx.Response:
        headers = self.headers | given.pop("headers", {})
        return self.http.request(method, f"{LOADS}{path}", headers=headers, **given)

    def create(self, **body: Any) -> dict[str, Any]:
        response = self.request("POST", json={"name": "customers.csv", **body})
        assert response.status_code == 201, response.text
        found: dict[str, Any] = response.json()
        return found

    def put(self, load_id: str, number: int, content: bytes) -> httpx.Response:
        return self.request(
            "PUT", f"/{load_id}/parts/{number}", content=content, headers={"Content-Digest": digest(content)}
        )

    def upload(self, content: bytes, **query: Any) -> dict[str, Any]:
        """The load of this file when it has ended."""
        return self.wait(self.upload_without_waiting(content, **query))

    def upload_without_waiting(self, content: bytes, **query: Any) -> str:
        """The id of the load."""
        response = self.request("POST", params={"start": "true", "name": "customers.csv", **query}, content=content)
        assert response.status_code == 202, response.text
        assert response.headers["Location"] == f"{LOADS}/{response.json()['id']}"
        return str(response.json()["id"])

    def wait(self, load_id: str, until: Callable[[Any], bool] = lambda load: load["state"] in FINAL) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while True:
            try:
                response = self.request("GET", f"/{load_id}")
            except httpx.TransportError:  # the worker was killed
                continue
            load: dict[str, Any] = response.json()
            assert ("Retry-After" in response.headers) is (load["state"] not in FINAL)
            if until(load):
                return load
            assert time.monotonic() < deadline, load
            time.sleep(0.05)
