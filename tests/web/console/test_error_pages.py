"""Pages for requests that end with an error of the database, or with an internal one."""

from uuid import UUID

import pytest

from muster.auth.sessions import SessionService
from muster.intake.customer_store import LostCommitError
from muster.storage.errors import LostAnswerError, StorageError, StorageUnavailableError
from muster.web.console.error_pages import build_error_page
from tests.web.console.conftest import ConsoleBrowser


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (StorageUnavailableError("database is locked"), 503, "nothing was changed. Try again in a minute"),
        (LostAnswerError(), 500, "may have been done or not"),
        (LostCommitError(UUID(int=7)), 500, "may have been done or not"),
        (StorageError("secret"), 500, "Something failed inside the service, and nothing was changed"),
        (ValueError("secret"), 500, "Something failed inside the service, and nothing was changed"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failure_says_whether_something_changed_and_what_to_do(error: Exception, status: int, words: str) -> None:
    response = build_error_page(error, None)
    page = response.content.decode()
    assert response.status_code == status
    assert words in page
    assert "secret" not in page
    assert "locked" not in page


def test_a_page_says_that_the_database_is_unavailable(console: ConsoleBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StorageUnavailableError("database is locked")

    console.sign_in()
    monkeypatch.setattr(SessionService, "find", fail)
    page = console.get("/console/batches")
    assert page.status == 503
    assert "The database does not answer, or is busy" in page.text
    assert page.response.headers["retry-after"] == "5"
    assert page.response.headers["cache-control"] == "no-store"
