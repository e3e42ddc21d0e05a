"""The order and the operations of the writes of a batch."""

from muster.intake.write_plan import build_write_plan
from tests.storage.samples import build_customer


def test_new_customers_are_sorted_by_key() -> None:
    first = build_customer("9", "a", business_unit="B")
    second = build_customer("5", "a", business_unit="C")
    third = build_customer("7", "\U0001f98a", business_unit="A")
    fourth = build_customer("6", "\uffff", business_unit="A")

    plan = build_write_plan([fourth, third, second, first])
    assert plan.accepted == [second, fourth, third, first]
    assert plan.created == [first, second, fourth, third]  # by code point, like COLLATE "C"
    assert (plan.updated, plan.superseded, plan.replaced) == ([], [], [])


def test_updates_state_the_versions_that_they_replace() -> None:
    third, fourth = build_customer("1", "b", 3), build_customer("2", "b", 4)
    fifth = build_customer("3", "a", 5)

    plan = build_write_plan([third, fifth, fourth])
    assert plan.updated == [fifth, fourth]
    assert plan.superseded == [third]
    assert plan.replaced == [("a", "MAIN", 4), ("b", "MAIN", 2)]
    assert plan.created == []


def test_last_version_of_a_new_customer_is_created() -> None:
    versions = [build_customer(str(version), "a", version) for version in (1, 2, 3)]

    plan = build_write_plan(versions)
    assert plan.created == versions[2:]
    assert plan.superseded == versions[:2]
    assert plan.replaced == []


def test_same_id_in_two_units_is_two_customers() -> None:
    both = [build_customer("1", "a", business_unit="A"), build_customer("2", "a", business_unit="B")]

    assert build_write_plan(both).created == both


def test_empty_batch_has_an_empty_plan() -> None:
    plan = build_write_plan([])

    assert not any((plan.accepted, plan.created, plan.updated, plan.superseded, plan.replaced))
