"""Properties of any batch on any state of the store, on both databases."""

from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from muster.customer.error_order import ERROR_CODES
from muster.customer.examples import make_full_customer
from muster.customer.fields import SCHEMAS
from muster.intake.request import BatchOptions
from muster.intake.service import Intake
from muster.storage import Storage
from tests.intake.fakes import FakeSender, get_results, make_body, make_intake
from tests.samples import individual, organization

UNITS = ("NORTH", "SOUTH", "EAST")
SENDER = FakeSender("feed", ("NORTH", "SOUTH"))
TABLES = ("communications", "customers", "customer_history", "batches", "rejections")

# The examples of a property share one database. Every example has unique identifiers.
with_one_database = settings(
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
def colliding_batches(draw: st.DrawFn) -> list[list[Any]]:
    """Batches with few numbers and few customers, so that they conflict in every way."""
    prefix = uuid4().hex
    numbers = st.sampled_from([f"{prefix}-{n}" for n in range(4)])
    ids = st.sampled_from([f"{prefix}-{n}" for n in range(3)])

    @st.composite
    def customers(draw: st.DrawFn) -> Any:
        changes = {
            "communicationNumber": draw(numbers),
            "customerExtId": draw(ids),
            "action": draw(st.sampled_from(["CREATE", "UPDATE", "UPDATE", None, "DELETE"])),
            "businessUnit": draw(st.sampled_from([None, "NORTH", "SOUTH", "EAST", "WEST"])),
            "nationalCode": draw(st.sampled_from(["1", "2", 3, []])),
            draw(st.sampled_from(["isPEP", "isPep"])): True,
        }
        return draw(st.sampled_from([individual, organization]))(**changes)

    batches = st.lists(st.lists(customers() | json_values, max_size=6), min_size=1, max_size=4)
    found: list[list[Any]] = draw(batches)
    return found


def process(intake: Intake, customers: list[Any], **options: Any) -> list[dict[str, Any]]:
    """The results without their times, which may differ."""
    result = intake.process(make_body(*customers), SENDER, BatchOptions(**options))
    return [{name: value for name, value in found.items() if name != "timeElapsedMs"} for found in get_results(result)]


def is_judged_by_action(customer: Any) -> bool:
    return isinstance(customer, dict) and customer.get("action") is not None


def count_rows(store: Storage) -> dict[str, int]:
    with store.engine.connect() as connection:
        return {table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in TABLES}


def read_numbers(store: Storage) -> dict[str, int]:
    with store.engine.connect() as connection:
        rows = connection.execute(text("SELECT communication_number, version FROM communications"))
        return {row.communication_number: row.version for row in rows}


@given(batches=colliding_batches(), detail=st.booleans(), upsert=st.booleans(), reject_unknown=st.booleans())
@with_one_database
def test_dry_run_gives_the_results_of_saving_and_only_accepted_customers_are_saved(
    store: Storage, batches: list[list[Any]], detail: bool, upsert: bool, reject_unknown: bool
) -> None:
    intake = make_intake(store.customers, *UNITS)
    options = {"detail": detail, "upsert": upsert, "reject_unknown": reject_unknown}
    for customers in batches:
        before, numbers_before = count_rows(store), read_numbers(store)
        dry_run = process(intake, customers, save=False, **options)
        assert count_rows(store) == before
        saved = process(intake, customers, save=True, **options)
        assert dry_run == saved
        if upsert:
            assert "C004" not in [
                r.get("errorCode") for r, sent in zip(saved, customers, strict=True) if not is_judged_by_action(sent)
            ]
        accepted = [r["communicationNumber"] for r in saved if r["resultType"] == "REQUEST_ACCEPTED"]
        after = count_rows(store)
        assert read_numbers(store).keys() - numbers_before.keys() == set(accepted)
        assert after["communications"] - before["communications"] == len(accepted)
        assert after["rejections"] - before["rejections"] == len(customers) - len(accepted)
        assert after["batches"] - before["batches"] == bool(customers)
        versions = after["customers"] + after["customer_history"]
        assert versions - before["customers"] - before["customer_history"] == len(accepted)


def list_paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for step, inner in steps for found in list_paths(inner, (*path, step)))]


def replace_at(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replace_at(value[path[0]], path[1:], new)
    return copy


FULL = {entity_type: make_full_customer(entity_type) for entity_type in ("INDIVIDUAL", "ORGANIZATION")}
PLACES = [(entity_type, path) for entity_type, customer in FULL.items() for path in list_paths(customer)]


def test_full_customers_have_every_field() -> None:
    names = {path[-1] for _, path in PLACES if path and isinstance(path[-1], str)}
    left_out = {"businessUnit", "closingDate", "initializeScreeningProcesses"}
    assert names == {field.name for schema in SCHEMAS.values() for field in schema.fields} - left_out


@given(place=st.sampled_from(PLACES), value=json_values)
@settings(with_one_database, max_examples=150)
def test_any_value_at_any_place_gives_a_known_code_and_leaves_other_customers_alone(
    store: Storage, place: tuple[str, tuple[Any, ...]], value: Any
) -> None:
    intake = make_intake(store.customers, *UNITS)
    entity_type, path = place
    fresh = {"communicationNumber": uuid4().hex, "customerExtId": uuid4().hex}
    changed = replace_at({**FULL[entity_type], **fresh}, path, value)
    others = [individual(communicationNumber=uuid4().hex), organization(title=None)]
    batch = [others[0], changed, others[1]]
    alone = [process(intake, [customer], save=False)[0] for customer in batch]
    together = process(intake, batch, save=True)
    assert together == alone
    assert together[0]["resultType"] == "REQUEST_ACCEPTED"
    assert together[2]["errorCode"] == "C017.O01"
    assert together[1].get("errorCode") in {None, *ERROR_CODES}
