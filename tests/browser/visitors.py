"""Two people in front of a browser: one has no mouse, the other one has no scripts."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from re import Pattern
from typing import Final

from playwright.sync_api import Download, ElementHandle, FilePayload, Locator, Page, expect

# Tabs from the beginning of a page to the end of its longest table.
MAX_STEPS: Final = 120
Name = str | Pattern[str]


@dataclass(frozen=True)
class Visitor(ABC):
    """Finds everything by its accessible name. `row` is a text in the row of a table that holds what is meant."""

    page: Page

    @abstractmethod
    def navigate(self, role: str, name: Name) -> None:
        """Presses what stands above the content of each page, such as a link of the main navigation."""

    @abstractmethod
    def press(self, role: str, name: Name, row: str = "") -> None:
        """Follows a link, sends a form by a button, or opens what a summary folds up."""

    @abstractmethod
    def enter(self, name: Name, text: str) -> None:
        """Replaces the text of a field. A day has the form YYYY-MM-DD."""

    @abstractmethod
    def tick(self, name: Name) -> None: ...

    @abstractmethod
    def choose_file(self, name: Name, file: FilePayload) -> None: ...

    def see(self, text: Name) -> None:
        """Waits until the page shows this text."""
        expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible()

    def see_heading(self, name: Name) -> None:
        expect(self.page.get_by_role("heading", name=name).first).to_be_visible()

    def download(self, role: str, name: Name) -> bytes:
        """The content of a file."""
        with self.page.expect_download() as download:
            self.press(role, name)
        return read_download(download.value)

    def find(self, role: str, name: Name, row: str = "") -> Locator:
        within: Page | Locator = self.page.get_by_role("row").filter(has_text=row).first if row else self.page
        if role == "summary":
            return within.locator("summary").filter(has_text=name)
        return within.get_by_role(role, name=name)  # type: ignore[arg-type]


class VisitorWithoutScripts(Visitor):
    """Clicks. The browser runs no scripts."""

    def navigate(self, role: str, name: Name) -> None:
        self.find(role, name).first.click()

    def press(self, role: str, name: Name, row: str = "") -> None:
        self.find(role, name, row).first.click()

    def enter(self, name: Name, text: str) -> None:
        self.page.get_by_label(name).first.fill(text)

    def tick(self, name: Name) -> None:
        self.page.get_by_label(name).check()

    def choose_file(self, name: Name, file: FilePayload) -> None:
        self.page.get_by_label(name).set_input_files(file)


class VisitorWithoutMouse(Visitor):
    """Presses keys only, and goes to everything by the key Tab."""

    def navigate(self, role: str, name: Name) -> None:
        self._go_to(self.find(role, name), skips_navigation=False)
        self.page.keyboard.press("Enter")

    def press(self, role: str, name: Name, row: str = "") -> None:
        self._go_to(self.find(role, name, row))
        self.page.keyboard.press("Enter")

    def enter(self, name: Name, text: str) -> None:
        self._go_to(self.page.get_by_label(name))
        if self.page.locator(":focus").get_attribute("type") == "date":
            year, month, day = text.split("-")
            self.page.keyboard.type(month + day + year)
            return
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def tick(self, name: Name) -> None:
        self._go_to(self.find("checkbox", name))
        self.page.keyboard.press("Space")

    def choose_file(self, name: Name, file: FilePayload) -> None:
        # Chromium tells of the dialog only while somebody listens, and hears of the first listener some time later.
        self.page.on("filechooser", lambda chooser: None)
        self._go_to(self.find("button", name))
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Enter")
        chooser.value.set_files(file)

    def _go_to(self, targets: Locator, *, skips_navigation: bool = True) -> None:
        """Presses Tab until the focus is at one of them. Fails when it does not come there."""
        targets.first.wait_for()
        wanted = targets.element_handles()
        if skips_navigation and not self.page.locator(":focus").count():
            self._skip_to_content()
        for _ in range(MAX_STEPS):
            self.page.keyboard.press("Tab")
            if self._is_focused(wanted):
                return
        raise AssertionError(f"the key Tab does not lead to {targets}")

    def _skip_to_content(self) -> None:
        """By the first link of every page."""
        self.page.keyboard.press("Tab")
        if self._is_focused(self.page.get_by_role("link", name="Skip to the content").element_handles()):
            self.page.keyboard.press("Enter")

    def _is_focused(self, elements: Sequence[ElementHandle]) -> bool:
        return bool(self.page.evaluate("elements => elements.includes(document.activeElement)", elements))


def read_download(download: Download) -> bytes:
    return download.path().read_bytes()
