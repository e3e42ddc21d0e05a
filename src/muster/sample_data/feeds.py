"""The daily batches of the senders: new customers, updates, and the mistakes among them."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import partial
from math import ceil
from typing import Any, Final

from muster.sample_data.accounts import (
    BRANCH,
    CARDS,
    CORE_BANKING,
    DEBIT_CARD,
    HEAD_OFFICE,
    ONBOARDING,
    REQUESTERS,
    RIGA_BRANCH,
)
from muster.sample_data.book import CustomerBook
from muster.sample_data.customers import Customer
from muster.sample_data.mistakes import DOUBTS, MISTAKES, add_flaw
from muster.sample_data.names import find_origin
from muster.sample_data.schedule import SampleEvent, SamplePeriod, is_weekend
from muster.sample_data.service import SampleService

_MISTAKEN: Final = 0.06  # of the customers
_OUT_OF_TURN: Final = 0.02  # number already used, created twice, or updated without being there
_DOUBTFUL: Final = 0.05
_UPDATES: Final = 0.07
_WEEKEND_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Feed:
    """What one sender sends on a working day: batches at these times, with this many customers each.

    On a day of a weekend, and today, only the first batch is sent; on weekends with a tenth of the customers.
    """

    sender: str
    unit: str
    times: tuple[time, ...]
    customers: tuple[int, int]
    individuals: float  # the share of persons


# The first one sends right after midnight, so that today has customers whenever the demo is started.
NIGHTLY: Final = Feed(CORE_BANKING, HEAD_OFFICE, (time(0, 0, 5),), (50, 75), 0.7)
DAYTIME: Final = (
    Feed(CARDS, HEAD_OFFICE, (time(9, 40, 12), time(16, 5, 48)), (8, 16), 0.98),
    Feed(
        ONBOARDING,
        HEAD_OFFICE,
        (time(8, 12, 31), time(11, 47, 3), time(14, 20, 55), time(19, 33, 20)),
        (1, 3),
        0.95,
    ),
    Feed(RIGA_BRANCH, BRANCH, (time(15, 30, 9),), (7, 14), 0.75),
)


def plan_feeds(service: SampleService, book: CustomerBook, period: SamplePeriod, size: float) -> Iterator[SampleEvent]:
    """The batches of all days. `size` multiplies the customers of each batch; one below 1 their number too."""
    for day in period.days:
        share = size * _WEEKEND_SHARE if is_weekend(day) else size
        for feed in (NIGHTLY,) if day == period.today else (NIGHTLY, *DAYTIME):
            count = 1 if is_weekend(day) else ceil(len(feed.times) * min(size, 1))
            for at in feed.times[:count]:
                batch = PlannedBatch(feed, day, period, share)
                yield SampleEvent(datetime.combine(day, at, UTC), partial(batch.send, service, book))


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """One batch of a feed; its customers are made when it is sent, after those of the batches before."""

    feed: Feed
    day: date
    period: SamplePeriod
    share: float

    @property
    def requester(self) -> str:
        return REQUESTERS[self.feed.sender]

    def send(self, service: SampleService, book: CustomerBook) -> None:
        is_nightly = self.feed is NIGHTLY
        count = max(round(book.random.randint(*self.feed.customers) * self.share), 1)
        accepted = [self._make_new(book)] if is_nightly else []  # no day is without any
        refused = [self._make_mistaken(book)] if is_nightly else []
        for _ in range(count):
            chance = book.random.random()
            if chance < _MISTAKEN:
                refused.append(self._make_mistaken(book))
            elif chance < _MISTAKEN + _OUT_OF_TURN:
                refused.append(self._make_out_of_turn(book))
            else:
                accepted.append(self._make(book, is_doubtful=chance > 1 - _DOUBTFUL))
        if self._sends_unknown_code():
            accepted, refused = [], [*accepted, *refused]
        customers = [*accepted, *refused]
        book.random.shuffle(customers)
        service.send(self.feed.sender, customers, refused=len(refused))
        for customer in accepted:
            book.accept(customer)

    def _make(self, book: CustomerBook, *, is_doubtful: bool) -> Customer:
        if not self._sends_unknown_code() and book.random.random() < _UPDATES:
            earlier = book.choose(self.feed.unit)
            if earlier is not None:
                return make_update(earlier, book, self.day, self.requester)
        customer = self._make_new(book)
        if is_doubtful:
            add_flaw(customer, DOUBTS, book.random)
        return customer

    def _make_new(self, book: CustomerBook) -> Customer:
        feed = self.feed
        customer = book.maker.make(self.requester, feed.unit, self.day, individuals=feed.individuals)
        if feed.sender == CARDS and self.day >= self.period.new_code_sent:
            customer["listOrderedService"] = [{"serviceType": DEBIT_CARD.code}]
        return customer

    def _make_mistaken(self, book: CustomerBook) -> Customer:
        customer = self._make_new(book)
        add_flaw(customer, MISTAKES, book.random)
        return customer

    def _make_out_of_turn(self, book: CustomerBook) -> Customer:
        """A valid customer that is refused because of what the installation has or lacks: O005 or C004."""
        customer, earlier = self._make_new(book), book.choose(self.feed.unit)
        chance = book.random.random()
        if earlier is not None and chance < 0.5:
            customer["communicationNumber"] = earlier["communicationNumber"]
        elif earlier is not None and chance < 0.75:
            customer["customerExtId"] = earlier["customerExtId"]
        else:
            customer |= {"action": "UPDATE", "customerExtId": f"{customer['customerExtId']}-OLD"}
        return customer

    def _sends_unknown_code(self) -> bool:
        """Cards send a new service type before the installation has it."""
        return self.feed.sender == CARDS and self.period.new_code_sent <= self.day < self.period.new_code_added


def make_update(earlier: Customer, book: CustomerBook, day: date, requester: str) -> Customer:
    """The whole customer with one change, as UPDATE wants it."""
    random = book.random
    customer: Customer = copy.deepcopy(earlier)
    customer |= {"action": "UPDATE", "communicationNumber": book.maker.make_number(day), "requester": requester}
    address: dict[str, Any] = customer["listAddress"][0]
    match random.randrange(4):
        case 0:
            customer["listAddress"] = [find_origin(address["country"]).make_address(random, address["addressType"])]
        case 1:
            customer["riskLevel"] = "MEDIUM" if customer["riskLevel"] == "LOW" else "LOW"
        case 2:
            customer["listContact"][1]["contactDetails"] = book.maker.make_telephone()
        case _:
            customer["customerStatus"] = "SUSPENDED" if customer["customerStatus"] == "ACTIVE" else "ACTIVE"
    return customer
