"""The options of `muster load`."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from muster.cli.errors import UsageError

# Customers of a chunk: it is committed at once, and kept in memory until then.
MAX_CHUNK_ROWS: Final = 100_000
REFUSED_FORMATS: Final = ("csv", "xlsx", "ndjson")


def _parse_percent(value: object) -> int:
    text = str(value)  # the default comes as a number
    if text == "all":
        return 100
    if not (text.isascii() and text.isdigit() and int(text[:4]) <= 100):
        raise typer.BadParameter("give `all`, or a whole number of percent from 0 to 100")
    return int(text)


def _check_choice(*choices: str) -> Any:
    def check(value: str | None) -> str | None:
        if value is not None and value not in choices:
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(choices)}")
        return value

    return check


def list_given(context: typer.Context) -> list[str]:
    """The options of the command line, without those of the environment."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]


def check_target(context: typer.Context, url: str | None) -> None:
    """Raises `UsageError` for options that belong to the other one of database and service."""
    given = list_given(context)
    if url is None and "token_file" in given:
        raise UsageError("--token-file is for a service; give its address with --url")
    if url is not None and "database" in given:
        raise UsageError("give one of --url and --database")


File = Annotated[str, typer.Argument(metavar="FILE", help="the file; `-` is standard input", show_default=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="judge the whole file as loading would, and save nothing")]
MappingFile = Annotated[
    Path | None,
    typer.Option(
        "--mapping", metavar="FILE", help="TOML file that says which columns become which fields", show_default=False
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="encoding of a text file that is not UTF-8", show_default=False),
]
Sheet = Annotated[
    str | None,
    typer.Option(
        "--sheet", metavar="NAME", help="sheet of a workbook; default: the only one that has rows", show_default=False
    ),
]
AsUser = Annotated[
    str | None,
    typer.Option(
        "--user",
        metavar="NAME",
        help="user of the service who sends the file, with its business units; default: you, with all units",
        show_default=False,
    ),
]
Upsert = Annotated[
    bool, typer.Option("--upsert", help="a customer without `action` updates the one that is known, or is created")
]
Unknown = Annotated[
    str,
    typer.Option(
        "--unknown",
        metavar="ignore|reject",
        help="what to do with unknown fields",
        callback=_check_choice("ignore", "reject"),
    ),
]
Accept = Annotated[
    int,
    typer.Option(
        "--accept",
        metavar="all|N",
        parser=_parse_percent,
        help="load nothing unless all rows, or N percent of them, are accepted; the whole file is judged first",
    ),
]
BatchSize = Annotated[
    int, typer.Option("--batch", metavar="N", help="customers that are saved together", min=1, max=MAX_CHUNK_ROWS)
]
RefusedFile = Annotated[
    Path | None,
    typer.Option(
        "--refused",
        metavar="FILE",
        help="write the refused rows to this file, with what is wrong; mend it and load it",
        show_default=False,
    ),
]
RefusedFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="|".join(REFUSED_FORMATS),
        help="format of the refused rows; default: that of the file",
        callback=_check_choice(*REFUSED_FORMATS),
        show_default=False,
    ),
]
ForExcel = Annotated[
    bool, typer.Option("--for-excel", help="write the refused rows so that Excel neither changes nor runs a cell")
]
Again = Annotated[bool, typer.Option("--again", help="load a file that was loaded whole already")]
ServiceUrl = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="address of a service that takes the file, instead of a database; needs the extra `client`",
        show_default=False,
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        metavar="FILE",
        help="file with the token for the service; default: the variable MUSTER_TOKEN",
        show_default=False,
    ),
]
