"""The rows that muster writes, learned from muster itself: so the limits write the same ones."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle, islice

from benchmarks.client import Connection
from benchmarks.data import SHAPES, Names, examples, named
from benchmarks.databases import Database
from benchmarks.posting import SAVE
from benchmarks.service import Service

_WRITTEN = """
SELECT communication_number, customer_ext_id, business_unit, version, entity_type, customer_status, document
FROM customers WHERE customer_ext_id = ?
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One customer as its two tables have it."""

    number: str
    ext_id: str
    unit: str
    version: int
    entity_type: str
    status: str
    document: str

    def named(self, number: str, ext_id: str) -> "Row":
        """The row of another customer with the same document."""
        document = self.document.replace(self.number, number).replace(self.ext_id, ext_id)
        return Row(number, ext_id, self.unit, self.version, self.entity_type, self.status, document)


class Rows:
    """Rows of new customers, by their shape."""

    def __init__(self, learned: dict[str, list[Row]]) -> None:
        self._learned = learned

    def take(self, shape: str, count: int, names: Names) -> list[Row]:
        """So many rows, both types of customer in turn."""
        learned = islice(cycle(self._learned[shape]), count)
        return [row.named(*pair) for row, pair in zip(learned, names.take(count), strict=True)]

    def first(self, shape: str) -> Row:
        """The row of an individual."""
        return self._learned[shape][0]


def learn(service: Service, database: Database) -> Rows:
    """Saves customers and reads what was written, from a SQLite database: there a document is as it was given."""
    learned = {}
    with closing(Connection(service.address)) as sender, closing(sqlite3.connect(database.file)) as reader:
        for shape in SHAPES:
            names = [(f"number-{shape}-{index}", f"customer-{shape}-{index}") for index in range(2)]
            customers = [named(given, *pair) for given, pair in zip(examples(shape), names, strict=True)]
            sender.send(service.address.request(SAVE, json.dumps({"customers": customers}).encode()))
            learned[shape] = [Row(*reader.execute(_WRITTEN, (ext_id,)).fetchone()) for _, ext_id in names]
    return Rows(learned)
