"""What a service says of a load, in the terms of the command."""

from dataclasses import replace
from uuid import UUID

import pytest

from muster.cli.load_info import UploadedFile, make_key, to_load
from muster.loads.load_store import LoadOptions
from muster.loads.rows import Layout
from muster_client import LoadInfo, RefusedCode

OPTIONS = LoadOptions(mapping={"fields": {"a": "A", "b": "B"}})


def make_info(rows: int, bytes_read: int, state: str = "running") -> LoadInfo:
    return LoadInfo(id=UUID(int=1), name="c.csv", state=state, rows=rows, bytes_read=bytes_read)


def follow(*infos: LoadInfo) -> list[int]:
    file = UploadedFile(Layout("csv"), 1_000, make_info(0, 0, "waiting"))
    read = []
    for info in infos:
        file.update(info)
        read.append(file.bytes_read)
    return read


def test_bytes_are_told_by_rows_between_the_notes_of_the_service() -> None:
    infos = make_info(0, 100), make_info(20, 100), make_info(40, 300), make_info(50, 300), make_info(100, 1_000)
    assert follow(*infos) == [0, 0, 400, 500, 1_000]


def test_bytes_begin_anew_when_the_file_was_judged_and_end_with_the_load() -> None:
    infos = make_info(10, 100), make_info(30, 200), make_info(5, 50), make_info(90, 1_000, "completed")
    assert follow(*infos) == [0, 300, 0, 1_000]


def test_texts_of_a_service_can_not_steer_the_terminal() -> None:
    code = RefusedCode("C\x1b[2J", 1, "\x1b]0;title\x07", 2, "A\r2")
    info = LoadInfo(id=UUID(int=1), name="c.csv", state="failed", codes=(code,), problem="\x9b2J")
    load = to_load(info, OPTIONS, Layout("csv"))
    [count] = load.totals.codes
    assert all(text and text.isprintable() for text in (count.code, count.description, count.cell, load.problem))


def test_same_content_with_the_same_options_has_the_same_key() -> None:
    same = replace(OPTIONS, chunk_rows=7, mapping={"fields": {"b": "B", "a": "A"}})
    assert make_key(b"x", OPTIONS, 1) == make_key(b"x", same, 1)


@pytest.mark.parametrize("change", [{"upsert": True}, {"encoding": "cp1257"}, {"mapping": None}])
def test_other_options_have_another_key(change: dict[str, object]) -> None:
    assert make_key(b"x", OPTIONS, 1) != make_key(b"x", replace(OPTIONS, **change), 1)  # type: ignore[arg-type]
    assert len({make_key(b"x", OPTIONS, 1), make_key(b"y", OPTIONS, 1), make_key(b"x", OPTIONS, 2)}) == 3


def test_a_file_has_the_key_that_earlier_versions_gave_it() -> None:
    """Else a file that was loaded by them would be loaded once more."""
    options = LoadOptions(mapping={"b": {"z": 1, "a": 2}, "a": [1]}, encoding="cp1257", chunk_rows=5)
    digest = "c70c94262380843b2726b08476fa885775e973096d1804ec82b60469187e1b8a"
    assert make_key(b"x" * 32, options, 1) == f"muster-load-{digest}-1"
