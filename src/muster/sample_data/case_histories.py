"""Customers whose history is worth reading, from `case_histories.toml`: several versions, refused messages between."""

import copy
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.resources import files
from typing import Any

import msgspec

from muster.sample_data.accounts import HEAD_OFFICE, REQUESTERS
from muster.sample_data.book import CustomerBook
from muster.sample_data.customers import Customer
from muster.sample_data.names import find_origin
from muster.sample_data.schedule import SampleEvent, SamplePeriod, to_moment
from muster.sample_data.service import SampleService


@dataclass(frozen=True, slots=True)
class CaseStep:
    """A message about the customer; `refused` is the errorCode that it gets."""

    days_ago: int
    time: tuple[int, int]  # hour, minute
    sender: str
    changes: dict[str, Any] = field(default_factory=dict)
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """A customer, and the messages about it. Fields that are not given are made."""

    ext_id: str
    entity_type: str
    country: str
    steps: tuple[CaseStep, ...]
    fields: dict[str, Any] = field(default_factory=dict)
    unit: str = HEAD_OFFICE


@cache
def read_case_histories() -> tuple[CaseHistory, ...]:
    text = files("muster.sample_data").joinpath("case_histories.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text)["case"], tuple[CaseHistory, ...])


def plan_case_histories(service: SampleService, book: CustomerBook, period: SamplePeriod) -> Iterator[SampleEvent]:
    """The messages about all of these customers."""
    for case in read_case_histories():
        sender = _CaseSender(case, service, book, period)
        for step in case.steps:
            yield SampleEvent(to_moment(period.get_day(step.days_ago), *step.time), partial(sender.send, step))


class _CaseSender:
    """Sends the messages about one customer, and remembers its accepted version."""

    def __init__(self, case: CaseHistory, service: SampleService, book: CustomerBook, period: SamplePeriod) -> None:
        self._case = case
        self._service = service
        self._book = book
        self._period = period
        self._accepted: Customer | None = None

    def send(self, step: CaseStep) -> None:
        day = self._period.get_day(step.days_ago)
        customer = self._make() if self._accepted is None else {**copy.deepcopy(self._accepted), "action": "UPDATE"}
        customer |= {
            "communicationNumber": self._book.maker.make_number(day),
            "requester": REQUESTERS[step.sender],
            **step.changes,
        }
        if customer["customerStatus"] == "CLOSED":
            customer["closingDate"] = day.isoformat()
        result = self._service.send(step.sender, [customer], refused=0 if step.refused is None else 1)
        assert step.refused is None or step.refused in result.codes, f"{self._case.ext_id}: {dict(result.codes)}"
        if step.refused is None:
            self._accepted = customer

    def _make(self) -> Customer:
        case, maker = self._case, self._book.maker
        make = maker.make_individual if case.entity_type == "INDIVIDUAL" else maker.make_organization
        first_day = self._period.get_day(case.steps[0].days_ago)
        return {
            **make(find_origin(case.country), "", case.unit, first_day),
            "customerExtId": case.ext_id,
            **case.fields,
        }
