"""How long the stages took, and how many were refused for what: what is told beside the answer."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from muster.intake.customer_store import Batch
from muster.intake.decode import MAX_WHOLE_BYTES, InvalidBatchError
from muster.intake.service import Intake, IntakeResult
from muster.intake.stage_timings import STAGES, StageTimings
from tests.intake.fakes import FixedClassifiers, MemoryStore, SomeSender
from tests.intake.test_service import arrival, body, saved_by_another
from tests.samples import individual, snapshot


def taken(content: bytes, store: MemoryStore | None = None, **how: Any) -> tuple[IntakeResult, dict[str, int]]:
    """The answer, and the nanoseconds of each stage that began."""
    stages = StageTimings()
    service = Intake(store or MemoryStore(), FixedClassifiers(snapshot()), max_customers=10_000)
    answer = service.process(content, SomeSender(), **{"save": True, **how}, stages=stages)
    return answer, {name: stage.ns for name, stage in stages}


def test_a_saved_batch_went_through_all_stages_in_their_order() -> None:
    _, took = taken(body(individual(), individual()))
    assert tuple(took) == STAGES
    assert all(took.values())


def test_a_dry_run_saves_nothing_and_so_has_no_time_for_it() -> None:
    _, took = taken(body(individual()), save=False)
    assert tuple(took) == ("decode", "check", "decide")


def test_an_empty_batch_is_decoded_and_no_more() -> None:
    _, took = taken(body())
    assert tuple(took) == ("decode",)


def test_the_customers_of_a_large_body_are_decoded_and_checked_by_turns() -> None:
    customers = [individual(nationalCode="x" * 200) for _ in range(MAX_WHOLE_BYTES // 400)]
    content = body(*customers)
    assert len(content) > MAX_WHOLE_BYTES
    stages = StageTimings()
    Intake(MemoryStore(), FixedClassifiers(snapshot()), max_customers=10_000).process(
        content, SomeSender(), save=False, stages=stages
    )
    # It decodes on after the check has begun: its time goes past that moment.
    assert stages.decode.began < stages.check.began < stages.decide.began
    assert stages.check.began + stages.check.ns < stages.decide.began


def test_a_body_that_is_no_batch_was_being_decoded() -> None:
    stages = StageTimings()
    with pytest.raises(InvalidBatchError):
        Intake(MemoryStore(), FixedClassifiers(snapshot()), max_customers=10).process(
            b"[", SomeSender(), save=True, stages=stages
        )
    assert [name for name, _ in stages] == ["decode"]
    assert stages.decode.ns > 0


def test_a_save_that_failed_shows_as_long_as_it_took() -> None:
    class Full(MemoryStore):
        def save(self, batch: Batch, answer: Callable[[], bytes]) -> bytes:
            raise OSError

    stages = StageTimings()
    with pytest.raises(OSError):  # noqa: PT011 - the store's own, as it comes
        Intake(Full(), FixedClassifiers(snapshot()), max_customers=10).process(
            body(individual()), SomeSender(), save=True, stages=stages
        )
    assert [name for name, _ in stages] == list(STAGES)
    assert stages.save.ns > 0


def test_after_a_conflict_judging_and_saving_go_on_where_they_were() -> None:
    customer = individual()
    looked_at: list[tuple[int, int]] = []

    class Watched(MemoryStore):
        def save(self, batch: Batch, answer: Callable[[], bytes]) -> bytes:
            looked_at.append((stages.decide.ns, stages.save.ns))
            return super().save(batch, answer)

    stages = StageTimings()
    store = Watched(before_save=[saved_by_another(arrival(customer))])
    Intake(store, FixedClassifiers(snapshot()), max_customers=10).process(
        body(customer, individual()), SomeSender(), save=True, stages=stages
    )
    (first_judge, first_save), (second_judge, second_save) = looked_at
    assert first_judge < second_judge == stages.decide.ns
    assert first_save == 0 < second_save < stages.save.ns


@pytest.mark.parametrize("save", [True, False])
def test_refused_customers_are_counted_by_their_first_code(save: bool) -> None:
    number = {"communicationNumber": "n"}
    batch = body("x", individual(lastName=None), individual(lastName=None, firstName=None), *[individual(**number)] * 3)
    answer, _ = taken(batch, save=save)
    assert answer.codes == {"C019": 1, "C016.I02": 1, "C016.I01": 1, "O005": 2}
    assert sum(answer.codes.values()) == answer.rejected == 5


def test_a_batch_without_refusals_counts_no_codes() -> None:
    answer, _ = taken(body(individual()))
    assert answer.codes == {}


def test_what_a_batch_withholds_is_counted_by_the_code_that_says_so() -> None:
    answer, took = taken(body("x", individual(), individual()), accept=100)
    assert answer.codes == {"C019": 1, "B001": 2}
    assert "save" not in took


def test_a_replay_tells_no_codes_again_and_goes_through_no_stage() -> None:
    store, content = MemoryStore(), body("x", individual())
    first, _ = taken(content, store, key="k")
    again, took = taken(content, store, key="k")
    assert (first.codes, again.codes) == ({"C019": 1}, {})
    assert again.replayed
    assert took == {}
    assert json.loads(again.body) == json.loads(first.body)
