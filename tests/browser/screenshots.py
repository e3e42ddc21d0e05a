"""Writes the pictures of the console's documentation: `make screenshots`.

They show the demo's data, so they change from day to day. Each one is what a screen of 1200 by 800 pixels shows.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import Page

from muster.sample_data import add_sample_data
from muster.storage import open_storage
from tests.browser.console import SampleConsole, Scheme, upload_file
from tests.chromium import launch_chromium
from tests.serving import serving

DIRECTORY: Final = Path("docs/console")
MAX_BYTES: Final = 150_000
_SIZE: Final = (1200, 800)
_CUSTOMER: Final = "/console/customers/SAMPLE-PEP-REVIEW?unit=MAIN"
_FILE: Final = """\
Customer no;First name;Surname;Born;Citizenship;Taken on;Branch
SAMPLE-F001;Jonas;Pavyzdys;03.12.1971;Lietuva;26.05.2024;Kaunas
SAMPLE-F002;Ona;Pavyzdienė;31.01.1990;Latvija;27.05.2024;Rīga
SAMPLE-F003;Anna;Paraugs;17.08.1984;Latvija;27.05.2024;Rīga
"""


@contextmanager
def open_console() -> Iterator[SampleConsole]:
    with TemporaryDirectory(prefix="muster-screenshots-") as directory, launch_chromium() as browser:
        url = f"sqlite:///{directory}/muster.db"
        store = open_storage(url)
        store.upgrade()
        users = add_sample_data(store, datetime.now(UTC).date())
        store.close()
        with serving(url) as api:
            yield SampleConsole(browser, api, users)


def take_all(console: SampleConsole) -> Iterator[Path]:
    """The files, each after it was written."""
    users = console.users
    for scheme in ("light", "dark"):
        yield take(open_page(console, users.compliance, "/console/", scheme), f"overview-{scheme}")
    yield take(open_page(console, users.compliance, "/console/refused#filter-title"), "refused")
    yield take(open_page(console, users.compliance, _CUSTOMER), "customer")
    yield take(open_page(console, users.compliance, _CUSTOMER.replace("?", "/versions?")), "versions")
    page = open_page(console, users.admin, "/console/loads?state=completed&dryRun=false")
    page.locator("td a[href^='/console/loads/']").first.click()
    yield take(page, "load")
    yield take(open_page(console, users.admin, "/console/code-lists/relationType"), "code-list")
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    yield take(open_page(console, users.auditor, f"/console/audit?until={yesterday}"), "audit")
    page = open_page(console, users.operator, "/console/load-file")
    upload_file(page, _FILE.encode(), "branch-customers.csv")
    yield take(page, "mapping")


def open_page(console: SampleConsole, user: str, path: str, scheme: Scheme = "light") -> Page:
    page = console.open(user, scheme=scheme, width=_SIZE[0])
    page.set_viewport_size({"width": _SIZE[0], "height": _SIZE[1]})
    page.goto(path)
    return page


def take(page: Page, name: str) -> Path:
    path = DIRECTORY / f"{name}.png"
    page.screenshot(path=path, animations="disabled", caret="hide")
    return path


def main() -> int:
    with open_console() as console:
        files = list(take_all(console))
        console.close()
    for file in files:
        sys.stdout.write(f"{file}: {file.stat().st_size:,} bytes\n")
    too_large = [file for file in files if file.stat().st_size > MAX_BYTES]
    if too_large:
        sys.stderr.write(f"larger than {MAX_BYTES:,} bytes: {', '.join(map(str, too_large))}\n")
    return len(too_large)


if __name__ == "__main__":
    raise SystemExit(main())
