"""The runner: exactly once from the checkpoint to the end, refused rows, broken files, stops and lost commits."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from muster.intake.checkpoint import LeaseLostError
from muster.intake.customer_store import Batch, CommitOutcome, ConflictError, LostCommitError
from muster.intake.large_body import ResponseBody
from muster.intake.write_plan import build_write_plan
from muster.loads.load_store import Load, LoadState
from muster.loads.row_errors import NOT_JSON, TOO_MANY_CELLS
from muster.loads.rows import FileChangedError, RowProblem
from tests.loads.fakes import MemoryLoadStore
from tests.loads.file_fakes import (
    ListSource,
    MemoryLoadingStore,
    begin_load,
    lease_load,
    make_runner,
    read_refused,
    run_load,
)
from tests.samples import individual
from tests.storage.samples import AT, build_customer

CHUNK = 3


@dataclass
class Bench:
    """A runner in memory."""

    loads: MemoryLoadStore = field(default_factory=MemoryLoadStore)

    def __post_init__(self) -> None:
        self.customers = MemoryLoadingStore(self.loads)
        self.runner = make_runner(self.customers, self.loads)

    def run(self, source: ListSource, load: Load | None = None, **options: Any) -> Load:
        load = load or begin_load(self.loads, **{"chunk_rows": CHUNK, **options})
        return run_load(self.runner, load, source)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def build_customers(count: int) -> list[Any]:
    return [individual() for _ in range(count)]


def test_all_rows_are_saved_in_the_order_of_the_file(bench: Bench) -> None:
    customers = build_customers(8)
    ended = bench.run(ListSource(customers))
    assert ended.state is LoadState.COMPLETED
    assert (ended.totals.rows, ended.totals.accepted, ended.totals.refused) == (8, 8, 0)
    saved = [customer.communication_number for batch in bench.customers.batches for customer in batch.plan.accepted]
    assert saved == [customer["communicationNumber"] for customer in customers]
    assert [len(batch.plan.accepted) for batch in bench.customers.batches] == [3, 3, 2]


def test_empty_file_is_loaded_whole(bench: Bench) -> None:
    ended = bench.run(ListSource([]))
    assert (ended.state, ended.totals.rows, bench.customers.batches) == (LoadState.COMPLETED, 0, [])


def test_refused_row_is_kept_with_all_errors_in_words(bench: Bench) -> None:
    wrong = individual(citizenshipCountry="XX", customerStatus="ASLEEP")
    source = ListSource([individual(), wrong])
    ended = bench.run(source)
    [refused] = read_refused(bench.loads, ended)
    assert (refused.number, refused.cells) == (2, None)
    assert refused.raw.startswith("{")
    assert len(refused.codes) == len(refused.errors) == 2
    assert any(error.startswith("/citizenshipCountry: ") and "(expected: " in error for error in refused.errors)


def test_error_names_its_cell_and_its_header(bench: Bench) -> None:
    good, bad = individual(), individual(citizenshipCountry="XX")
    header = tuple(good)
    source = ListSource([list(map(str, customer.values())) for customer in (good, bad)], header)
    ended = bench.run(source)
    [refused] = read_refused(bench.loads, ended)
    column = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[header.index("citizenshipCountry")]
    assert refused.errors[0].startswith(f"{column}3 citizenshipCountry: ")
    [counted] = ended.totals.codes
    assert (counted.count, counted.first_row, counted.cell) == (1, 3, f"{column}3")


@pytest.mark.parametrize(("field", "value"), [("listAddress[0].country", "XX"), ("firstName", "Other")])
def test_error_of_a_customer_of_several_rows_names_the_row_of_the_cell(bench: Bench, field: str, value: str) -> None:
    customer = {**individual(), "listAddress[0].country": "LT"}
    others = customer | {"listAddress[0].country": "LV"}, customer | {field: value}
    rows = [list(map(str, row.values())) for row in (customer, *others)]
    ended = bench.run(ListSource(rows, tuple(customer)), mapping={"group_by": "customerExtId"})
    first, *_ = read_refused(bench.loads, ended)
    column = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[list(customer).index(field)]
    assert any(error.startswith(f"{column}4 {field}: ") for error in first.errors)


def test_problem_of_a_row_refuses_it_alone(bench: Bench) -> None:
    customers = build_customers(4)
    source = ListSource([*customers[:2], "?", customers[3]], problems={3: (RowProblem(NOT_JSON),)})
    ended = bench.run(source)
    assert (ended.totals.accepted, ended.totals.refused) == (3, 1)
    [refused] = read_refused(bench.loads, ended)
    assert refused.codes == (NOT_JSON.code,)
    assert refused.errors == (f"{NOT_JSON.text} (expected: {NOT_JSON.cure})",)


def test_problem_of_a_cell_names_it_and_the_batch_keeps_the_identifiers(bench: Bench) -> None:
    customer = individual()
    problem = RowProblem(TOO_MANY_CELLS, 1)
    source = ListSource([list(map(str, customer.values()))], tuple(customer), problems={2: (problem,)})
    ended = bench.run(source)
    [refused] = read_refused(bench.loads, ended)
    assert refused.errors[0].startswith(f"B2 {list(customer)[1]}: {TOO_MANY_CELLS.text}")
    [rejected] = bench.customers.batches[0].rejected
    assert rejected.communication_number == customer["communicationNumber"]
    assert rejected.violations[0][0] == TOO_MANY_CELLS.code


def test_count_of_a_code_shows_no_value(bench: Bench) -> None:
    ended = bench.run(ListSource([individual(secretField="x")]), reject_unknown=True)
    [counted] = ended.totals.codes
    assert "secretField" not in counted.description
    [refused] = read_refused(bench.loads, ended)
    assert "secretField" in refused.errors[0]


def test_load_goes_on_at_its_checkpoint_after_a_stop(bench: Bench) -> None:
    source = ListSource(build_customers(10))
    load = begin_load(bench.loads, chunk_rows=CHUNK)
    seen: list[Load] = []
    stopped = run_load(bench.runner, load, source, on_progress=seen.append, should_stop=lambda: bool(seen))
    assert stopped.state is LoadState.RUNNING
    assert 0 < stopped.position.row < 10
    ended = bench.run(source, lease_load(bench.loads, load.id))
    assert (ended.state, ended.totals.accepted) == (LoadState.COMPLETED, 10)
    assert len(bench.customers.numbers) == 10


@pytest.mark.parametrize("fails_at", range(1, 5))
def test_error_of_the_store_leaves_the_load_where_it_stands(bench: Bench, fails_at: int) -> None:
    left = iter(range(fails_at - 1, -1, -1))

    def fail(_: Batch) -> None:
        if next(left, None) == 0:
            raise OSError("the store is gone")

    bench.customers.before_save = fail
    source = ListSource(build_customers(10))
    load = begin_load(bench.loads, chunk_rows=CHUNK)
    with pytest.raises(OSError, match="gone"):
        bench.run(source, load)
    ended = bench.run(source, lease_load(bench.loads, load.id))
    assert (ended.state, ended.totals.accepted) == (LoadState.COMPLETED, 10)


def test_changed_file_is_not_gone_on_with(bench: Bench) -> None:
    customers = build_customers(10)
    load = begin_load(bench.loads, chunk_rows=CHUNK)
    seen: list[Load] = []
    run_load(bench.runner, load, ListSource(customers), on_progress=seen.append, should_stop=lambda: bool(seen))
    with pytest.raises(FileChangedError):
        bench.run(ListSource([individual(), *customers[1:]]), lease_load(bench.loads, load.id))
    stands = bench.loads.get(load.id)
    assert stands is not None
    assert stands.state is LoadState.RUNNING


def test_rows_before_a_broken_end_are_saved_and_told(bench: Bench) -> None:
    ended = bench.run(ListSource(build_customers(10), breaks_at=6))
    assert (ended.state, ended.totals.accepted) == (LoadState.FAILED, 5)
    assert ended.problem is not None
    assert "row 6 ends in the middle" in ended.problem
    assert "5 accepted rows before it are saved" in ended.problem
    assert len(bench.customers.numbers) == 5


def test_lost_lease_ends_the_run_and_saves_nothing_more(bench: Bench) -> None:
    load = begin_load(bench.loads, chunk_rows=CHUNK)

    def cancel(_: Batch) -> None:
        bench.loads.cancel(load.id)

    bench.customers.before_save = cancel
    with pytest.raises(LeaseLostError):
        bench.run(ListSource(build_customers(10)), load)
    assert bench.customers.numbers == set()


def test_conflict_with_another_sender_is_decided_again(bench: Bench) -> None:
    customers = build_customers(2)
    faster = build_customer(customers[1]["communicationNumber"])
    bench.customers.faster_batches = [Batch(UUID(int=1), AT, "other", build_write_plan([faster]))]
    ended = bench.run(ListSource(customers))
    assert (ended.totals.accepted, ended.totals.refused) == (1, 1)
    assert [counted.code for counted in ended.totals.codes] == ["O005"]
    assert [row.number for row in read_refused(bench.loads, ended)] == [2]


@pytest.mark.parametrize("row", [4, 5, 12])
def test_number_of_an_earlier_chunk_is_refused_in_a_chunk_that_was_prepared_before_that_was_saved(
    bench: Bench, row: int
) -> None:
    customers = build_customers(12)
    customers[row - 1]["communicationNumber"] = customers[0]["communicationNumber"]
    ended = bench.run(ListSource(customers))
    assert (ended.totals.accepted, ended.totals.refused) == (11, 1)
    assert [(refused.number, refused.codes) for refused in read_refused(bench.loads, ended)] == [(row, ("O005",))]
    assert [len(batch.plan.accepted) + len(batch.rejected) for batch in bench.customers.batches] == [3, 3, 3, 3]


class LosingStore(MemoryLoadingStore):
    """Loses the answer to some commits: `outcomes` has whether each of the next commits happens."""

    outcomes: list[tuple[bool, CommitOutcome]] = []  # noqa: RUF012 - replaced by each test

    def save(self, batch: Batch, response: ResponseBody) -> None:
        if not self.outcomes:
            return super().save(batch, response)
        happens, self.outcome = self.outcomes.pop(0)
        if happens:
            self._write(batch)
        raise LostCommitError(batch.id)

    def find_outcome(self, batch_id: UUID) -> CommitOutcome:
        return self.outcome


@pytest.mark.parametrize("happens", [True, False])
@pytest.mark.parametrize("outcome", [CommitOutcome.UNKNOWN, CommitOutcome.NOT_SAVED])
def test_chunk_with_a_lost_commit_is_saved_exactly_once(happens: bool, outcome: CommitOutcome) -> None:
    if happens and outcome is CommitOutcome.NOT_SAVED:
        outcome = CommitOutcome.SAVED
    loads = MemoryLoadStore()
    store = LosingStore(loads)
    store.outcomes = [(happens, outcome)]
    source = ListSource([*build_customers(4), individual(citizenshipCountry="XX")])
    ended = run_load(make_runner(store, loads), begin_load(loads, chunk_rows=CHUNK), source)
    assert (ended.totals.accepted, ended.totals.refused) == (4, 1)
    assert len(read_refused(loads, ended)) == 1
    assert len(store.numbers) == 4


def test_chunk_is_not_taken_for_saved_when_its_fence_refuses_it_after_a_lost_commit() -> None:
    loads = MemoryLoadStore()
    store = LosingStore(loads)
    store.outcomes = [(False, CommitOutcome.UNKNOWN)]

    def refuse(_: Batch) -> None:
        raise LeaseLostError

    store.before_save = refuse
    load = begin_load(loads)
    with pytest.raises(LostCommitError):
        run_load(make_runner(store, loads), load, ListSource(build_customers(4)))
    stands = loads.get(load.id)
    assert stands is not None
    assert (stands.position.row, store.numbers) == (0, set())


def test_commit_that_stays_lost_leaves_the_load_to_be_taken_up_again() -> None:
    loads = MemoryLoadStore()
    store = LosingStore(loads)
    store.outcomes = [(False, CommitOutcome.NOT_SAVED)] * 20
    load, source = begin_load(loads, chunk_rows=CHUNK), ListSource(build_customers(4))
    with pytest.raises(LostCommitError):
        run_load(make_runner(store, loads), load, source)
    store.outcomes = []
    ended = run_load(make_runner(store, loads), lease_load(loads, load.id), source)
    assert ended.totals.accepted == len(store.numbers) == 4


def test_nothing_is_loaded_unless_enough_rows_are_accepted(bench: Bench) -> None:
    source = ListSource([*build_customers(8), individual(citizenshipCountry="XX"), individual(entityType="?")])
    ended = bench.run(source, min_accepted_percent=81)
    assert (ended.state, ended.totals.accepted, ended.totals.refused) == (LoadState.FAILED, 0, 2)
    assert ended.problem is not None
    assert "8 of 10 rows can be accepted" in ended.problem
    assert len(read_refused(bench.loads, ended)) == 2
    assert bench.customers.batches == []


def test_file_with_enough_accepted_rows_is_loaded(bench: Bench) -> None:
    source = ListSource([*build_customers(8), individual(citizenshipCountry="XX"), individual(entityType="?")])
    ended = bench.run(source, min_accepted_percent=80)
    assert (ended.state, ended.totals.accepted, ended.totals.refused) == (LoadState.COMPLETED, 8, 2)
    assert len(read_refused(bench.loads, ended)) == 2
    assert source.readings == 2


def test_dry_run_saves_nothing_and_leaves_the_position(bench: Bench) -> None:
    same = individual()
    ended = bench.run(ListSource([same, *build_customers(5), same]), dry_run=True)
    assert (ended.state, ended.totals.accepted, ended.totals.refused) == (LoadState.COMPLETED, 6, 1)
    assert [row.number for row in read_refused(bench.loads, ended)] == [7]
    assert (bench.customers.batches, ended.position.row) == ([], 0)


def test_dry_run_begins_again_after_a_stop(bench: Bench) -> None:
    source = ListSource([individual(citizenshipCountry="XX"), *build_customers(9)])
    load = begin_load(bench.loads, chunk_rows=CHUNK, dry_run=True)
    seen: list[Load] = []
    run_load(bench.runner, load, source, on_progress=seen.append, should_stop=lambda: bool(seen))
    ended = bench.run(source, lease_load(bench.loads, load.id))
    assert (ended.totals.rows, ended.totals.accepted, ended.totals.refused) == (10, 9, 1)
    assert len(read_refused(bench.loads, ended)) == 1


def test_rows_are_counted_once_when_the_file_was_being_judged_at_a_stop(bench: Bench) -> None:
    source = ListSource([individual(citizenshipCountry="XX"), *build_customers(9)])
    load = begin_load(bench.loads, chunk_rows=CHUNK, min_accepted_percent=80)
    seen: list[Load] = []
    run_load(bench.runner, load, source, on_progress=seen.append, should_stop=lambda: bool(seen))
    ended = bench.run(source, lease_load(bench.loads, load.id))
    assert (ended.state, ended.totals.rows) == (LoadState.COMPLETED, 10)
    assert (ended.totals.accepted, ended.totals.refused) == (9, 1)
    assert [counted.count for counted in ended.totals.codes] == [1]


def test_lease_is_given_back_after_an_error(bench: Bench) -> None:
    bench.customers.before_save = lambda _: (_ for _ in ()).throw(ConflictError("always"))
    load = begin_load(bench.loads)
    with pytest.raises(ConflictError):
        bench.run(ListSource(build_customers(1)), load)
    assert bench.loads.lease(load.id, UUID(int=8), timedelta(minutes=1)) is not None
