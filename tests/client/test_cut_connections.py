"""A short run of `make faults`: connections are cut at any byte, and no customer is lost or saved twice."""

from collections.abc import Iterator

import pytest

from faults.client_load import save_until_cut
from faults.http_proxy import CutPoint, Direction, HttpProxy, RandomCuts, run_http_proxy
from muster_client import Client, RetryPolicy
from tests.samples import individual
from tests.serving import Api

CUTS = 30


def test_no_customer_is_lost_or_saved_twice(api: Api) -> None:
    with run_http_proxy(api.port, RandomCuts(1)) as proxy:
        saved = save_until_cut(proxy, api.token, CUTS, clients=2, seed=1)
    assert saved.errors == []
    assert saved.compare(api.sql) == {"lost": 0, "twice": 0, "untold": 0}
    assert len(saved.accepted) > 0
    assert proxy.cuts.total() >= CUTS


@pytest.mark.parametrize("byte", [0, 1, 17, 200, 400])
def test_save_whose_response_is_cut_is_replayed(api: Api, byte: int) -> None:
    cuts: Iterator[CutPoint | None] = iter([CutPoint(Direction.RESPONSE, byte)] * 3)
    with run_http_proxy(api.port, lambda: next(cuts, None)) as proxy:
        retry = RetryPolicy(first_pause=0.0)
        with Client(f"http://127.0.0.1:{proxy.port}", token=api.token, retry=retry, verify=False) as client:
            result = client.save([individual() for _ in range(5)])
    assert result.accepted == 5
    assert result.is_replay or byte == 0  # the service may not have got a request of a connection that ends at once
    assert proxy.cuts[Direction.RESPONSE] == 3


def test_proxy_without_cuts_changes_nothing(api: Api) -> None:
    with run_http_proxy(api.port, lambda: None) as proxy, connect_through(proxy, api.token) as client:
        assert client.save([individual()]).accepted == 1
    assert proxy.cuts.total() == 0


def connect_through(proxy: HttpProxy, token: str) -> Client:
    return Client(f"http://127.0.0.1:{proxy.port}", token=token, verify=False)
