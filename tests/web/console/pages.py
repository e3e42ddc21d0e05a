"""A page of the console as a browser without scripts sees it: texts, links and forms."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

_HIDDEN = {"script", "style", "title"}
_INPUTS = {"input", "select", "textarea", "button"}


@dataclass
class PageForm:
    """A form, and the values that it would send as it stands. `choices` has the options of its selects.

    `buttons` are the values of those that send it, in the order of the page: Enter in a field presses the first.
    """

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


class ConsolePage(HTMLParser):
    """A response of the console. `text` has all visible text, with single spaces."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.response = response
        self.status = response.status_code
        self.title = ""
        self.links: dict[str, str] = {}  # text -> target
        self.forms: list[PageForm] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._parts: list[str] = []
        self._open: list[str] = []
        self._link: tuple[str, int] | None = None
        self._select = ""
        self._option: bool | None = None  # whether an option without a value, whose text follows, is selected
        self._is_in_body = False
        self._textarea: list[str] | None = None
        self.feed(response.text)
        self.text = _normalize(" ".join(self._parts))

    @property
    def location(self) -> str:
        return self.response.headers["location"]

    def form(self, action: str) -> PageForm:
        """The first form that is sent to this path."""
        return next(form for form in self.forms if form.action == action)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        self._is_in_body = self._is_in_body or tag == "body"
        if tag in _HIDDEN:
            self._open.append(tag)
        if tag == "a":
            self._link = (attributes.get("href") or "", len(self._parts))
        elif tag == "form":
            self.forms.append(PageForm(attributes.get("action") or "", attributes.get("method") or "get"))
        elif tag in _INPUTS and self.forms and attributes.get("name"):
            self._add_input(tag, attributes)
        elif tag == "option" and self.forms and self._select:
            self._option = "selected" in attributes
            if "value" in attributes:
                self._add_option(attributes["value"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN and self._open:
            self._open.pop()
        if tag == "a" and self._link is not None:
            target, start = self._link
            self.links[_normalize(" ".join(self._parts[start:]))] = target
            self._link = None
        if tag == "select":
            self._select = ""
        if tag == "textarea" and self._textarea is not None:
            self._textarea[-1] = self._textarea[-1].removeprefix("\n")
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._textarea[-1] += data
        elif not self._open:
            self._parts.append(data)
            if self._option is not None and self._select:
                self._add_option(_normalize(data))
        elif self._open[-1] == "title" and not self._is_in_body:  # images have titles, too
            self.title += data

    def _add_option(self, value: str) -> None:
        self.forms[-1].choices[self._select].append(value)
        if self._option:
            self.forms[-1].values[self._select] = [value]
        self._option = None

    def _add_input(self, tag: str, attributes: dict[str, str | None]) -> None:
        form, name = self.forms[-1], attributes["name"] or ""
        if tag == "select":
            self._select = name
            form.choices[name] = []
        elif tag == "button":
            form.buttons.append(attributes.get("value") or "")
        elif attributes.get("type") not in ("checkbox", "radio") or "checked" in attributes:
            form.values.setdefault(name, []).append(attributes.get("value") or "")
            if tag == "textarea":
                self._textarea = form.values[name]


def _normalize(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
