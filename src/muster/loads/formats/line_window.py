"""A window over the lines of a file, for rows that may go on in the next lines."""

from collections.abc import Iterator

from muster.loads.formats.text_lines import Lines


class LineWindow:
    """Lines that are read ahead. `is_last` says that no line follows that a row could go on in, and
    `has_nul` that a line may have a NUL."""

    def __init__(self, groups: Iterator[Lines]) -> None:
        self._groups = groups
        self._next: Lines | None = None
        self.texts: list[str] = []
        self.ends: list[int] = []
        self.start = 0
        self.is_last = False
        self.has_nul = False

    def take(self) -> Lines | None:
        """The next group of lines, which become those of the window unless they can't be read."""
        group, self._next = self._next or next(self._groups, None), None
        if group is not None and not group.error:
            self.texts, self.ends, self.start, self.is_last = group.texts, group.ends, group.start, False
            self.has_nul = _has_nul(group)
        return group

    def extend(self, line: int, size: int) -> int:
        """Reads more than `size` bytes ahead of a line, as far as lines follow. Returns the line's new index."""
        if self.is_last or self.ends[-1] - self.get_start(line) > size:
            return line
        self.start, self.texts, self.ends = self.get_start(line), self.texts[line:], self.ends[line:]
        while not self.is_last and self.ends[-1] - self.start <= size:
            self._next = self._next or next(self._groups, None)
            if self._next is None or self._next.error:
                self.is_last = True
            else:
                self.texts += self._next.texts
                self.ends += self._next.ends
                self.has_nul = self.has_nul or _has_nul(self._next)
                self._next = None
        return 0

    def get_start(self, line: int) -> int:
        """The offset before a line."""
        return self.ends[line - 1] if line else self.start


def _has_nul(lines: Lines) -> bool:
    return not lines.is_plain and any("\0" in text for text in lines.texts)
