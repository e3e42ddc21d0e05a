"""Text of paragraphs of OpenDocument, where blanks collapse as in HTML and elements stand for the ones that don't."""

import re
from typing import Final

_BLANKS: Final = re.compile("[ \t\r\n]+")


class Paragraph:
    """The text of one paragraph (ODF 1.3, part 3, 6.1.2)."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._is_after_blank = True  # blanks at the beginning of a paragraph don't count

    def add_characters(self, data: str) -> None:
        text = _BLANKS.sub(" ", data)
        if self._is_after_blank and text.startswith(" "):
            text = text[1:]
        if text:
            self._parts.append(text)
            self._is_after_blank = text.endswith(" ")

    def add_exact(self, text: str) -> None:
        """Adds what an element stands for: `text:s`, `text:tab`, `text:line-break`."""
        self._parts.append(text)
        self._is_after_blank = False

    def text(self) -> str:
        text = "".join(self._parts)
        return text[:-1] if self._is_after_blank else text
