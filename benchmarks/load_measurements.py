"""Measurements of `muster load`: the whole command, from its start to its end, on files of minimal customers."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, Final, cast

from benchmarks import files
from benchmarks.customers import RandomIdentifiers
from benchmarks.databases import MUSTER, Database
from benchmarks.load_generator import check_count
from benchmarks.measurements import Measurement, Quantity, Unit
from benchmarks.process_stats import poll_peak_bytes
from benchmarks.round_fixtures import RoundFixtures
from benchmarks.sizes import MEBIBYTE, RunSize

_WRITERS: Final[dict[str, Callable[[Path, int, RandomIdentifiers], None]]] = {
    "CSV": files.write_csv,
    "NDJSON": files.write_ndjson,
    "Parquet": files.write_parquet,
    "XLSX": files.write_workbook,
}
_REFUSED_INDEX: Final = 10


def file_load(size: RunSize, file_format: str) -> Measurement:
    """Customers per second of a load into an empty database."""
    label = f"muster load on PostgreSQL: save, minimal customers, {file_format}"
    return _build_rate(label, size.load_rows, file_format)


def file_dry_run(size: RunSize, file_format: str) -> Measurement:
    """Customers per second of a dry run."""
    shape = f"{files.PERSON_COLUMNS} columns" if file_format == "XLSX" else "minimal customers"
    rows = size.workbook_rows if file_format == "XLSX" else size.load_rows
    return _build_rate(f"muster load on PostgreSQL: dry run, {shape}, {file_format}", rows, file_format, "--dry-run")


def load_memory(size: RunSize) -> Measurement:
    """Peak memory of a dry run above that of a single row, for a small and a large stream that is made on the fly."""
    quantities = tuple(
        Quantity(
            f"muster load: memory above idle, dry run, {files.PERSON_COLUMNS} columns, {rows:,} rows of CSV",
            Unit.MEMORY,
        )
        for rows in size.stream_rows
    )

    def measure(fixtures: RoundFixtures) -> Sequence[float]:
        database, identifiers = fixtures.database("PostgreSQL", "streams"), fixtures.environment.identifiers
        idle, *peaks = (
            _measure_stream(database, files.iterate_wide_csv(rows, identifiers)) for rows in (1, *size.stream_rows)
        )
        return [(peak - idle) / MEBIBYTE for peak in peaks]

    return Measurement(quantities, measure)


def first_refused_row(size: RunSize) -> Measurement:
    """Seconds from the start of the command to its line about a refused row among the first ones of a long file."""
    quantity = Quantity(f"muster load: first refused row of {size.long_file_rows:,} told", Unit.SECONDS)

    def measure(fixtures: RoundFixtures) -> Sequence[float]:
        environment = fixtures.environment
        file = environment.databases.new_file_path()
        with file.open("wb") as output:
            output.writelines(files.iterate_csv(size.long_file_rows, environment.identifiers, refused=_REFUSED_INDEX))
        try:
            return [_time_first_refused(fixtures.database("PostgreSQL", "refused"), file)]
        finally:
            file.unlink()

    return Measurement((quantity,), measure)


def _build_rate(label: str, rows: int, file_format: str, *options: str) -> Measurement:
    def measure(fixtures: RoundFixtures) -> Sequence[float]:
        environment, database = fixtures.environment, fixtures.database("PostgreSQL", "")
        file = environment.databases.new_file_path()
        _WRITERS[file_format](file, rows, environment.identifiers)
        before, started = database.count_rows(), time.perf_counter()
        try:
            _run_load(database, file, *options)
        finally:
            file.unlink()
        seconds = time.perf_counter() - started
        check_count(0 if "--dry-run" in options else rows, database.count_rows() - before)
        return [rows / seconds]

    return Measurement((Quantity(label, Unit.RATE),), measure)


def _run_load(database: Database, file: Path, *options: str) -> None:
    done = subprocess.run(_build_command(database, str(file), *options), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"muster load ended with {done.returncode}: {done.stderr[-2000:]}")


def _build_command(database: Database, file: str, *options: str) -> list[str | Path]:
    return [MUSTER, "load", file, "--database", database.url, *options]


def _measure_stream(database: Database, parts: Iterable[bytes]) -> int:
    """Bytes of peak resident memory of a dry run that reads the parts from its standard input."""
    command = _build_command(database, "-", "--dry-run")
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        with cast(IO[bytes], process.stdin) as stdin:
            stdin.writelines(parts)
        peak = poll_peak_bytes(process.pid)
        if process.wait():
            raise RuntimeError(f"muster load ended with {process.returncode}")
    return peak


def _time_first_refused(database: Database, file: Path) -> float:
    started = time.perf_counter()
    process = subprocess.Popen(_build_command(database, str(file), "--dry-run"), stderr=subprocess.PIPE)
    try:
        for line in cast(IO[bytes], process.stderr):
            if files.REFUSED_FIELD.encode() in line:
                return time.perf_counter() - started
    finally:
        process.kill()
        process.communicate()
    raise RuntimeError("muster load told no refused row")
