"""Batches and loads in the console's service, as users have sent them."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from muster.auth.tokens import generate_token
from muster.auth.users import Role, Token, User
from muster.intake.checkpoint import CodeCount, Totals
from muster.intake.service import generate_batch_id
from muster.loads.load_store import FINAL_STATES, Load, LoadOptions, LoadState, NewLoad, RefusedChunk
from muster.loads.refused_rows import RefusedRow, pack_refused_rows
from muster.loads.rows import Layout
from tests.samples import individual
from tests.web.console.conftest import ConsoleBrowser

INJECTION = "<script>alert('x')</script>\"&\u202e"
MINUTE = timedelta(minutes=1)


def add_sender(console: ConsoleBrowser, *units: str, name: str | None = None) -> User:
    """A user who sends batches and files, with a token, and without a session."""
    user = User(name or f"sender-{uuid4().hex[:8]}", Role.SUBMIT, units)
    console.store.users.add_user(user)
    return user


def send_batch(console: ConsoleBrowser, sender: User, *customers: Mapping[str, Any], query: str = "") -> UUID:
    """The id of the saved batch."""
    body = json.dumps({"customers": customers}).encode()
    headers = {**_log_in(console, sender), "Content-Type": "application/json"}
    response = console.http.post(f"/amlyze-ws-rest/batch-customers{query}", content=body, headers=headers)
    assert response.status_code == 200, response.text
    return UUID(response.headers["Muster-Batch-Id"])


def refused(**changes: Any) -> dict[str, Any]:
    """A customer without its date, which is C012."""
    return individual(applicationDate=None, **changes)


def send_file(console: ConsoleBrowser, sender: User, content: bytes, name: str = "a.csv", **query: str) -> Load:
    """The load of a file when it has ended."""
    response = console.http.post(
        "/api/v1/loads",
        params={"start": "true", "name": name, **query},
        content=content,
        headers=_log_in(console, sender),
    )
    assert response.status_code == 202, response.text
    deadline = time.monotonic() + 60
    while True:
        load = console.store.loads.get(UUID(response.json()["id"]))
        assert load is not None
        if load.state in FINAL_STATES:
            return load
        assert time.monotonic() < deadline
        time.sleep(0.01)


def add_load(
    console: ConsoleBrowser, sender: str, name: str = "a.csv", *, rows: tuple[RefusedRow, ...] = (), ended: bool = True
) -> UUID:
    """A dry run of a file that refused these rows, as its worker has recorded it: it still runs unless it has ended."""
    loads, lease = console.store.loads, uuid4()
    load_id = create_load(console, sender, name)
    assert loads.lease(load_id, lease, MINUTE)
    loads.describe(load_id, lease, layout=Layout("csv", ("name", "town")), bytes_read=1_000)
    counts = tuple(CodeCount(row.codes[0], 1, row.errors[0], row.number, f"A{row.number}") for row in rows)
    totals = Totals(rows=20, accepted=20 - len(rows), refused=len(rows), codes=counts)
    chunk = RefusedChunk(1, pack_refused_rows(rows)) if rows else None
    loads.save_dry_checkpoint(load_id, lease, totals, chunk)
    if ended:
        loads.finish(load_id, lease, LoadState.COMPLETED, content_sha256=bytes(32))
    return load_id


def create_load(console: ConsoleBrowser, sender: str, name: str) -> UUID:
    """A dry run whose file has not come yet."""
    load_id, now = generate_batch_id(datetime.now(UTC)), datetime.now(UTC)
    console.store.loads.create(NewLoad(load_id, now, sender, (), name, LoadOptions(dry_run=True), b"", size=2_000))
    return load_id


def _log_in(console: ConsoleBrowser, user: User) -> dict[str, str]:
    token, sha256, token_id = generate_token()
    console.store.users.add_token(Token(token_id, user.name, sha256, datetime.now(UTC)))
    return {"Authorization": f"Bearer {token}"}
