"""Files of customers for loads, with what must become of each row, and the differences from what became of it."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from benchmarks.customers import build_example_customers, with_identifiers
from benchmarks.databases import Database
from faults.sql import run_sql

MIN_ROWS: Final = 50
MAX_ROWS: Final = 400
REFUSED_COUNTRY: Final = "C016.I06"
REFUSED_NUMBER: Final = "O005"
REFUSED_CUSTOMER: Final = "C004"
REFUSED_ROW: Final = "F002"
_KIND_SHARE: Final = 0.04  # of the rows, for each kind that is not plainly accepted


class CustomerFile:
    """A CSV file of its own. `prefix` begins all its identifiers.

    Some rows are refused for themselves, some because of earlier rows. With `upserts`, some make a new version of a
    customer of an earlier row; without, those are refused. The header is row 1.
    """

    def __init__(self, prefix: str, random: Random, *, upserts: bool = False) -> None:
        self.prefix = prefix
        self.refused: dict[int, str] = {}  # the code of each refused row
        self.customers: dict[str, str] = {}  # the customer of each accepted communication number
        self.numbers: list[str] = []  # of all rows
        self._random = random
        self._upserts = upserts
        template = build_example_customers("minimal")[0]
        if upserts:  # the customer is created or updated
            del template["action"]
        self.header = list(template)
        self.rows = [self._create_row(template, number) for number in range(2, random.randint(MIN_ROWS, MAX_ROWS) + 2)]
        self.content = self._write()

    @property
    def versions(self) -> Counter[str]:
        """The version of each saved customer."""
        return Counter(self.customers.values())

    def count_codes(self) -> list[tuple[str, int, int]]:
        """Each code with the number of its rows and the first of them, in the order of the first ones."""
        firsts: dict[str, int] = {}
        for number, code in self.refused.items():
            firsts.setdefault(code, number)
        counts = Counter(self.refused.values())
        return [(code, counts[code], first) for code, first in firsts.items()]

    def _create_row(self, template: dict[str, str], row: int) -> list[str]:
        number, ext_id = f"{self.prefix}{row}", f"{self.prefix}c{row}"
        earlier = list(self.customers)
        kind = int(self._random.random() / _KIND_SHARE)
        customer, more, code = dict(template), [], ""
        if kind == 0:
            customer["citizenshipCountry"], code = "XX", REFUSED_COUNTRY
        elif kind == 1:
            more, code = ["more"], REFUSED_ROW
        elif kind == 2 and earlier:
            number, code = self._random.choice(earlier), REFUSED_NUMBER
        elif kind == 3 and earlier:
            ext_id = self.customers[self._random.choice(earlier)]
            code = "" if self._upserts else REFUSED_CUSTOMER
        self.numbers.append(number)
        if code:
            self.refused[row] = code
        else:
            self.customers[number] = ext_id
        return [*with_identifiers(customer, number, ext_id).values(), *more]

    def _write(self) -> bytes:
        output = io.StringIO()
        csv.writer(output).writerows([self.header, *self.rows])
        return output.getvalue().encode()


@dataclass
class Differences:
    """What is wrong with loads: the numbers of a summary, and a sentence for each."""

    lost: int = 0
    twice: int = 0
    wrong_refused: int = 0
    sentences: list[str] = field(default_factory=list)

    def add(self, name: str, sentence: str) -> None:
        self.sentences.append(f"load {name}: {sentence}")

    def compare_refused(self, name: str, file: CustomerFile, content: bytes) -> None:
        """Compares a file of refused rows, in CSV, with those of the file that was loaded."""
        _, *found = csv.reader(io.StringIO(content.decode(), newline=""))
        refused = [(int(row), code) for row, code, *_ in found]
        if refused != list(file.refused.items()):
            self.wrong_refused += 1
            self.add(name, f"the refused rows are {refused}, not {list(file.refused.items())}")
        elif [cells for _, _, _, *cells in found] != [file.rows[row - 2] for row in file.refused]:
            self.wrong_refused += 1
            self.add(name, "the cells of the refused rows are not those of the file")

    def compare_saved(self, name: str, stored: "StoredCustomers", expected: CustomerFile | None, prefix: str) -> None:
        """Compares the saved customers with those of the file, of which none may be saved if it is None."""
        customers = expected.customers if expected else {}
        found = stored.customers.get(prefix, {})
        lost = sum(found.get(number) != ext_id for number, ext_id in customers.items())
        untold = found.keys() - customers.keys()
        versions = expected.versions if expected else Counter[str]()
        wrong = {ext_id for ext_id, version in versions.items() if stored.versions.get(ext_id) != version}
        self.lost += lost
        self.twice += len(untold) + len(wrong)
        if lost or untold or wrong:
            self.add(name, f"{lost} rows are lost, {len(untold)} saved untold, {len(wrong)} of a wrong version")


class StoredCustomers:
    """The customers of loads by the prefix of their file, and the number of versions of each."""

    def __init__(self, database: Database, prefixes: Iterable[str]) -> None:
        self.customers: dict[str, dict[str, str]] = {prefix: {} for prefix in prefixes}
        self.versions: Counter[str] = Counter()
        length = len(next(iter(self.customers)))
        for number, ext_id in run_sql(database, "SELECT communication_number, customer_ext_id FROM communications"):
            if (prefix := number[:length]) in self.customers:
                self.customers[prefix][number] = ext_id
        current = run_sql(database, "SELECT customer_ext_id, version FROM customers")
        earlier = Counter(ext_id for (ext_id,) in run_sql(database, "SELECT customer_ext_id FROM customer_history"))
        for ext_id, version in current:
            # A version that is missing or too many is a difference too.
            self.versions[ext_id] = version if version == earlier[ext_id] + 1 else -1

    def list_numbers(self) -> Sequence[str]:
        return [number for numbers in self.customers.values() for number in numbers]
