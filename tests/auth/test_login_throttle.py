"""Failed authentications delay the client that causes them, and no other."""

import pytest

from muster.auth.login_throttle import (
    FREE_ATTEMPTS_PER_ADDRESS,
    FREE_ATTEMPTS_PER_USER,
    MAX_ADDRESS_DELAY_SECONDS,
    MAX_USER_DELAY_SECONDS,
    RESET_AFTER_SECONDS,
    LoginThrottle,
    TooManyAttemptsError,
)
from tests.auth.fakes import ManualClock

ADDRESS, OTHER_ADDRESS = "192.0.2.1", "192.0.2.2"


def get_delay(throttle: LoginThrottle, name: str | None, address: str) -> int:
    """Seconds until credentials are verified again; 0 if they are verified now."""
    try:
        throttle.check(name, address)
    except TooManyAttemptsError as error:
        return error.seconds
    return 0


def test_first_failures_are_free_and_each_further_one_doubles_the_delay() -> None:
    clock = ManualClock()
    throttle = LoginThrottle(clock)
    delays = []
    for _ in range(FREE_ATTEMPTS_PER_USER + 11):
        throttle.record_failure("anna", ADDRESS)
        delays.append(get_delay(throttle, "anna", ADDRESS))
        clock.seconds += delays[-1]
    assert delays[: FREE_ATTEMPTS_PER_USER + 3] == [0] * (FREE_ATTEMPTS_PER_USER - 1) + [1, 2, 4, 8]
    assert delays[-1] == MAX_USER_DELAY_SECONDS


def test_failures_at_one_address_do_not_block_the_user_at_another() -> None:
    throttle = LoginThrottle(ManualClock())
    for _ in range(FREE_ATTEMPTS_PER_USER + 5):
        throttle.record_failure("anna", ADDRESS)
    assert get_delay(throttle, "anna", ADDRESS) > 0
    assert get_delay(throttle, "anna", OTHER_ADDRESS) == 0
    assert get_delay(throttle, "tom", ADDRESS) == 0


@pytest.mark.parametrize("name", ["user", None])
def test_failures_of_many_users_or_tokens_block_their_address(name: str | None) -> None:
    throttle = LoginThrottle(ManualClock())
    for number in range(FREE_ATTEMPTS_PER_ADDRESS):
        throttle.record_failure(name and f"{name} {number}", ADDRESS)
    assert get_delay(throttle, "another", ADDRESS) > 0
    assert get_delay(throttle, None, ADDRESS) > 0
    assert get_delay(throttle, None, OTHER_ADDRESS) == 0


def test_success_resets_the_counter_of_the_user_but_not_of_the_address() -> None:
    throttle = LoginThrottle(ManualClock())
    for _ in range(FREE_ATTEMPTS_PER_ADDRESS - 1):
        throttle.record_failure("anna", ADDRESS)
        throttle.record_success("anna", ADDRESS)
    assert get_delay(throttle, "anna", ADDRESS) == 0
    throttle.record_failure("anna", ADDRESS)
    assert get_delay(throttle, "tom", ADDRESS) > 0


def test_counter_is_reset_after_some_time_without_a_failure() -> None:
    clock = ManualClock()
    throttle = LoginThrottle(clock)
    for _ in range(FREE_ATTEMPTS_PER_USER - 1):
        throttle.record_failure("anna", ADDRESS)
    clock.seconds += RESET_AFTER_SECONDS + 1
    throttle.record_failure("anna", ADDRESS)
    assert get_delay(throttle, "anna", ADDRESS) == 0


def test_invented_names_neither_fill_the_memory_nor_unblock_their_address() -> None:
    throttle = LoginThrottle(ManualClock(), max_counters=50)
    for number in range(1_000):
        throttle.record_failure(f"invented {number}", ADDRESS)
    assert len(throttle._counters) <= 50
    assert get_delay(throttle, "anna", ADDRESS) == MAX_ADDRESS_DELAY_SECONDS


def test_recently_authenticated_user_does_not_wait_for_failures_of_others_at_the_address() -> None:
    clock = ManualClock()
    throttle = LoginThrottle(clock)
    throttle.record_success("anna", ADDRESS)
    for _ in range(FREE_ATTEMPTS_PER_ADDRESS + 3):
        throttle.record_failure("stale job", ADDRESS)
    assert get_delay(throttle, "tom", ADDRESS) > 0
    assert get_delay(throttle, "anna", ADDRESS) == 0
    for _ in range(FREE_ATTEMPTS_PER_USER):
        throttle.record_failure("anna", ADDRESS)
    assert get_delay(throttle, "anna", ADDRESS) > 0
    clock.seconds += RESET_AFTER_SECONDS
    throttle.record_failure("stale job", ADDRESS)
    assert get_delay(throttle, "anna", ADDRESS) > 0


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1:2:3", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("testclient", "testclient", True),
        ("", "192.0.2.1", False),
    ],
)
def test_ipv6_address_counts_by_its_network(first: str, second: str, is_same: bool) -> None:
    throttle = LoginThrottle(ManualClock())
    for _ in range(FREE_ATTEMPTS_PER_USER):
        throttle.record_failure("anna", first)
    assert (get_delay(throttle, "anna", second) > 0) is is_same


def test_name_of_any_length_takes_the_same_memory() -> None:
    throttle = LoginThrottle(ManualClock())
    throttle.record_failure("\U0001f98a" * 6_000 + "\udcff", ADDRESS)
    assert max(len(name or b"") for name, _ in throttle._counters) == 16
