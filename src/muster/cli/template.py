"""`muster template`: an empty file to enter customers in."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import typer

from muster.cli.classifier_titles import read_titles
from muster.cli.errors import CommandError, UsageError
from muster.cli.options import Database
from muster.cli.output import print_note

if TYPE_CHECKING:
    from muster.loads.template import TemplateColumn

_TYPES: Final = ("individual", "organization")
_FORMATS: Final = ("csv", "xlsx")


def _check_type(value: str) -> str:
    if value.lower() not in _TYPES:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(_TYPES)}")
    return value.lower()


def _check_format(value: str | None) -> str | None:
    if value is not None and value not in _FORMATS:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(_FORMATS)}")
    return value


EntityType = Annotated[
    str,
    typer.Option(
        "--type",
        metavar="individual|organization",
        help="the entityType of the customers",
        show_default=False,
        callback=_check_type,
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="csv|xlsx",
        help="the format; default: by the name of the output, else csv",
        show_default=False,
        callback=_check_format,
    ),
]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--fields",
        metavar="NAME,…",
        help="fields, objects and lists, such as listAddress[1]; `mandatory` or `all`; default: the usual ones",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", metavar="FILE", help="the file; default for csv: standard output", show_default=False),
]


def template(
    entity_type: EntityType,
    file_format: Format = None,
    fields: Fields = None,
    output: Output = None,
    database: Database = None,
) -> None:
    """Writes an empty file to enter customers in: a header, and in XLSX notes for each field and lists of the codes.

    The codes are those of the database, if --database is given, else those of a new installation.
    """
    from muster.loads.template import InvalidTemplateError, make_template_columns

    file_format = file_format or ("xlsx" if output is not None and output.suffix.lower() == ".xlsx" else "csv")
    if file_format == "xlsx" and output is None:
        raise UsageError("an XLSX file needs a name; give --output FILE.xlsx")
    names = None if not fields else [name for part in fields for name in part.split(",") if name.strip()]
    try:
        columns = make_template_columns(entity_type.upper(), read_titles(database), names)
    except InvalidTemplateError as error:
        raise UsageError(str(error)) from None
    if output is None:
        _write(columns, file_format, sys.stdout.buffer)
        return
    try:
        with output.open("wb") as file:
            _write(columns, file_format, file)
    except OSError as error:
        raise CommandError(f"{output} can't be written ({error.strerror}); check its directory") from None
    print_note(f"wrote {len(columns)} columns to {output}")


def _write(columns: "Sequence[TemplateColumn]", file_format: str, output: BinaryIO) -> None:
    if file_format == "csv":
        from muster.loads.template import write_template_csv

        write_template_csv(columns, output)
    else:
        from muster.loads.sheets import write_template_xlsx

        write_template_xlsx(columns, output)
