"""The time that each stage takes, and the counts of the rejected customers by their code."""

from typing import Any

import pytest

from muster.intake.customer_store import Batch
from muster.intake.decode import MAX_WHOLE_BYTES, InvalidBatchError
from muster.intake.large_body import ResponseBody
from muster.intake.request import BatchOptions
from muster.intake.service import IntakeResult
from muster.intake.stage_timings import STAGES, StageTimings
from tests.intake.fakes import FakeSender, MemoryStore, make_body, make_intake
from tests.intake.test_service import DRY_RUN, SAVE, make_faster_batch
from tests.samples import individual


def process(
    content: bytes, store: MemoryStore | None = None, save: bool = True, **options: Any
) -> tuple[IntakeResult, dict[str, int]]:
    """The result, and the nanoseconds of each stage that has begun."""
    stages = StageTimings()
    intake = make_intake(store or MemoryStore())
    result = intake.process(content, FakeSender(), BatchOptions(save, **options), stages)
    return result, {name: stage.ns for name, stage in stages}


def test_saved_batch_has_all_stages_in_their_order() -> None:
    _, took = process(make_body(individual(), individual()))
    assert tuple(took) == STAGES
    assert all(took.values())


def test_dry_run_has_no_time_for_saving() -> None:
    _, took = process(make_body(individual()), save=False)
    assert tuple(took) == ("decode", "check", "decide")


def test_empty_batch_is_only_decoded() -> None:
    _, took = process(make_body())
    assert tuple(took) == ("decode",)


def test_customers_of_a_large_body_are_decoded_and_checked_alternately() -> None:
    customers = [individual(nationalCode="x" * 200) for _ in range(MAX_WHOLE_BYTES // 400)]
    content = make_body(*customers)
    assert len(content) > MAX_WHOLE_BYTES
    stages = StageTimings()
    make_intake(MemoryStore(), max_customers=10_000).process(content, FakeSender(), DRY_RUN, stages)
    # Decoding goes on after the check has begun, so both end before the decision begins.
    assert stages.decode.began < stages.check.began < stages.decide.began
    assert stages.check.began + stages.check.ns < stages.decide.began


def test_invalid_batch_has_time_for_decoding() -> None:
    stages = StageTimings()
    with pytest.raises(InvalidBatchError):
        make_intake(MemoryStore()).process(b"[", FakeSender(), SAVE, stages)
    assert [name for name, _ in stages] == ["decode"]
    assert stages.decode.ns > 0


def test_failed_save_has_the_time_until_its_failure() -> None:
    class FailingStore(MemoryStore):
        def save(self, batch: Batch, response: ResponseBody) -> None:
            raise OSError

    stages = StageTimings()
    with pytest.raises(OSError):  # noqa: PT011 - the error of the store, which has no message
        make_intake(FailingStore()).process(make_body(individual()), FakeSender(), SAVE, stages)
    assert [name for name, _ in stages] == list(STAGES)
    assert stages.save.ns > 0


def test_times_of_deciding_and_saving_add_up_over_a_conflict() -> None:
    customer = individual()
    timings: list[tuple[int, int]] = []

    class ObservedStore(MemoryStore):
        def save(self, batch: Batch, response: ResponseBody) -> None:
            timings.append((stages.decide.ns, stages.save.ns))
            super().save(batch, response)

    stages = StageTimings()
    store = ObservedStore(faster_batches=[make_faster_batch(customer)])
    make_intake(store).process(make_body(customer, individual()), FakeSender(), SAVE, stages)
    (first_decide, first_save), (second_decide, second_save) = timings
    assert first_decide < second_decide == stages.decide.ns
    assert first_save == 0 < second_save < stages.save.ns


@pytest.mark.parametrize("save", [True, False])
def test_rejected_customers_are_counted_by_their_first_code(save: bool) -> None:
    number = {"communicationNumber": "n"}
    batch = make_body(
        "x", individual(lastName=None), individual(lastName=None, firstName=None), *[individual(**number)] * 3
    )
    result, _ = process(batch, save=save)
    assert result.codes == {"C019": 1, "C016.I02": 1, "C016.I01": 1, "O005": 2}
    assert sum(result.codes.values()) == result.rejected == 5


def test_batch_without_rejections_counts_no_codes() -> None:
    result, _ = process(make_body(individual()))
    assert result.codes == {}


def test_customers_rejected_for_the_threshold_are_counted_by_its_code() -> None:
    result, took = process(make_body("x", individual(), individual()), min_accepted_percent=100)
    assert result.codes == {"C019": 1, "B001": 2}
    assert "save" not in took


def test_replay_counts_no_codes_and_has_no_stages() -> None:
    store, content = MemoryStore(), make_body("x", individual())
    first, _ = process(content, store, idempotency_key="k")
    again, took = process(content, store, idempotency_key="k")
    assert (first.codes, again.codes) == ({"C019": 1}, {})
    assert again.replayed
    assert took == {}
    assert bytes(again.body) == bytes(first.body)
