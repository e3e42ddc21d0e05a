"""What commands print: data on stdout, everything else on stderr."""

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table for a person; for a pipe or a file one line a row, the columns between tabs, no headers."""
    rows = (tuple(map(_printable, row)) for row in rows)
    if not sys.stdout.isatty():
        for row in rows:
            print_line("\t".join(row))
        return
    table = Table(*headers, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        # As Text, so that square brackets in a title are not taken for markup.
        table.add_row(*(Text(column) for column in row))
    Console().print(table)


def _printable(text: str) -> str:
    """With escapes for what is not: an id of a customer may hold line ends, and commands to a terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def print_line(line: str) -> None:
    """A line of data, on stdout."""
    sys.stdout.write(f"{line}\n")


def print_note(line: str) -> None:
    """A line for the person at the terminal, on stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
