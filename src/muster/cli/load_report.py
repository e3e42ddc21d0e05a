"""What `muster load` says at its end: the table of refused rows by code, and the file of refused rows."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal, Protocol
from uuid import UUID

from muster.cli.errors import CommandError, UsageError
from muster.cli.output import print_note, print_table
from muster.intake.checkpoint import CodeCount
from muster.loads.column_letters import parse_column_letters
from muster.loads.formats import UnsupportedFormatError, write_refused
from muster.loads.load_store import Load, LoadState, RefusedChunk
from muster.loads.refused_rows import RefusedRow, unpack_refused_rows
from muster.loads.rows import Layout

RefusedFormat = Literal["csv", "xlsx", "ndjson"]


@dataclass(frozen=True, slots=True)
class RefusedOutput:
    """Where the refused rows are written to, and how."""

    path: Path
    format: RefusedFormat | None
    for_excel: bool

    def check(self, source: str | None = None) -> None:
        """Raises `UsageError` for a place that can't be written to, and for the file that is loaded."""
        directory = self.path.parent
        if self.path.is_dir() or not directory.is_dir() or not os.access(directory, os.W_OK):
            raise UsageError(f"the refused rows can't be written to {self.path}; give a file in a writable directory")
        if source is not None and self.path.exists() and os.path.exists(source) and os.path.samefile(self.path, source):
            raise UsageError("--refused names the file that is loaded; give another file")

    def check_format(self, layout: Layout) -> None:
        """Raises `UsageError` for a format that the refused rows of such a file can't have."""
        try:
            write_refused(layout, (), BytesIO(), format=self.format, for_excel=self.for_excel)
        except UnsupportedFormatError as error:
            raise UsageError(f"--format {self.format}: {error}") from None


class KeepsRefusedRows(Protocol):
    def refused(self, load_id: UUID) -> Iterator[RefusedChunk]: ...


def write_refused_file(loads: KeepsRefusedRows, load: Load, layout: Layout, output: RefusedOutput) -> None:
    """Writes the refused rows that the store keeps: to a file beside, which then takes the name in one step.

    Only its owner may read it, because it has the data of customers. Raises `CommandError`.
    """
    with refused_file_errors(load, output):
        rows = (row for chunk in loads.refused(load.id) for row in unpack_refused_rows(chunk.content))
        write_rows(layout, rows, output)


@contextmanager
def refused_file_errors(load: Load, output: RefusedOutput) -> Iterator[None]:
    """Says where the refused rows are, or why they are not there. Raises `CommandError`."""
    if load.totals.refused and not load.has_refused:
        raise CommandError(
            f"the refused rows of load {load.id} are no longer kept; judge the file again with --dry-run --refused"
        )
    try:
        yield
    except OSError as error:
        raise CommandError(
            f"the refused rows can't be written to {output.path}: {error.strerror}; they are kept, so run the same "
            "command again with another file"
        ) from None
    except UnsupportedFormatError as error:  # a row that the format can't hold
        raise CommandError(
            f"the refused rows can't be written: {error}; they are kept, so run the same command again with another "
            "--format"
        ) from None
    print_note(f"the refused rows are in {output.path}")


def write_rows(layout: Layout, rows: Iterable[RefusedRow], output: RefusedOutput) -> None:
    """Writes rows to the file as a whole, or not at all. Raises `OSError`."""
    # `mkstemp` gives mode 0600.
    number, name = tempfile.mkstemp(prefix=f".{output.path.name}.", suffix=".tmp", dir=output.path.parent)
    try:
        with open(number, "wb") as file:
            write_refused(layout, rows, file, format=output.format, for_excel=output.for_excel)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, output.path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def print_completed(load: Load) -> None:
    """Says that the file was loaded earlier, and prints what came of it."""
    ended = f"{load.ended_at:%Y-%m-%d %H:%M} UTC" if load.ended_at else "an earlier day"
    print_note(f"this file was loaded whole, and its load ended on {ended}; --again loads it again")
    print_report(load)


def print_report(load: Load) -> None:
    """Prints the refused rows by code; and the totals on stderr."""
    print_codes(load)
    print_note(_describe_totals(load))


def print_codes(load: Load) -> None:
    """Prints the refused rows by code, the most frequent first."""
    codes = sorted(load.totals.codes, key=lambda counted: (-counted.count, counted.first_row))
    if codes:
        print_table(
            ("Code", "Rows", "First row", "Cell", "What is wrong"),
            [(c.code, f"{c.count}", f"{c.first_row}", c.cell or "", c.description) for c in codes],
        )


def describe_first_refusal(codes: Sequence[CodeCount], layout: Layout) -> str:
    """The first refused row, its cell and header, and what is wrong; no value of a cell."""
    first = min(codes, key=lambda counted: counted.first_row)
    place = f"row {first.first_row}"
    if first.cell is not None:
        place = f"{first.cell} {_find_header(first.cell, layout)}".rstrip()
    return f"{place}: {first.code} {first.description}"


def _find_header(cell: str, layout: Layout) -> str:
    index = parse_column_letters(cell.rstrip("0123456789"))
    header = layout.header or ()
    return header[index] if 0 <= index < len(header) else ""


def _describe_totals(load: Load) -> str:
    totals = load.totals
    verb = "can be accepted" if load.options.dry_run else "accepted"
    text = f"{totals.rows:,} rows: {totals.accepted:,} {verb}, {totals.refused:,} refused"
    if totals.warnings:
        text += f", {totals.warnings:,} warning{'s' if totals.warnings > 1 else ''}"
    if load.options.dry_run and load.state is LoadState.COMPLETED:
        text += "; nothing was saved, because of --dry-run"
    return text
