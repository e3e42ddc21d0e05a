"""`muster mapping`: mappings of files with other columns than those of the contract."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import typer

from muster.cli import examples
from muster.cli.classifier_titles import read_titles
from muster.cli.errors import CommandError, UsageError
from muster.cli.load_options import Encoding, File, Sheet
from muster.cli.options import Database

app = typer.Typer(help="Mappings: which columns of a file become which fields.")


@app.command("suggest", epilog=examples.format_examples("mapping suggest"))
def suggest(file: File, encoding: Encoding = None, sheet: Sheet = None, database: Database = None) -> None:
    """Prints a mapping for a file, by its header and first rows; what to check is in comments.

    The codes are those of the database, if --database is given, else those of a new installation.
    """
    # Imported here: other commands start without the readers of files.
    from muster.intake.checkpoint import START
    from muster.loads.file_preview import FileSample, take_sample
    from muster.loads.formats import open_rows
    from muster.loads.mapping import suggest_mapping
    from muster.loads.rows import InvalidFileError

    titles = read_titles(database)
    try:
        with _open_file(file) as (opened, size):
            source = open_rows(opened, name=file, size=size, encoding=encoding, sheet=sheet)
            header = source.layout.header
            if header is None:
                raise CommandError(f"{file} has no columns, so it needs no mapping: its documents have the fields")
            with closing(source):
                sample = FileSample(source.layout, list(take_sample(source.rows(START))))
    except InvalidFileError as error:
        raise CommandError(f"{file}: {error}") from None
    with suppress(BrokenPipeError):
        sys.stdout.write(suggest_mapping(header, sample.list_cells(), titles))


@contextmanager
def _open_file(file: str) -> Iterator[tuple[BinaryIO, int | None]]:
    if file == "-":
        yield sys.stdin.buffer, None
        return
    path = Path(file)
    try:
        with path.open("rb") as opened:
            yield opened, path.stat().st_size
    except OSError as error:
        raise UsageError(f"{file} can't be read ({error.strerror}); check its name and permissions") from None
