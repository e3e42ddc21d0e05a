"""Loads of files: one that was tried, mended and loaded, one that failed, and one that was given up."""

import copy
import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any, Final
from uuid import UUID

from muster.loads.load_store import Load
from muster.sample_data.accounts import BRANCH, HEAD_OFFICE, SampleUsers
from muster.sample_data.book import CustomerBook
from muster.sample_data.customers import Customer
from muster.sample_data.mistakes import MISTAKES, add_flaw
from muster.sample_data.schedule import SampleEvent, SamplePeriod, to_moment
from muster.sample_data.service import OFFICE_ADDRESS, SampleService

# The service deletes refused rows seven days after the end of a load, and a working day is up to two days earlier.
_DAYS_AGO: Final = 4
_EARLIER_DAYS_AGO: Final = 22
_ROWS: Final = 220
_EARLIER_ROWS: Final = 64
_ROWS_A_MISTAKE: Final = 7  # in the dry run; a half of them is mended before the load
_REQUESTER: Final = "Migration of cards (sample data)"


def plan_files(
    service: SampleService, book: CustomerBook, users: SampleUsers, period: SamplePeriod, size: float
) -> Iterator[SampleEvent]:
    """The loads of the operator. `size` multiplies their rows."""
    files = _Files(service, book, users, size)
    day, earlier = period.find_working_day(_DAYS_AGO), period.find_working_day(_EARLIER_DAYS_AGO)
    yield SampleEvent(to_moment(earlier, 10, 11), partial(files.load_clean, earlier))
    yield SampleEvent(to_moment(day, 13, 2), files.load_unreadable)
    yield SampleEvent(to_moment(day, 13, 20), partial(files.try_migration, day))
    yield SampleEvent(to_moment(day, 14, 35), files.load_migration)
    yield SampleEvent(to_moment(day, 14, 52), files.download_refused)
    yield SampleEvent(to_moment(day, 16, 48), partial(files.give_up, day))


class _Files:
    def __init__(self, service: SampleService, book: CustomerBook, users: SampleUsers, size: float) -> None:
        self._service = service
        self._book = book
        self._users = users
        self._size = size
        self._migration: list[Customer] = []
        self._mistaken: dict[int, Customer] = {}  # position -> the customer with its mistake
        self._loaded: UUID | None = None

    def load_clean(self, day: date) -> None:
        customers = self._make(BRANCH, day, _EARLIER_ROWS)
        self._upload("sample-latvian-branch.csv", build_csv(customers))

    def load_unreadable(self) -> None:
        """An 8-bit encoding that nobody named: the load fails and says so."""
        content = "customerExtId;firstName;lastName\nSAMPLE-1;Živilė;Pavyzdytė\n".encode("cp1257")
        self._upload("sample-export-of-cards.csv", content)

    def try_migration(self, day: date) -> None:
        """A dry run with many mistakes."""
        self._migration = self._make(HEAD_OFFICE, day, _ROWS)
        rows = len(self._migration)
        for position in self._book.random.sample(range(rows), max(rows // _ROWS_A_MISTAKE, 2)):
            customer = copy.deepcopy(self._migration[position])
            add_flaw(customer, MISTAKES, self._book.random)
            self._mistaken[position] = customer
        self._upload("sample-cards-migration.csv", self._build_migration(), dry_run=True)

    def load_migration(self) -> None:
        """The same file with some of its rows mended: those that are left are refused, and can be downloaded."""
        for position in sorted(self._mistaken)[: len(self._mistaken) // 2]:
            del self._mistaken[position]
        load = self._upload("sample-cards-migration-mended.csv", self._build_migration())
        assert load.totals.refused == len(self._mistaken)
        self._loaded = load.id
        for position, customer in enumerate(self._migration):
            if position not in self._mistaken:
                self._book.accept(customer)

    def download_refused(self) -> None:
        assert self._loaded is not None
        user = self._service.sign_in(self._users.operator, OFFICE_ADDRESS)
        self._service.loads.refused(self._loaded, user)

    def give_up(self, day: date) -> None:
        customers = self._make(HEAD_OFFICE, day, _EARLIER_ROWS)
        self._upload("sample-wrong-file.csv", build_csv(customers), cancels=True)

    def _make(self, unit: str, day: date, rows: int) -> list[Customer]:
        count = max(round(rows * self._size), _ROWS_A_MISTAKE)
        return [self._book.maker.make(_REQUESTER, unit, day, individuals=1) for _ in range(count)]

    def _build_migration(self) -> bytes:
        return build_csv([self._mistaken.get(position, each) for position, each in enumerate(self._migration)])

    def _upload(self, name: str, content: bytes, *, dry_run: bool = False, cancels: bool = False) -> Load:
        user = self._service.sign_in(self._users.operator, OFFICE_ADDRESS)
        return self._service.upload(user, name, content, dry_run=dry_run, cancels=cancels)


def build_csv(customers: Sequence[Customer]) -> bytes:
    """A file with a column for each value: `listAddress[0].country`."""
    rows = [dict(_flatten("", customer)) for customer in customers]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _flatten(name: str, value: Any) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _flatten(f"{name}.{key}" if name else key, each)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _flatten(f"{name}[{index}]", each)
    else:
        yield name, str(value).lower() if isinstance(value, bool) else value
