"""Pages of the console in Chromium, and what Chromium says of them."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from playwright.sync_api import Browser, BrowserContext, Page

from muster.auth.sessions import SessionService
from muster.sample_data import SampleUsers
from tests.serving import Api

WIDE: Final = 1200
ZOOMED: Final = 640  # of 1280 at 200 %, WCAG 1.4.4
NARROW: Final = 320  # CSS pixels, WCAG 1.4.10: also a page of 1280 at 400 %
Scheme = Literal["light", "dark"]


@dataclass
class SampleConsole:
    """Opens pages of a running service, and collects what the browser prints, refuses or asks others for."""

    browser: Browser
    api: Api
    users: SampleUsers
    complaints: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    @property
    def url(self) -> str:
        return str(self.api.http.base_url).rstrip("/")

    def open(
        self, user: str | None = None, *, scheme: Scheme = "light", width: int = WIDE, scripts: bool = True
    ) -> Page:
        """A new browser, signed in as this user; on the overview, or on the form that signs in."""
        context = self.browser.new_context(
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
            base_url=self.url,
        )
        self._contexts.append(context)
        if user is not None:
            context.add_cookies([{"name": "muster-session", "value": self._start_session(user), "url": self.url}])
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._record_request)
        page.goto("/console/")
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _start_session(self, name: str) -> str:
        user = self.api.store.users.user(name)
        assert user is not None
        return SessionService(self.api.store.sessions).start(user, "Chromium")

    def _record_request(self, request: Any) -> None:
        if not request.url.startswith(self.url):
            self.foreign_requests.append(request.url)


def upload_file(page: Page, content: bytes, name: str = "export.csv") -> None:
    """Loads a file by the form, as far as the page of its upload."""
    page.goto("/console/load-file")
    page.set_input_files("#file", {"name": name, "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/console/load-file/*")
