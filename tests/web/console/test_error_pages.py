"""Pages for requests that end with an error of the database, or with an internal one."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from muster.auth.sessions import SessionService
from muster.auth.users import Role
from muster.intake.customer_store import LostCommitError
from muster.storage.errors import LostAnswerError, StorageBusyError, StorageError, StorageUnavailableError
from muster.web.console.error_pages import build_error_page
from tests.web.console.conftest import ConsoleBrowser, run_console


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (StorageUnavailableError("database is locked"), 503, "nothing was changed. Try again in a minute"),
        (StorageBusyError("database is locked"), 503, "<p>Reload the page in a few seconds."),
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


def test_a_page_whose_entry_must_wait_says_that_the_database_is_busy(make_directory: Callable[[], Path]) -> None:
    with run_console(make_directory(), page_lock_timeout=0.1) as console:
        console.sign_in(Role.ADMIN | Role.AUDIT)
        session = console.session
        assert session is not None
        long_ago = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
        console.store.sessions.record_session_use(session.sha256, long_ago)
        with closing(sqlite3.connect(console.database, isolation_level=None)) as other_process:
            other_process.execute("BEGIN IMMEDIATE")
            busy = console.get("/console/audit")
            assert busy.status == 503
            assert busy.response.headers["retry-after"] == "5"
            assert "The database is busy" in busy.text
            assert console.get("/console/help").status == 200  # needs no entry, and notes the session's use later
            [unused] = console.store.sessions.sessions()
            assert unused.last_used_at == long_ago
            other_process.execute("ROLLBACK")
        assert console.get("/console/audit").status == 200
        [used] = console.store.sessions.sessions()
        assert used.last_used_at > long_ago
