"""Downloads of loads that end early: by the client, and by an error."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import httpx
import msgspec
import pytest

from muster.auth.users import User
from muster.loads.reading import LoadReader
from muster.loads.service import LoadService
from tests.serving import connect
from tests.web.fakes import ANNA, BATCH_ID, WATCHER, application, make_load_service
from tests.web.reading import series_in, value
from tests.web.server import serving

Groups = Iterator[Sequence[msgspec.Raw]]
PATH = f"/api/v1/loads/{BATCH_ID}/results"
GROUP = [msgspec.Raw(b'{"text":"%s"}' % (b"x" * 1_000))] * 100


def serve_results(make: Callable[[], Groups]) -> LoadService:
    """The use case of loads, in which every load has these results."""

    class Reader(LoadReader):
        def __init__(self) -> None: ...

        def results(self, load_id: UUID, user: User) -> Groups:
            return make()

    return replace(make_load_service(), reader=Reader())


def count_slots(client: httpx.Client) -> float:
    return value(series_in(client.get("/metrics", auth=WATCHER).text), "muster_pool_slots_in_use", pool="files")


@contextmanager
def downloading(make: Callable[[], Groups]) -> Iterator[httpx.Client]:
    with serving(application(loads=serve_results(make))) as port, connect(port) as client:
        yield client


def endless() -> Groups:
    while True:
        yield GROUP


def broken() -> Groups:
    yield GROUP
    raise RuntimeError("Garcia")


def test_results_are_lines() -> None:
    with downloading(lambda: iter([GROUP, GROUP])) as client:
        response = client.get(PATH, auth=ANNA)
        assert response.headers["Content-Type"] == "application/x-ndjson"
        assert [bytes(line) for line in response.content.splitlines()] == [bytes(result) for result in GROUP * 2]
        assert client.head(PATH, auth=ANNA).content == b""


def test_a_client_that_goes_away_frees_its_slot() -> None:
    with downloading(endless) as client:
        with client.stream("GET", PATH, auth=ANNA) as response:
            pieces = response.iter_raw()  # httpx closes the connection when this is collected
            next(pieces)
            assert count_slots(client) == 1
        while count_slots(client):
            pass


def test_an_error_cuts_the_response_off_so_that_it_is_not_taken_for_whole() -> None:
    with downloading(broken) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(PATH, auth=ANNA)
        assert count_slots(client) == 0
