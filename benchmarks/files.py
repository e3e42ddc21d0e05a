"""Writes files of minimal customers, one row each, in the formats that `muster load` reads."""

import json
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import pyarrow
import pyarrow.parquet
import xlsxwriter

from benchmarks.customers import RandomIdentifiers, build_example_customers, with_identifiers
from muster.customer.examples import make_full_customer

# What a core banking system exports of a person.
PERSON_COLUMNS: Final = 22
# The field of an individual whose value makes a row a refused one.
REFUSED_FIELD: Final = "citizenshipCountry"

_CHUNK_ROWS: Final = 10_000


def write_csv(file: Path, count: int, identifiers: RandomIdentifiers) -> None:
    """Individuals and organizations in turn; cells of the other type's fields are empty."""
    with file.open("wb") as output:
        output.writelines(iterate_csv(count, identifiers))


def iterate_csv(count: int, identifiers: RandomIdentifiers, *, refused: int | None = None) -> Iterator[bytes]:
    """The same file in parts, made while it is read; the customer with the index `refused` has no valid country."""
    columns = _list_columns()
    yield ",".join(columns).encode() + b"\n"
    for start in range(0, count, _CHUNK_ROWS):
        customers = list(_build_customers(min(count - start, _CHUNK_ROWS), identifiers))
        if refused is not None and start <= refused < start + len(customers):
            customers[refused - start] |= {REFUSED_FIELD: "??"}
        yield "".join(f"{','.join(customer.get(name, '') for name in columns)}\n" for customer in customers).encode()


def iterate_wide_csv(count: int, identifiers: RandomIdentifiers) -> Iterator[bytes]:
    """Individuals with `PERSON_COLUMNS` cells each, in parts, made while they are read."""
    person = _build_person()
    yield ",".join(person).encode() + b"\n"
    for start in range(0, count, _CHUNK_ROWS):
        pairs = identifiers.take(min(count - start, _CHUNK_ROWS))
        yield "".join(f"{','.join(with_identifiers(person, *pair).values())}\n" for pair in pairs).encode()


def write_ndjson(file: Path, count: int, identifiers: RandomIdentifiers) -> None:
    """One customer a line."""
    with file.open("w", encoding="utf-8") as output:
        output.writelines(f"{json.dumps(customer)}\n" for customer in _build_customers(count, identifiers))


def write_parquet(file: Path, count: int, identifiers: RandomIdentifiers) -> None:
    """Columns of text."""
    schema = pyarrow.schema([(name, pyarrow.string()) for name in _list_columns()])
    with pyarrow.parquet.ParquetWriter(file, schema) as writer:
        customers = list(_build_customers(count, identifiers))
        for start in range(0, count, _CHUNK_ROWS):
            writer.write_table(pyarrow.Table.from_pylist(customers[start : start + _CHUNK_ROWS], schema))


def write_workbook(file: Path, count: int, identifiers: RandomIdentifiers) -> None:
    """Individuals with `PERSON_COLUMNS` cells of text each."""
    person = _build_person()
    with xlsxwriter.Workbook(str(file), {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, list(person))
        for number, pair in enumerate(identifiers.take(count), 1):
            for column, text in enumerate(with_identifiers(person, *pair).values()):
                sheet.write_string(number, column, text)


def _list_columns() -> Sequence[str]:
    return list(dict.fromkeys(name for customer in build_example_customers("minimal") for name in customer))


def _build_customers(count: int, identifiers: RandomIdentifiers) -> Iterator[dict[str, Any]]:
    for example, pair in zip(cycle(build_example_customers("minimal")), identifiers.take(count), strict=False):
        yield with_identifiers(example, *pair)


def _build_person() -> dict[str, str]:
    """The mandatory fields, and as many others with text as there are columns."""
    minimal, full = build_example_customers("minimal")[0], make_full_customer("INDIVIDUAL")
    texts = {name: value for name, value in full.items() if isinstance(value, str)}
    person = minimal | {name: value for name, value in texts.items() if name not in minimal}
    return dict(list(person.items())[:PERSON_COLUMNS])
