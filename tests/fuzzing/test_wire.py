"""Requests by chance: a sound application stands them, and one that is not is seen."""

from collections.abc import Callable
from random import Random

from fuzzing import wire
from fuzzing.requests import Requests
from fuzzing.wire import Seen
from tests.web.fakes import TOKEN, FakeAccess, FakeIntake, application
from tests.web.server import serving

SEED = 20_240_527
SECONDS = 2.0


def seen_of(does: Callable[[bytes], object], broken: bool = False) -> Seen:
    with serving(application(FakeIntake(does), FakeAccess(broken))) as port:
        return wire.run(port, TOKEN, SECONDS, SEED)


def test_whatever_is_sent_gets_an_answer() -> None:
    seen = seen_of(lambda content: None)
    assert seen.wrong == []
    assert {200, 400, 401, 404, 405} <= seen.statuses.keys()


def test_an_answer_of_500_is_seen() -> None:
    seen = seen_of(lambda content: {}["nothing"])
    assert seen.statuses[500] > 0
    assert all(told.startswith("the status 500") for told in seen.wrong)
    assert seen.wrong


def test_what_is_told_of_a_request_does_not_tell_its_token() -> None:
    requests = Requests("mst_secret", Random(SEED))
    told = [requests.next().shown for _ in range(100)]
    assert any("Bearer ..." in shown for shown in told)
    assert not any("mst_secret" in shown for shown in told)
