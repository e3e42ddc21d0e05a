"""Settings keep to what they take."""

import pytest

from muster.settings import BadSetting, Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [("WORKERS", "0"), ("PORT", "-1"), ("MAX_BODY", "x"), ("IDEMPOTENCY_HOURS", "0"), ("IDEMPOTENCY_HOURS", "8761")],
)
def test_a_number_out_of_its_bounds_is_refused_by_its_name_and_not_by_its_value(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.read({f"MUSTER_{name}": value})
    assert f"MUSTER_{name} must be a whole number" in str(caught.value)


@pytest.mark.parametrize("value", [1, 8_760])
def test_the_bounds_themselves_are_taken(value: int) -> None:
    assert Settings.read({"MUSTER_IDEMPOTENCY_HOURS": str(value)}).idempotency_hours == value


def test_an_option_counts_more_than_the_environment_and_an_empty_variable_is_none() -> None:
    assert Settings.read({"MUSTER_PORT": "1"}, port=2).port == 2
    assert Settings.read({"MUSTER_PORT": ""}).port == Settings().port
