"""The dry run of a whole file answers what loading it answers, on both databases."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muster.intake.checkpoint import Totals
from muster.loads.load_store import LoadState
from muster.loads.row_errors import NOT_JSON
from muster.loads.rows import RowProblem
from muster.storage import Storage
from tests.loads.file_fakes import ListSource, begin_load, make_runner, read_refused, run_load
from tests.samples import individual, organization

Answer = tuple[LoadState, Totals, list[Any], str | None]

UNITS = ("MAIN", "NORTH")

# The examples share one database. Every example has unique identifiers.
with_one_database = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@st.composite
def customers(draw: st.DrawFn, prefix: str) -> Any:
    """Customers with few numbers and few identifiers, so that they conflict in every way, also across chunks."""
    changes: dict[str, Any] = {
        "communicationNumber": f"{prefix}-{draw(st.integers(0, 9))}",
        "customerExtId": f"{prefix}-{draw(st.integers(0, 4))}",
        "action": draw(st.sampled_from(["CREATE", "UPDATE", "UPDATE", None, "DELETE"])),
        "businessUnit": draw(st.sampled_from(["MAIN", "MAIN", None, "NORTH"])),
        "citizenshipCountry": draw(st.sampled_from(["LT", "LT", "LT", "XX"])),
    }
    if draw(st.booleans()):
        changes["isPep"] = True
    return draw(st.sampled_from([individual, organization]))(**changes)


@st.composite
def files(draw: st.DrawFn) -> tuple[list[Any], ListSource, dict[str, Any]]:
    """Customers that the database has already, a file, and the options of its load."""
    prefix = uuid4().hex
    before = draw(st.lists(customers(prefix), max_size=4))
    values: list[Any] = draw(
        st.lists(customers(prefix) | st.sampled_from([None, "?", [], 7]), min_size=12, max_size=25)
    )
    broken_rows = draw(st.sets(st.integers(1, 25), max_size=3))
    source = ListSource(
        values,
        breaks_at=draw(st.none() | st.integers(1, 30)),
        problems={number: (RowProblem(NOT_JSON),) for number in broken_rows},
    )
    options = {
        "chunk_rows": draw(st.sampled_from([1, 2, 3, 7, 10_000])),
        "upsert": draw(st.booleans()),
        "reject_unknown": draw(st.booleans()),
        "min_accepted_percent": draw(st.sampled_from([0, 0, 0, 50, 100])),
    }
    return before, source, options


def load(storage: Storage, source: ListSource, **options: Any) -> Answer:
    runner = make_runner(storage.customers, storage.loads, *UNITS)
    ended = run_load(runner, begin_load(storage.loads, **options), source)
    refused = [(row.number, row.raw, row.codes, row.errors) for row in read_refused(storage.loads, ended)]
    return ended.state, ended.totals, refused, ended.problem


@with_one_database
@given(file=files())
def test_dry_run_answers_what_the_load_answers(shared_storage: Storage, file: tuple[Any, ListSource, Any]) -> None:
    before, source, options = file
    load(shared_storage, ListSource(before), upsert=True)
    dry_state, dry_totals, dry_refused, _ = load(shared_storage, source, **options, dry_run=True)
    again = load(shared_storage, source, **{**options, "chunk_rows": 4}, dry_run=True)
    assert again[:3] == (dry_state, dry_totals, dry_refused)
    state, totals, refused, problem = load(shared_storage, source, **options)
    assert (state, refused) == (dry_state, dry_refused)
    if problem is not None and "nothing was loaded" in problem:
        assert (totals.rows, totals.accepted, totals.codes) == (dry_totals.rows, 0, dry_totals.codes)
    else:
        assert totals == dry_totals


@pytest.mark.parametrize("chunk_rows", [1, 2, 10_000])
@pytest.mark.parametrize(
    ("upsert", "expected"), [(False, [None, "O005", "C004", None, "C004"]), (True, [None, "O005", None, None, "C004"])]
)
def test_a_dry_run_sees_the_numbers_and_the_customers_of_earlier_chunks(
    shared_storage: Storage, chunk_rows: int, upsert: bool, expected: list[str | None]
) -> None:
    prefix = uuid4().hex
    rows = [("n1", "c1", None), ("n1", "c2", None), ("n2", "c1", None), ("n3", "c1", "UPDATE"), ("n4", "c9", "UPDATE")]
    source = ListSource(
        [
            individual(communicationNumber=f"{prefix}-{number}", customerExtId=f"{prefix}-{ext_id}", action=action)
            for number, ext_id, action in rows
        ]
    )
    dry_run = load(shared_storage, source, chunk_rows=chunk_rows, upsert=upsert, dry_run=True)
    codes = {number: codes[0] for number, _, codes, _ in dry_run[2]}
    first = min(codes) - expected.index("O005")
    assert [codes.get(first + index) for index in range(len(rows))] == expected
    assert load(shared_storage, source, chunk_rows=chunk_rows, upsert=upsert)[:3] == dry_run[:3]
