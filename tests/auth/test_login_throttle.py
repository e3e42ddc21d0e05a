"""Wrong credentials cost whoever brings them, and nobody else."""

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
from tests.auth.fakes import Clock

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def waiting(throttle: LoginThrottle, name: str | None, address: str) -> int:
    """Seconds until credentials are looked at again, 0 when they are now."""
    try:
        throttle.check(name, address)
    except TooManyAttemptsError as refusal:
        return refusal.seconds
    return 0


def test_a_few_wrong_attempts_cost_nothing_and_each_further_one_twice_as_long() -> None:
    clock = Clock()
    throttle = LoginThrottle(clock)
    waits = []
    for _ in range(FREE_ATTEMPTS_PER_USER + 11):
        throttle.record_failure("anna", HERE)
        waits.append(waiting(throttle, "anna", HERE))
        clock.seconds += waits[-1]
    assert waits[: FREE_ATTEMPTS_PER_USER + 3] == [0] * (FREE_ATTEMPTS_PER_USER - 1) + [1, 2, 4, 8]
    assert waits[-1] == MAX_USER_DELAY_SECONDS


def test_nobody_is_shut_out_from_elsewhere() -> None:
    throttle = LoginThrottle(Clock())
    for _ in range(FREE_ATTEMPTS_PER_USER + 5):
        throttle.record_failure("anna", HERE)
    assert waiting(throttle, "anna", HERE) > 0
    assert waiting(throttle, "anna", ELSEWHERE) == 0
    assert waiting(throttle, "tom", HERE) == 0


@pytest.mark.parametrize("name", ["user", None])
def test_nobody_tries_many_users_or_tokens_from_one_address(name: str | None) -> None:
    throttle = LoginThrottle(Clock())
    for number in range(FREE_ATTEMPTS_PER_ADDRESS):
        throttle.record_failure(name and f"{name} {number}", HERE)
    assert waiting(throttle, "another", HERE) > 0
    assert waiting(throttle, None, HERE) > 0
    assert waiting(throttle, None, ELSEWHERE) == 0


def test_the_right_password_clears_the_user_and_not_the_address() -> None:
    throttle = LoginThrottle(Clock())
    for _ in range(FREE_ATTEMPTS_PER_ADDRESS - 1):
        throttle.record_failure("anna", HERE)
        throttle.record_success("anna", HERE)
    assert waiting(throttle, "anna", HERE) == 0
    throttle.record_failure("anna", HERE)
    assert waiting(throttle, "tom", HERE) > 0


def test_old_attempts_are_forgotten() -> None:
    clock = Clock()
    throttle = LoginThrottle(clock)
    for _ in range(FREE_ATTEMPTS_PER_USER - 1):
        throttle.record_failure("anna", HERE)
    clock.seconds += RESET_AFTER_SECONDS + 1
    throttle.record_failure("anna", HERE)
    assert waiting(throttle, "anna", HERE) == 0


def test_made_up_names_fill_no_memory_and_free_no_address() -> None:
    throttle = LoginThrottle(Clock(), most=50)
    for number in range(1_000):
        throttle.record_failure(f"made up {number}", HERE)
    assert len(throttle._counts) <= 50
    assert waiting(throttle, "anna", HERE) == MAX_ADDRESS_DELAY_SECONDS


def test_whoever_came_in_lately_does_not_wait_for_others_at_the_same_address() -> None:
    clock = Clock()
    throttle = LoginThrottle(clock)
    throttle.record_success("anna", HERE)
    for _ in range(FREE_ATTEMPTS_PER_ADDRESS + 3):
        throttle.record_failure("stale job", HERE)
    assert waiting(throttle, "tom", HERE) > 0
    assert waiting(throttle, "anna", HERE) == 0
    for _ in range(FREE_ATTEMPTS_PER_USER):
        throttle.record_failure("anna", HERE)
    assert waiting(throttle, "anna", HERE) > 0
    clock.seconds += RESET_AFTER_SECONDS
    throttle.record_failure("stale job", HERE)
    assert waiting(throttle, "anna", HERE) > 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1:2:3", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("testclient", "testclient", True),
        ("", "192.0.2.1", False),
    ],
)
def test_an_address_of_ipv6_is_its_network(one: str, other: str, same: bool) -> None:
    throttle = LoginThrottle(Clock())
    for _ in range(FREE_ATTEMPTS_PER_USER):
        throttle.record_failure("anna", one)
    assert (waiting(throttle, "anna", other) > 0) is same


def test_a_name_of_any_length_costs_the_same_memory() -> None:
    throttle = LoginThrottle(Clock())
    throttle.record_failure("\U0001f98a" * 6_000 + "\udcff", HERE)
    assert max(len(name or b"") for name, _ in throttle._counts) == 16
