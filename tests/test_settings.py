"""Settings keep to what they take."""

import pytest

from muster.settings import InvalidSettingError, Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKERS", "0"),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("QUEUE", "-1"),
        ("MAX_BODY", "x"),
        ("MAX_BODY", "--1"),
        ("MAX_BODY", "9" * 5000),
        ("IDEMPOTENCY_HOURS", "0"),
        ("IDEMPOTENCY_HOURS", "8761"),
    ],
)
def test_a_number_out_of_its_bounds_is_refused_by_its_name_and_bound_and_not_by_its_value(
    name: str, value: str
) -> None:
    with pytest.raises(
        InvalidSettingError, match=rf"^MUSTER_{name} must be a whole number of at least [01]\b"
    ) as caught:
        Settings.read({f"MUSTER_{name}": value})
    assert value not in str(caught.value).split()


@pytest.mark.parametrize(
    "value",
    ["10.0.0.0/33", "10.0.0.1/8", "proxy.bank", "10.0.0.1,proxy.bank", "10.0.0.1,", ",", " ", "10.0.0.1,*", "/"],
)
def test_proxies_that_nobody_is_are_refused(value: str) -> None:
    with pytest.raises(InvalidSettingError, match=r"^MUSTER_TRUSTED_PROXIES must be addresses or networks"):
        Settings.read({"MUSTER_TRUSTED_PROXIES": value})


@pytest.mark.parametrize("value", ["*", "10.0.0.1", "10.0.0.1, 10.1.0.0/16", "::1,2001:db8::/32", "127.0.0.0/8"])
def test_proxies_are_addresses_and_networks_or_all(value: str) -> None:
    assert Settings.read({"MUSTER_TRUSTED_PROXIES": value}).trusted_proxies == value


@pytest.mark.parametrize("value", [1, 8_760])
def test_the_bounds_themselves_are_taken(value: int) -> None:
    assert Settings.read({"MUSTER_IDEMPOTENCY_HOURS": str(value)}).idempotency_hours == value


def test_an_option_counts_more_than_the_environment_and_an_empty_variable_is_none() -> None:
    assert Settings.read({"MUSTER_PORT": "1"}, port=2).port == 2
    assert Settings.read({"MUSTER_PORT": ""}).port == Settings().port
