"""Uploads of files in the console, and the forms that follow."""

import csv
import io
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from muster.loads.load_store import Load
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.pages import ConsolePage, PageForm

PATH = "/console/load-file"
HEADER = ("CUST_NO", "Vardas", "Pavardė", "Gimimo data", "Pilietybė", "Taken on", "Colour")
ROWS = (
    ("c-1", "Jonas", "Šimkus", "03.12.2001", "Lietuva", "2024-05-26", "red"),
    ("c-2", "Ona", "Žukaitė", "31.01.1990", "Latvija", "2024-05-27", "blue"),
    ("c-3", "Ona", "Ona", "32.01.1990", "Marsas", "2024-05-27", "blue"),
)

CUSTOMER = {"communicationNumber": "n-1", "customerExtId": "x", "entityType": "INDIVIDUAL", "firstName": "Jonas"}


def get_id(path: str) -> UUID:
    return UUID(path.rpartition("/")[2])


def get_load(console: ConsoleBrowser, path: str) -> Load:
    load = console.store.loads.get(get_id(path))
    assert load is not None
    return load


def to_csv(rows: Sequence[Sequence[str]] = ROWS, header: Sequence[str] = HEADER, encoding: str = "utf-8") -> bytes:
    output = io.StringIO()
    csv.writer(output, delimiter=";").writerows([header, *rows])
    return output.getvalue().encode(encoding)


def send_file(console: ConsoleBrowser, content: bytes, name: str = "export.csv", **headers: str) -> ConsolePage:
    sent = {"Sec-Fetch-Site": "same-origin", **headers}
    files = {"file": (name, content, "application/octet-stream")}
    return ConsolePage(console.http.post(PATH, files=files, headers=sent, follow_redirects=False))


def send_body(console: ConsoleBrowser, body: Any, content_type: str) -> ConsolePage:
    """Sends a body as it is; an iterator is sent in chunks."""
    headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": content_type}
    return ConsolePage(console.http.post(PATH, content=body, headers=headers, follow_redirects=False))


def upload(console: ConsoleBrowser, content: bytes, name: str = "export.csv") -> str:
    """The path of the page of the upload."""
    sent = send_file(console, content, name)
    assert sent.status == 303, sent.text
    return sent.location


def fill(form: PageForm, **fields: str) -> dict[str, str | Sequence[str]]:
    """What the form would send with these values. The name of a field without a column stands for its value."""
    values: dict[str, str | Sequence[str]] = {name: list(found) for name, found in form.values.items()}
    constants = {found[-1]: name for name, found in form.values.items() if name.startswith("constant-field-")}
    for name, value in fields.items():
        values[constants[name].replace("-field", "") if name in constants else name.replace("_", "-")] = value
    return values


def fill_out(page: ConsolePage, path: str, **fields: str) -> dict[str, str | Sequence[str]]:
    """The form of a file of `HEADER` with all that it needs."""
    needed = {"field_5": "applicationDate", "customerStatus": "ACTIVE", "riskManagementCategory": "IND"}
    return fill(page.form(path), **{**needed, **fields})


def judge(console: ConsoleBrowser, path: str, values: Mapping[str, str | Sequence[str]]) -> ConsolePage:
    """Sends the form, and gives the page of the dry run when it has ended."""
    sent = console.post(path, {**values, "action": "check"})
    assert sent.status == 303, sent.text
    return wait_for_end(console, sent.location)


def wait_for_end(console: ConsoleBrowser, path: str) -> ConsolePage:
    """The page of a load when it has ended."""
    deadline = time.monotonic() + 60
    while True:
        page = console.get(path)
        assert page.status == 200, page.text
        if "Progress" not in page.text:
            return page
        assert time.monotonic() < deadline, page.text
        time.sleep(0.02)
