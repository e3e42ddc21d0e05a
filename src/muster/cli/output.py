"""Output of commands: data on stdout, everything else on stderr."""

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from muster.audit.export import escape_unprintable


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table on a terminal; elsewhere one line per row with tabs between the columns, without headers."""
    if not sys.stdout.isatty():
        print_rows(rows)
        return
    table = Table(*headers, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        # `Text`, so that rich does not interpret square brackets as markup.
        table.add_row(*(Text(escape_unprintable(column)) for column in row))
    Console().print(table)


def print_rows(rows: Iterable[Sequence[str]]) -> None:
    """Prints one line per row with tabs between the columns, for scripts."""
    for row in rows:
        print_line("\t".join(map(escape_unprintable, row)))


def print_line(line: str) -> None:
    """Prints a line of data on stdout."""
    sys.stdout.write(f"{line}\n")


def print_note(line: str) -> None:
    """Prints a message for the operator on stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def print_error(message: str) -> None:
    """Prints why a command failed on stderr."""
    print_note(f"muster: {message}")


def print_event(event: str, message: str) -> None:
    """Tells the operator of a service that starts: an event of its log, or a line of text where the log is text."""
    from muster.observability.log_configuration import logs_json
    from muster.observability.logs import log_event

    if logs_json():
        log_event(event, message)
    else:
        print_note(message)


def print_failure(message: str) -> None:
    """Tells why a service does not start, or ends: as `print_event`."""
    from muster.observability.log_configuration import logs_json
    from muster.observability.logs import log_failure

    if logs_json():
        log_failure("service_failed", message)
    else:
        print_error(message)
