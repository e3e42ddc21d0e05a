"""Swagger UI in a real browser: what a newcomer does first works."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Request

from muster.auth.users import Role
from tests.chromium import needs_chromium
from tests.serving import SAVE, VALIDATE, Api

pytestmark = [
    needs_chromium,
    # What the page sends does not depend on the database.
    pytest.mark.parametrize("shared_database_url", ["sqlite"], indirect=True, scope="module"),
]


class SwaggerPage:
    """The page of Swagger UI, with the credentials of a user."""

    def __init__(self, page: Page, api: Api, token: str) -> None:
        self.page = page
        self.requests: list[Request] = []
        self.console: list[str] = []
        page.on("request", lambda request: self.requests.append(request))
        page.on("console", lambda message: self.console.append(message.text))
        page.goto(f"{api.http.base_url}/swagger-ui/")
        page.get_by_role("button", name="Authorize").first.click()
        dialog = page.locator(".modal-ux")
        dialog.locator("input").last.fill(token)
        dialog.get_by_role("button", name="Apply credentials").last.click()
        dialog.get_by_role("button", name="Close").last.click()

    def open(self, operation: str) -> Locator:
        """Opens an operation and presses "Try it out"."""
        found = self.page.locator(f"[id$=-{operation}]")
        found.locator(".opblock-summary-control").click()
        found.get_by_role("button", name="Try it out").click()
        return found

    def execute(self, operation: Locator) -> tuple[Request, Any]:
        """Presses "Execute"; gives the request and the JSON of the response that the page shows."""
        with self.page.expect_response(lambda response: "/v2/" not in response.url) as response:
            operation.get_by_role("button", name="Execute").click()
        operation.locator(".live-responses-table .response-col_status").first.wait_for()
        return response.value.request, response.value.json()


@pytest.fixture(name="swagger", scope="module")
def _swagger(chromium: Browser, shared_api: Api) -> Iterator[SwaggerPage]:
    """One page for all tests, which open operations that no other test opens: loading it takes 3 seconds of CPU."""
    page = chromium.new_page()
    yield SwaggerPage(page, shared_api, shared_api.user(Role.ADMIN))
    page.close()


def test_first_execute_accepts_both_customers_and_so_does_the_next(swagger: SwaggerPage) -> None:
    for path, operation, times in ((VALIDATE, "validateBatchCustomers", 1), (SAVE, "batchCustomers", 2)):
        opened = swagger.open(operation)
        for _ in range(times):
            request, answer = swagger.execute(opened)
            assert request.url.endswith(path), "no query parameter is sent unasked"
            assert "idempotency-key" not in request.headers
            assert [result["resultType"] for result in answer["results"]] == ["REQUEST_ACCEPTED"] * 2
            shown = opened.locator(".curl-command").inner_text()
            for customer in json.loads(request.post_data or "")["customers"]:
                assert customer["communicationNumber"] in shown


def test_first_page_of_a_list_is_the_first(swagger: SwaggerPage) -> None:
    request, _ = swagger.execute(swagger.open("batches"))
    assert "cursor" not in request.url


def test_page_breaks_no_policy_and_loads_nothing_from_elsewhere(swagger: SwaggerPage, shared_api: Api) -> None:
    swagger.execute(swagger.open("live"))
    origin = str(shared_api.http.base_url).rstrip("/")
    assert [request.url for request in swagger.requests if not request.url.startswith((origin, "data:"))] == []
    assert [text for text in swagger.console if "Content Security Policy" in text] == []
