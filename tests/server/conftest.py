"""Fixtures for the server."""

from collections.abc import Iterator

import pytest

from tests.cli.conftest import certificate, muster, start
from tests.forked_server import ForkedServer, forked_server
from tests.server.probe import Probe

__all__ = ["certificate", "muster", "start"]


@pytest.fixture(scope="module")
def probe() -> Probe:
    """The application behind `server`."""
    return Probe()


@pytest.fixture(scope="module")
def server(probe: Probe) -> Iterator[ForkedServer]:
    """A server with the bounds of `muster serve`, one for all tests of a module."""
    with forked_server(lambda: probe) as server:
        yield server
