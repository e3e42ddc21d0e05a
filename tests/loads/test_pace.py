"""Loads give way to requests."""

import io
import sys

from muster.intake.checkpoint import START
from muster.loads.pace import Pace
from tests.loads.service_fakes import LineSource


def count_pauses(rows: int, *, is_busy: bool) -> int:
    pauses: list[float] = []
    content = b"row\n" * rows
    source = Pace(lambda: is_busy, pauses.append).wrap(LineSource(io.BytesIO(content), len(content)))
    assert len(list(source.rows(START))) == rows
    return len(pauses)


def test_a_load_pauses_every_few_rows_while_requests_are_at_work() -> None:
    assert count_pauses(1_000, is_busy=False) == 0
    assert count_pauses(1_000, is_busy=True) == 10


def test_the_paced_source_is_the_source_otherwise() -> None:
    inner = LineSource(io.BytesIO(b"a\nb\n"), 4)
    source = Pace().wrap(inner)
    (first, second) = source.rows(START)
    assert (source.layout, source.size, source.bytes_read) == (inner.layout, 4, 4)
    assert source.position_after(first) == inner.position_after(first)
    assert source.sha256() == inner.sha256()
    assert list(source.rows(source.position_after(first))) == [second]
    source.close()
    assert inner.is_closed


def test_threads_take_turns_more_often_while_a_load_runs() -> None:
    usual, pace = sys.getswitchinterval(), Pace()
    with pace.running():
        with pace.running():
            assert sys.getswitchinterval() < usual
        assert sys.getswitchinterval() < usual
    assert sys.getswitchinterval() == usual
