"""The rows that muster writes, read from a separate database, so that the upper bounds write the same ones."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Final

from benchmarks.client import Connection
from benchmarks.customers import SHAPES, RandomIdentifiers, build_example_customers, with_identifiers
from benchmarks.databases import Database
from benchmarks.load_generator import SAVE
from benchmarks.service import Service

_SELECT_ROW: Final = """
SELECT communication_number, customer_ext_id, business_unit, version, entity_type, customer_status, document
FROM customers WHERE customer_ext_id = ?
"""


@dataclass(frozen=True, slots=True)
class Row:
    """The columns of one customer in its two tables."""

    number: str
    ext_id: str
    unit: str
    version: int
    entity_type: str
    status: str
    document: str

    def with_identifiers(self, number: str, ext_id: str) -> "Row":
        """The row of another customer with the same document."""
        document = self.document.replace(self.number, number).replace(self.ext_id, ext_id)
        return Row(number, ext_id, self.unit, self.version, self.entity_type, self.status, document)


class RowTemplates:
    """Builds rows of new customers from one row of each entity type, by shape."""

    def __init__(self, templates: dict[str, list[Row]]) -> None:
        self._templates = templates

    def build_rows(self, shape: str, count: int, identifiers: RandomIdentifiers) -> list[Row]:
        """`count` rows that alternate between individuals and organizations."""
        templates = islice(cycle(self._templates[shape]), count)
        return [row.with_identifiers(*pair) for row, pair in zip(templates, identifiers.take(count), strict=True)]

    def get_individual(self, shape: str) -> Row:
        return self._templates[shape][0]


def read_templates(service: Service, database: Database) -> RowTemplates:
    """Saves customers and reads their rows from a SQLite database, which keeps a document byte for byte."""
    templates = {}
    with closing(Connection(service.address)) as connection, closing(sqlite3.connect(database.file)) as reader:
        for shape in SHAPES:
            pairs = [(f"number-{shape}-{index}", f"customer-{shape}-{index}") for index in range(2)]
            examples = zip(build_example_customers(shape), pairs, strict=True)
            customers = [with_identifiers(example, *pair) for example, pair in examples]
            connection.send(service.address.build_request(SAVE, json.dumps({"customers": customers}).encode()))
            templates[shape] = [Row(*reader.execute(_SELECT_ROW, (ext_id,)).fetchone()) for _, ext_id in pairs]
    return RowTemplates(templates)
