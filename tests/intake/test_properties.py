"""What holds for any batch on any state, on both databases."""

import json
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from muster.customer.error_order import ERROR_ROWS
from muster.customer.error_prefix import RELATED_CODES
from muster.customer.examples import make_full_customer
from muster.customer.fields import SCHEMAS
from muster.intake.service import Intake, IntakeResult
from muster.storage import Storage
from tests.intake.fakes import FixedClassifiers, SomeSender
from tests.samples import individual, organization, snapshot

UNITS = ("NORTH", "SOUTH", "EAST")
SENDER = SomeSender("feed", ("NORTH", "SOUTH"))
TABLES = ("communications", "customers", "customer_history", "batches", "rejections")
KNOWN_CODES = {
    row.prefix.get_code(error).replace("{C}", prefix)
    for row in ERROR_ROWS
    for error in row.errors
    for prefix in RELATED_CODES.values()
}

# One fixture serves all examples of a property: every example has identifiers of its own.
on_one_database = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["2024-02-30", "EVALUATE", "LT", "\0", "10000", "true", "1e41", " ", "x" * 300]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def small_worlds(draw: st.DrawFn) -> list[list[Any]]:
    """Batches over few numbers and few customers, so that they collide in every way."""
    world = uuid4().hex
    numbers = st.sampled_from([f"{world}-{n}" for n in range(4)])
    ids = st.sampled_from([f"{world}-{n}" for n in range(3)])

    @st.composite
    def customers(draw: st.DrawFn) -> Any:
        changes = {
            "communicationNumber": draw(numbers),
            "customerExtId": draw(ids),
            "action": draw(st.sampled_from(["CREATE", "UPDATE", "UPDATE", None, "DELETE"])),
            "businessUnit": draw(st.sampled_from([None, "NORTH", "SOUTH", "EAST", "WEST"])),
            "nationalCode": draw(st.sampled_from(["1", "2", []])),
        }
        return draw(st.sampled_from([individual, organization]))(**changes)

    batches = st.lists(st.lists(customers() | json_values, max_size=6), min_size=1, max_size=4)
    found: list[list[Any]] = draw(batches)
    return found


def intake_of(store: Storage) -> Intake:
    return Intake(store.customers, FixedClassifiers(snapshot(*UNITS)), max_customers=100)


def body(customers: list[Any]) -> bytes:
    return json.dumps({"customers": customers}).encode()


def judged(answer: IntakeResult) -> list[dict[str, Any]]:
    """The results without their times, the only thing that may differ."""
    results: list[dict[str, Any]] = json.loads(answer.body)["results"]
    return [{name: value for name, value in result.items() if name != "timeElapsedMs"} for result in results]


def counts(store: Storage) -> dict[str, int]:
    with store.engine.connect() as connection:
        return {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in TABLES}


def stored_numbers(store: Storage) -> dict[str, int]:
    with store.engine.connect() as connection:
        rows = connection.execute(text("SELECT communication_number, version FROM communications"))
        return {row.communication_number: row.version for row in rows}


@given(batches=small_worlds(), detail=st.booleans())
@on_one_database
def test_the_dry_run_answers_what_saving_answers_and_exactly_the_accepted_is_saved(
    store: Storage, batches: list[list[Any]], detail: bool
) -> None:
    intake = intake_of(store)
    for customers in batches:
        before, numbers_before = counts(store), stored_numbers(store)
        dry = intake.process(body(customers), SENDER, save=False, detail=detail)
        assert counts(store) == before
        saving = intake.process(body(customers), SENDER, save=True, detail=detail)
        assert judged(dry) == judged(saving)
        accepted = [r["communicationNumber"] for r in judged(saving) if r["resultType"] == "REQUEST_ACCEPTED"]
        after = counts(store)
        assert stored_numbers(store).keys() - numbers_before.keys() == set(accepted)
        assert after["communications"] - before["communications"] == len(accepted)
        assert after["rejections"] - before["rejections"] == len(customers) - len(accepted)
        assert after["batches"] - before["batches"] == bool(customers)
        versions = after["customers"] + after["customer_history"]
        assert versions - before["customers"] - before["customer_history"] == len(accepted)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for step, inner in steps for found in paths_of(inner, (*path, step)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


FULL = {entity_type: make_full_customer(entity_type) for entity_type in ("INDIVIDUAL", "ORGANIZATION")}
PLACES = [(entity_type, path) for entity_type, customer in FULL.items() for path in paths_of(customer)]


def test_every_field_has_a_place_in_the_full_customers() -> None:
    names = {path[-1] for _, path in PLACES if path and isinstance(path[-1], str)}
    left_out = {"businessUnit", "closingDate", "initializeScreeningProcesses"}
    assert names == {field.name for schema in SCHEMAS.values() for field in schema.fields} - left_out


@given(place=st.sampled_from(PLACES), value=json_values)
@settings(on_one_database, max_examples=150)
def test_any_value_anywhere_gives_a_known_code_and_leaves_the_others_alone(
    store: Storage, place: tuple[str, tuple[Any, ...]], value: Any
) -> None:
    intake = intake_of(store)
    entity_type, path = place
    fresh = {"communicationNumber": uuid4().hex, "customerExtId": uuid4().hex}
    odd = replaced({**FULL[entity_type], **fresh}, path, value)
    others = [individual(communicationNumber=uuid4().hex), organization(title=None)]
    batch = [others[0], odd, others[1]]
    alone = [judged(intake.process(body([customer]), SENDER, save=False))[0] for customer in batch]
    together = judged(intake.process(body(batch), SENDER, save=True))
    assert together == alone
    assert together[0]["resultType"] == "REQUEST_ACCEPTED"
    assert together[2]["errorCode"] == "C017.O01"
    assert together[1].get("errorCode") in {None, *KNOWN_CODES}
