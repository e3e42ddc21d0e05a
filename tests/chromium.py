"""Chromium, as Debian installs it, driven by playwright. Its headless shell takes a third less CPU to open a page."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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


@contextmanager
def start_chromium() -> Iterator[Callable[[], AbstractContextManager[Browser]]]:
    """One Chromium for all modules of a test process: each start takes 1.3 s of CPU. A module uses it in a context.

    Between its calls, playwright leaves its event loop as the running one of this thread, where `asyncio.run` of other
    tests would fail. So the loop is the running one within these contexts only.
    """
    with launch_chromium() as browser:
        loop = asyncio.get_running_loop()

        @contextmanager
        def use_chromium() -> Iterator[Browser]:
            asyncio._set_running_loop(loop)
            try:
                yield browser
            finally:
                asyncio._set_running_loop(None)

        asyncio._set_running_loop(None)
        yield use_chromium
        asyncio._set_running_loop(loop)
