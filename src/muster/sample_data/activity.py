"""What people do in the sample: sign in, read, and administer. Each leaves an entry in the audit log."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from muster.audit.events import Action, AuditEvent
from muster.auth.read_audit import RefusalReason
from muster.auth.user_events import build_user_event
from muster.auth.users import Role
from muster.sample_data.accounts import (
    BRANCH,
    CARDS,
    DEBIT_CARD,
    HEAD_OFFICE,
    REQUESTERS,
    SampleUsers,
    add_codes,
    add_token,
)
from muster.sample_data.schedule import SampleEvent, SamplePeriod, to_moment
from muster.sample_data.service import BRANCH_ADDRESS, OFFICE_ADDRESS, UNKNOWN_ADDRESS, SampleService

_FAILURES: Final = 3


def plan_activity(service: SampleService, users: SampleUsers, period: SamplePeriod) -> Iterator[SampleEvent]:
    people = _People(service, users)

    def on(days_ago: int, hour: int, minute: int, run: Callable[[], object]) -> SampleEvent:
        return SampleEvent(to_moment(period.find_working_day(days_ago), hour, minute), run)

    yield on(21, 9, 30, people.limit_reader)
    yield SampleEvent(to_moment(period.new_code_added, 8, 55), people.add_service_type)
    yield on(15, 17, 5, people.disable_former)
    yield on(12, 14, 2, partial(people.compare_versions, "SAMPLE-PEP-REVIEW"))
    yield on(11, 10, 15, people.replace_token)
    yield on(8, 9, 12, partial(people.compare_versions, "SAMPLE-OWNER-CHANGE"))
    yield on(7, 3, 14, people.fail_to_sign_in)
    yield on(4, 16, 10, partial(people.compare_versions, "SAMPLE-PEP-REVIEW"))
    yield on(3, 9, 2, partial(people.look_up, "SAMPLE-FOURTH-ATTEMPT"))
    yield on(3, 11, 33, people.ask_for_another_unit)
    yield on(1, 8, 30, partial(people.look_up, "SAMPLE-OWNER-CHANGE"))


class _People:
    def __init__(self, service: SampleService, users: SampleUsers) -> None:
        self._service = service
        self._users = users

    def limit_reader(self) -> None:
        self._service.administer(self._users.admin).set_rights(self._users.reader, Role.READ, (BRANCH,))

    def add_service_type(self) -> None:
        """From now on, the customers of cards are accepted."""
        add_codes(self._service, self._users.admin, DEBIT_CARD)

    def disable_former(self) -> None:
        self._service.administer(self._users.admin).disable_user(self._users.former)

    def replace_token(self) -> None:
        old = self._service.store.users.tokens(CARDS)[-1]
        add_token(self._service, self._users.admin, CARDS)
        self._service.administer(self._users.admin).revoke_token(old.id, self._service.clock())

    def compare_versions(self, ext_id: str) -> None:
        """The compliance officer reads old and new values."""
        user = self._service.sign_in(self._users.compliance, OFFICE_ADDRESS)
        self._service.records.history(ext_id, HEAD_OFFICE, user, below=None, limit=10, with_values=True)

    def look_up(self, ext_id: str) -> None:
        self._service.records.customer(
            ext_id, HEAD_OFFICE, self._service.sign_in(self._users.compliance, OFFICE_ADDRESS), at=None
        )

    def fail_to_sign_in(self) -> None:
        details = {"address": UNKNOWN_ADDRESS, "scheme": "Basic"}
        for _ in range(_FAILURES):
            self._service.store.audit.append(AuditEvent("", Action.SIGN_IN_REFUSED, self._users.admin, details))

    def ask_for_another_unit(self) -> None:
        """The service writes such entries in a thread of its own; here it has to be in the order of time."""
        user = self._service.sign_in(self._users.reader, BRANCH_ADDRESS)
        details = {"resource": "customer", "reason": RefusalReason.BUSINESS_UNIT.value}
        event = build_user_event(user, Action.READ_REFUSED, "SAMPLE-PEP-REVIEW", details)
        self._service.store.audit.append(event)


def note_token_uses(service: SampleService) -> None:
    """The senders have just used their tokens."""
    store, now = service.store.users, service.clock()
    for sender in REQUESTERS:
        for token in store.tokens(sender):
            if token.revoked_at is None:
                store.record_token_use(token.id, now, interval=now - token.created_at)
