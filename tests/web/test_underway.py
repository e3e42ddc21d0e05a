"""Requests of one user at the same time."""

import json

import pytest

from muster.web.exchange import Exchange
from muster.web.pool import Busy, Pool
from muster.web.underway import MOST_REMEMBERED, Places, TooManyRequests, Underway
from tests.web.fakes import BATCH, TOKEN, FakeIntake, Gate, application
from tests.web.server import Wire, serving


def exchange(user: str | None = None) -> Exchange:
    made = Exchange({"type": "http", "scheme": "http", "method": "GET", "path": "/", "headers": []}, None, None)  # type: ignore[typeddict-item, arg-type]
    made.user = user
    return made


def recognised(underway: Underway, authorization: bytes, user: str) -> None:
    """These credentials were found right once."""
    underway.enter(authorization, exchange(user))()


def test_one_more_than_a_user_may_have_is_refused_until_one_is_over():
    underway = Underway(2)
    leave = [underway.enter(b"anna", exchange()) for _ in range(2)]
    with pytest.raises(TooManyRequests):
        underway.enter(b"anna", exchange())
    underway.enter(b"tom", exchange())
    leave[0]()
    underway.enter(b"anna", exchange())


def test_all_credentials_of_a_user_count_together_once_they_were_right():
    underway = Underway(1)
    for authorization in (b"token 1", b"token 2"):
        recognised(underway, authorization, "anna")
    leave = underway.enter(b"token 1", exchange("anna"))
    with pytest.raises(TooManyRequests):
        underway.enter(b"token 2", exchange())
    leave()
    underway.enter(b"token 2", exchange())


def test_nobody_uses_up_what_belongs_to_another():
    underway = Underway(1)
    recognised(underway, b"anna with the right password", "anna")
    underway.enter(b"anna with a wrong password", exchange())
    underway.enter(b"anna with the right password", exchange("anna"))


def test_what_is_over_is_forgotten_and_what_is_remembered_has_a_limit():
    underway = Underway(1)
    for number in range(MOST_REMEMBERED + 5):
        recognised(underway, b"%d" % number, "anna")
        underway.enter(b"wrong %d" % number, exchange())()
    assert (len(underway._counts), len(underway._users)) == (0, MOST_REMEMBERED)


def test_a_request_that_finds_no_place_is_not_counted():
    places = Places(Pool(1, 0), Underway(1))
    with places.place(b"tom", exchange()):
        for _ in range(3):
            with pytest.raises(Busy):
                places.place(b"anna", exchange())
        with pytest.raises(TooManyRequests):
            places.place(b"tom", exchange())
    with places.place(b"anna", exchange()):
        pass


@pytest.mark.parametrize("content", [BATCH, b" " * 300_000 + BATCH])
def test_it_is_429_at_once_and_others_come_in(content: bytes):
    gate = Gate()
    with (
        serving(application(FakeIntake(gate), threads=2, queue=8, user_requests=2)) as port,
        Wire(port) as first,
        Wire(port) as second,
        Wire(port) as third,
        Wire(port) as other,
    ):
        first.post(content)
        second.post(content)
        gate.wait_for_entry()
        gate.wait_for_entry()
        status, headers, answered = third.post(content).answer()
        assert (status, json.loads(answered)["error"], headers["retry-after"]) == (429, "Too Many Requests", "1")
        other.head(path="/api/v1/batches", method="GET", authorization=b"Bearer " + TOKEN.encode())
        gate.opened.set()
        assert [wire.answer()[0] for wire in (first, second, other)] == [200] * 3
        assert first.post(content).answer()[0] == 200


def test_a_client_that_hangs_up_is_counted_while_its_work_runs():
    gate = Gate()
    with serving(application(FakeIntake(gate), threads=2, queue=8, user_requests=1)) as port:
        with Wire(port) as gone:
            gone.post(BATCH)
            gate.wait_for_entry()
        with Wire(port) as wire:
            assert wire.post(BATCH).answer()[0] == 429
            gate.opened.set()
