"""Two people in front of a browser: one has no mouse, the other one has no scripts."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from re import Pattern
from typing import Final

from playwright.sync_api import Download, FilePayload, Locator, Page, expect

# Tabs from the beginning of a page to the end of its longest table.
MAX_STEPS: Final = 120
_NAME: Final = re.compile('"(.*)"')
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


class VisitorWithoutScripts(Visitor):
    """Clicks. The browser runs no scripts."""

    def navigate(self, role: str, name: Name) -> None:
        self._find(role, name, "").click()

    def press(self, role: str, name: Name, row: str = "") -> None:
        self._find(role, name, row).click()

    def enter(self, name: Name, text: str) -> None:
        self.page.get_by_label(name).first.fill(text)

    def tick(self, name: Name) -> None:
        self.page.get_by_label(name).check()

    def choose_file(self, name: Name, file: FilePayload) -> None:
        self.page.get_by_label(name).set_input_files(file)

    def _find(self, role: str, name: Name, row: str) -> Locator:
        within: Page | Locator = self.page.get_by_role("row").filter(has_text=row).first if row else self.page
        if role == "summary":
            return within.locator("summary").filter(has_text=name).first
        return within.get_by_role(role, name=name).first  # type: ignore[arg-type]


class VisitorWithoutMouse(Visitor):
    """Presses keys only, and goes to everything by the key Tab."""

    def press(self, role: str, name: Name, row: str = "") -> None:
        self._go_to(role, name, row)
        self.page.keyboard.press("Enter")

    def enter(self, name: Name, text: str) -> None:
        self._go_to("textbox|combobox", name)
        if self.page.locator(":focus").get_attribute("type") == "date":
            year, month, day = text.split("-")
            self.page.keyboard.type(month + day + year)
            return
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def tick(self, name: Name) -> None:
        self._go_to("checkbox", name)
        self.page.keyboard.press("Space")

    def choose_file(self, name: Name, file: FilePayload) -> None:
        # Chromium tells of the dialog only while somebody listens, and hears of the first listener some time later.
        self.page.on("filechooser", lambda chooser: None)
        self._go_to("button", name)
        with self.page.expect_file_chooser() as chooser:
            self.page.keyboard.press("Enter")
        chooser.value.set_files(file)

    def navigate(self, role: str, name: Name) -> None:
        self._go_to(role, name, skips_navigation=False)
        self.page.keyboard.press("Enter")

    def _go_to(self, roles: str, name: Name, row: str = "", *, skips_navigation: bool = True) -> None:
        """Presses Tab until the focus is there. Fails when it does not come there."""
        met = []
        if skips_navigation and not self._has_focus():
            self._skip_to_content()
        for _ in range(MAX_STEPS):
            self.page.keyboard.press("Tab")
            role, found = self._read_focus()
            met.append(found)
            if role in roles.split("|") and _matches(found, name) and (not row or row in self._read_row()):
                return
        raise AssertionError(f"the key Tab does not lead to {roles} {name!r} {row!r}, but to {met}")

    def _has_focus(self) -> bool:
        return self.page.locator(":focus").count() > 0

    def _skip_to_content(self) -> None:
        """By the first link of every page."""
        self.page.keyboard.press("Tab")
        if self._read_focus() == ("link", "Skip to the content"):
            self.page.keyboard.press("Enter")

    def _read_focus(self) -> tuple[str, str]:
        """Role and accessible name of what has the focus."""
        if not self._has_focus():  # it is at the picker of a date field, or in the browser's own window
            return "", ""
        line = self.page.locator(":focus").aria_snapshot().partition("\n")[0].removeprefix("- ").strip("'")
        role, _, rest = line.partition(" ")
        if role == "text:":
            return "summary", rest
        found = _NAME.search(rest)
        return role.rstrip(":"), found[1].replace('\\"', '"') if found else ""

    def _read_row(self) -> str:
        return " ".join(self.page.locator(":focus").locator("xpath=ancestor::tr").all_inner_texts())


def _matches(found: str, name: Name) -> bool:
    """As playwright compares a name with that of an element."""
    return name.lower() in found.lower() if isinstance(name, str) else name.search(found) is not None


def read_download(download: Download) -> bytes:
    return download.path().read_bytes()
