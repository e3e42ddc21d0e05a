"""Uploads in the console: of any size, in parts, and those that do not come whole."""

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from litestar.testing import TestClient

from muster.auth.users import Role
from muster.bootstrap import make_service
from muster.loads.load_store import MAX_PART_BYTES
from muster.settings import Settings
from muster.storage import open_storage
from tests.storage.samples import fetch
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.files.test_file_form import CONTENT_TYPE, FILE_HEADER, FORM
from tests.web.console.uploads import send_body, send_file

MAX_BYTES = 2 * MAX_PART_BYTES + 1000


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleBrowser]:
    """A service that takes files of two parts and a bit."""
    file: Path = tmp_path_factory.mktemp("uploads") / "muster.db"
    settings = Settings(database=f"sqlite:///{file}", max_load_bytes=MAX_BYTES)
    store = open_storage(settings.database)
    store.upgrade()
    with TestClient(make_service(settings, open_storage(settings.database)), base_url="https://console.test") as http:
        yield ConsoleBrowser(http, store, file)
    store.close()


@pytest.fixture
def sender(console: ConsoleBrowser) -> ConsoleBrowser:
    console.sign_in(Role.SUBMIT)
    return console


def count_parts(console: ConsoleBrowser) -> int:
    return len(fetch(console.store, "SELECT number FROM load_parts"))


def test_a_large_file_is_stored_in_parts_as_it_was_sent(sender: ConsoleBrowser) -> None:
    content = random.Random(1).randbytes(MAX_BYTES)
    load_id = UUID(send_file(sender, content).location.rpartition("/")[2])
    parts = sender.store.loads.parts(load_id)
    assert [part.size for part in parts] == [MAX_PART_BYTES, MAX_PART_BYTES, 1000]
    stored = hashlib.sha256(b"".join(sender.store.loads.read_part(load_id, part.number) or b"" for part in parts))
    assert stored.digest() == hashlib.sha256(content).digest()
    sender.store.loads.cancel(load_id)


def test_a_file_that_is_too_large_leaves_nothing(sender: ConsoleBrowser) -> None:
    before = count_parts(sender)

    def send_in_chunks() -> Iterator[bytes]:
        yield b"------x\r\n" + FILE_HEADER
        for _ in range(3):
            yield bytes(MAX_PART_BYTES)
        yield b"\r\n------x--\r\n"

    page = send_body(sender, send_in_chunks(), CONTENT_TYPE)
    assert (page.status, f"{MAX_BYTES} bytes" in page.text) == (413, True)
    assert send_file(sender, bytes(MAX_BYTES + 20_000)).status == 413
    assert count_parts(sender) == before


@pytest.mark.parametrize("size", [len(FORM) - 5, 40])
def test_an_upload_that_breaks_off_leaves_nothing(sender: ConsoleBrowser, size: int) -> None:
    before = count_parts(sender)
    body = (FORM[:40] + FORM[40:].replace(b"a;b", bytes(MAX_PART_BYTES + 1)))[: size - len(FORM) or None]
    page = send_body(sender, body, CONTENT_TYPE)
    assert (page.status, "can't be read" in page.text) == (400, True)
    assert count_parts(sender) == before


@pytest.mark.parametrize("name", ["", "empty.csv"])
def test_an_empty_file_or_none_is_told_at_the_field(sender: ConsoleBrowser, name: str) -> None:
    body = FORM.replace(b"a.csv", name.encode()).partition(b"a;b")[0] + b"\r\n------x--\r\n"
    page = send_body(sender, body, CONTENT_TYPE)
    assert (page.status, "Choose a file that is not empty" in page.text) == (200, True)


def test_an_upload_of_another_origin_is_refused_and_leaves_nothing(sender: ConsoleBrowser) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Content-Type": CONTENT_TYPE}
    response = sender.http.post("/console/load-file", content=FORM, headers=headers)
    assert response.status_code == 403
    assert count_parts(sender) == 0


def test_a_form_that_is_no_upload_is_refused(sender: ConsoleBrowser) -> None:
    assert send_body(sender, b"file=a", "application/x-www-form-urlencoded").status == 415
    assert send_body(sender, FORM, CONTENT_TYPE.replace("x", "y")).status == 400
