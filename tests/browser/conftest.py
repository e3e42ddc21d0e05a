"""The console with the demo's data, in a real Chromium that tells of everything that it did not like."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from muster.sample_data import add_sample_data
from muster.storage import open_storage
from tests.browser.console import SampleConsole
from tests.serving import serving


@pytest.fixture(scope="session")
def sample_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A service with a part of the demo's data; its users have the password `PASSWORD`."""
    file: Path = tmp_path_factory.mktemp("browser") / "muster.db"
    url = f"sqlite:///{file}"
    store = open_storage(url)
    store.upgrade()
    users = add_sample_data(store, datetime.now(UTC).date(), size=0.25)
    store.close()
    with serving(url) as api:
        yield api, users


@pytest.fixture
def console(chromium: Browser, sample_service: Any) -> Iterator[SampleConsole]:
    """Opens pages. At its end nothing foreign was asked for, and the browser has not complained."""
    api, users = sample_service
    console = SampleConsole(chromium, api, users)
    yield console
    console.close()
    assert console.complaints == []
    assert console.foreign_requests == []
