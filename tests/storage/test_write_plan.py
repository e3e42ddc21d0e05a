from muster.storage.write_plan import build_write_plan
from tests.storage.samples import arrival


def test_new_customers_come_in_the_order_of_their_keys() -> None:
    first = arrival("9", "a", business_unit="B")
    second = arrival("5", "a", business_unit="C")
    third = arrival("7", "\U0001f98a", business_unit="A")
    fourth = arrival("6", "\uffff", business_unit="A")

    steps = build_write_plan([fourth, third, second, first])
    assert steps.numbered == [second, fourth, third, first]
    assert steps.created == [first, second, fourth, third]  # by code point, as COLLATE "C" sorts
    assert (steps.updated, steps.passed, steps.replaced) == ([], [], [])


def test_updates_come_with_the_versions_that_they_replace() -> None:
    third, fourth = arrival("1", "b", 3), arrival("2", "b", 4)
    fifth = arrival("3", "a", 5)

    steps = build_write_plan([third, fifth, fourth])
    assert steps.updated == [fifth, fourth]
    assert steps.passed == [third]
    assert steps.replaced == [("a", "MAIN", 4), ("b", "MAIN", 2)]
    assert steps.created == []


def test_of_a_new_customer_with_several_versions_the_last_is_created() -> None:
    versions = [arrival(str(version), "a", version) for version in (1, 2, 3)]

    steps = build_write_plan(versions)
    assert steps.created == versions[2:]
    assert steps.passed == versions[:2]
    assert steps.replaced == []


def test_one_id_in_two_units_is_not_one_customer() -> None:
    both = [arrival("1", "a", business_unit="A"), arrival("2", "a", business_unit="B")]

    assert build_write_plan(both).created == both


def test_an_empty_batch_has_no_steps() -> None:
    steps = build_write_plan([])

    assert not any((steps.numbered, steps.created, steps.updated, steps.passed, steps.replaced))
