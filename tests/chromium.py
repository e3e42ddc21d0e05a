"""Chromium, as Debian installs it, driven by playwright. Its headless shell takes a third less CPU to open a page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

_PROGRAMS: Final = ("chromium-headless-shell", "chromium", "google-chrome", "chromium-browser")
CHROMIUM: Final = next(filter(None, map(shutil.which, _PROGRAMS)), None)
needs_chromium: Final = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium: apt-get install chromium-headless-shell"
)

# Without them, Chromium looks for updates and more at each start, which a machine without internet refuses.
_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def launch_chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS))
        yield browser
        browser.close()
