"""What looks like code opens no dialog in a real browser, and breaks no rule of the content security policy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog

from muster.storage import open_storage
from tests.browser.console import SampleConsole
from tests.chromium import needs_chromium
from tests.serving import Api, serving
from tests.web.console.all_routes import add_sample_records
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.test_injection import CORPUS, add_cells, add_records, walk

pytestmark = needs_chromium
_PAGES_PER_ROUTE = 1


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    url = f"sqlite:///{tmp_path}/muster.db"
    store = open_storage(url)
    store.upgrade()
    store.close()
    with serving(url) as api:
        yield api


def test_no_page_runs_what_a_value_says(chromium: Browser, api: Api) -> None:
    client = ConsoleBrowser(api.http, api.store, Path(), "muster-session", "127.0.0.1")
    sender = add_sample_records(client).sender
    for number, value in enumerate(CORPUS):
        add_records(client, sender, f"hostile-{number}", value)
    add_cells(client, sender, *CORPUS)
    pages = walk(client, "hostile", "Colour", *CORPUS, pages_per_route=_PAGES_PER_ROUTE)
    paths = [page.response.request.url.raw_path.decode() for page in pages]

    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    console = SampleConsole(chromium, api, None)  # type: ignore[arg-type]
    page = console.open()
    page.on("dialog", dismiss)
    secret = client.http.cookies["muster-session"]
    page.context.add_cookies([{"name": "muster-session", "value": secret, "url": console.url}])
    for path in paths:
        page.goto(path)
    console.close()
    assert len(paths) > 20
    assert dialogs == []
    assert console.complaints == []
    assert console.foreign_requests == []
