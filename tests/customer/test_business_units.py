"""The units that a user may use, by those of the installation and those that were granted."""

import pytest

from muster.customer import BusinessUnits, errors


@pytest.mark.parametrize(
    ("existing", "granted", "allowed", "default"),
    [
        (["MAIN"], [], ["MAIN"], "MAIN"),
        (["MAIN"], ["MAIN"], ["MAIN"], "MAIN"),
        (["MAIN"], ["GONE", "MAIN"], ["MAIN"], "MAIN"),
        (["MAIN"], ["GONE"], [], None),
        (["A", "B"], [], [], None),
        (["A", "B"], ["B", "A"], ["A", "B"], "B"),
        (["A", "B"], ["GONE", "A"], ["A"], None),
        (["A", "B"], ["GONE"], [], None),
        ([], ["GONE"], [], None),
        ([], [], [], None),
    ],
)
def test_units_of_a_user(existing: list[str], granted: list[str], allowed: list[str], default: str | None) -> None:
    units = BusinessUnits.for_user(frozenset(existing), granted)
    assert (units.allowed, units.default) == (frozenset(allowed), default)


def test_user_whose_units_exist_no_longer_sends_into_no_unit() -> None:
    units = BusinessUnits.for_user(frozenset(["MAIN"]), ["GONE"])
    assert units.find_error(units.default) is errors.UNIT_MISSING
    assert units.find_error("MAIN") is errors.UNIT_NOT_ALLOWED
    assert units.find_error("GONE") is errors.UNIT_UNKNOWN
