"""Random requests find nothing wrong with the application, and find the failures of a faulty one."""

from collections.abc import Callable
from random import Random

from fuzzing import clients
from fuzzing.clients import ResponseLog
from fuzzing.requests import RequestGenerator
from tests.web.fakes import TOKEN, FakeIntake, FakeVerifier, application
from tests.web.server import serving

SEED = 20_240_527
SECONDS = 2.0


def run_clients(process: Callable[[bytes], object]) -> ResponseLog:
    with serving(application(FakeIntake(process), FakeVerifier())) as port:
        return clients.run(port, TOKEN, SECONDS, SEED)


def test_every_valid_request_gets_a_valid_response() -> None:
    log = run_clients(lambda content: None)
    assert log.failures == []
    assert {200, 400, 401, 404, 405} <= log.statuses.keys()


def test_server_error_is_detected() -> None:
    def fail(content: bytes) -> None:
        raise KeyError

    log = run_clients(fail)
    assert log.statuses[500] > 0
    assert log.failures
    assert all(failure.startswith("the status 500") for failure in log.failures)


def test_excerpt_of_a_request_hides_the_token() -> None:
    requests = RequestGenerator("mst_secret", Random(SEED))
    excerpts = [requests.generate().excerpt for _ in range(100)]
    assert any("Bearer ..." in excerpt for excerpt in excerpts)
    assert not any("mst_secret" in excerpt for excerpt in excerpts)
