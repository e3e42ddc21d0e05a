"""Adds the sample to a database, event by event in the order of time."""

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Final

from muster.sample_data.accounts import SampleUsers, add_accounts, make_sample_users
from muster.sample_data.activity import note_token_uses, plan_activity
from muster.sample_data.book import CustomerBook
from muster.sample_data.case_histories import plan_case_histories
from muster.sample_data.feeds import plan_feeds
from muster.sample_data.files import plan_files
from muster.sample_data.schedule import SampleEvent, SamplePeriod
from muster.sample_data.service import SampleService, open_sample_service
from muster.storage import Storage

_SEED: Final = 2718281828


def add_sample_data(store: Storage, today: date, *, size: float = 1.0, password: str | None = None) -> SampleUsers:
    """Fills an empty, migrated database with the 30 days before `today`, and the first minute of `today` (UTC).

    The same day gives the same customers, messages, rejections and entries. Ids of batches, loads and tokens, the
    password and measured times differ. `size` multiplies the customers of each batch and file: with 1, there are some
    2,500 customers in 240 batches, which take 1.2 s of CPU time. `password` is that of all users who can sign in; None
    stands for a random one.
    """
    users, period = make_sample_users(password), SamplePeriod(today)
    with open_sample_service(store, period.days[0]) as service:
        add_accounts(service, users)
        for event in sorted(_plan(service, users, period, size), key=lambda event: event.at):
            service.clock.set(event.at)
            event.run()
        note_token_uses(service)
    return users


def _plan(service: SampleService, users: SampleUsers, period: SamplePeriod, size: float) -> Iterator[SampleEvent]:
    book = CustomerBook(Random(_SEED))  # noqa: S311 - not for secrets
    yield from plan_feeds(service, book, period, size)
    yield from plan_case_histories(service, book, period)
    yield from plan_files(service, book, users, period, size)
    yield from plan_activity(service, users, period)
