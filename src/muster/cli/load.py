"""`muster load`: loads a file of customers into a database, or by a service."""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import typer

from muster.cli import load_options as options
from muster.cli.context import open_command_storage
from muster.cli.errors import UsageError
from muster.cli.options import Database
from muster.loads.load_store import LoadOptions

if TYPE_CHECKING:
    from muster.cli.load_report import RefusedFormat
    from muster.cli.load_request import LoadRequest

MAX_SERVICE_CHUNK_ROWS: Final = 10_000


def load(
    context: typer.Context,
    file: options.File,
    dry_run: options.DryRun = False,
    mapping: options.MappingFile = None,
    encoding: options.Encoding = None,
    sheet: options.Sheet = None,
    user: options.AsUser = None,
    upsert: options.Upsert = False,
    unknown: options.Unknown = "ignore",
    accept: options.Accept = 0,
    batch: options.BatchSize = 10_000,
    refused: options.RefusedFile = None,
    refused_format: options.RefusedFormat = None,
    for_excel: options.ForExcel = False,
    again: options.Again = False,
    database: Database = None,
    url: options.ServiceUrl = None,
    token_file: options.TokenFile = None,
) -> None:
    """Loads a file of customers: CSV, NDJSON, JSON, XLSX, ODS or Parquet, of any size.

    A load that was interrupted goes on where it stopped when the same command runs again; no row is saved twice. With
    --url, a service loads the file, and goes on by itself once it has the file. The exit code is 0 when all rows are
    accepted, 3 when some are refused, 1 when the load failed or was stopped, and 2 for wrong usage.
    """
    from muster.cli.load_report import RefusedOutput
    from muster.cli.load_request import LoadBounds, LoadRequest

    options.check_target(context, url)
    if url is not None:
        _check_service_options(user, batch)
    if refused is None and (refused_format is not None or for_excel):
        raise UsageError("--format and --for-excel are for the refused rows; give --refused FILE too")
    wanted = LoadOptions(
        dry_run=dry_run,
        upsert=upsert,
        reject_unknown=unknown == "reject",
        min_accepted_percent=accept,
        chunk_rows=batch,
        encoding=encoding,
        mapping=_read_mapping(mapping),
        sheet=sheet,
    )
    output = (
        RefusedOutput(refused, cast("RefusedFormat | None", refused_format), for_excel) if refused is not None else None
    )
    request = LoadRequest(file, wanted, user, output, again, context.obj or LoadBounds())
    raise typer.Exit(_load_into_database(database, request) if url is None else _load_by_url(url, token_file, request))


def _check_service_options(user: str | None, batch: int) -> None:
    if user is not None:
        raise UsageError("--user is for --database; with --url, the file is sent as the user of the token")
    if batch > MAX_SERVICE_CHUNK_ROWS:
        raise UsageError(f"--batch: a service saves at most {MAX_SERVICE_CHUNK_ROWS:,} customers together")


def _load_into_database(database: str | None, request: "LoadRequest") -> int:
    from muster.cli.load_file import load_file

    with open_command_storage(database) as store:
        return load_file(store, request)


def _load_by_url(url: str, token_file: Path | None, request: "LoadRequest") -> int:
    from muster.cli.load_service import read_address, require_client

    address = read_address(url, token_file)
    require_client()
    from muster.cli.load_url import load_by_url

    return load_by_url(address, request)


def _read_mapping(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    from muster.loads.mapping import InvalidMappingError, parse_mapping

    try:
        return parse_mapping(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the mapping {path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"the mapping {path} is not UTF-8; save it as UTF-8") from None
    except (InvalidMappingError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"the mapping {path}: {error}") from None
