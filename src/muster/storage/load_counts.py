"""Numbers of loads by their state, from the index of the state."""

from sqlalchemy import ColumnElement, Engine, func, select

from muster.loads.load_store import LoadState
from muster.storage.errors import scrub_errors
from muster.storage.tables import loads

_OPEN: tuple[str, ...] = (LoadState.RECEIVING.value, LoadState.WAITING.value, LoadState.RUNNING.value)


class SqlLoadCounter:
    """A `LoadCounter`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count_open(self, sender: str) -> int:
        return self._count(loads.c.state.in_(_OPEN), loads.c.sender == sender)

    def count_waiting(self) -> int:
        return self._count(loads.c.state == LoadState.WAITING.value)

    @scrub_errors
    def _count(self, *conditions: ColumnElement[bool]) -> int:
        with self._engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(loads).where(*conditions)).scalar_one()
