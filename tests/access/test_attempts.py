"""Wrong credentials cost whoever brings them, and nobody else."""

import pytest

from muster.access.attempts import (
    FORGOTTEN_SECONDS,
    FREE_OF_ADDRESS,
    FREE_OF_USER,
    LONGEST_OF_ADDRESS,
    LONGEST_SECONDS,
    Attempts,
    TooManyAttempts,
)
from tests.access.fakes import Clock

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def waiting(attempts: Attempts, name: str | None, address: str) -> int:
    """Seconds until credentials are looked at again, 0 when they are now."""
    try:
        attempts.check(name, address)
    except TooManyAttempts as refusal:
        return refusal.seconds
    return 0


def test_a_few_wrong_attempts_cost_nothing_and_each_further_one_twice_as_long() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    waits = []
    for _ in range(FREE_OF_USER + 11):
        attempts.wrong("anna", HERE)
        waits.append(waiting(attempts, "anna", HERE))
        clock.seconds += waits[-1]
    assert waits[: FREE_OF_USER + 3] == [0] * (FREE_OF_USER - 1) + [1, 2, 4, 8]
    assert waits[-1] == LONGEST_SECONDS


def test_nobody_is_shut_out_from_elsewhere() -> None:
    attempts = Attempts(Clock())
    for _ in range(FREE_OF_USER + 5):
        attempts.wrong("anna", HERE)
    assert waiting(attempts, "anna", HERE) > 0
    assert waiting(attempts, "anna", ELSEWHERE) == 0
    assert waiting(attempts, "tom", HERE) == 0


@pytest.mark.parametrize("name", ["user", None])
def test_nobody_tries_many_users_or_tokens_from_one_address(name: str | None) -> None:
    attempts = Attempts(Clock())
    for number in range(FREE_OF_ADDRESS):
        attempts.wrong(name and f"{name} {number}", HERE)
    assert waiting(attempts, "another", HERE) > 0
    assert waiting(attempts, None, HERE) > 0
    assert waiting(attempts, None, ELSEWHERE) == 0


def test_the_right_password_clears_the_user_and_not_the_address() -> None:
    attempts = Attempts(Clock())
    for _ in range(FREE_OF_ADDRESS - 1):
        attempts.wrong("anna", HERE)
        attempts.right("anna", HERE)
    assert waiting(attempts, "anna", HERE) == 0
    attempts.wrong("anna", HERE)
    assert waiting(attempts, "tom", HERE) > 0


def test_old_attempts_are_forgotten() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(FREE_OF_USER - 1):
        attempts.wrong("anna", HERE)
    clock.seconds += FORGOTTEN_SECONDS + 1
    attempts.wrong("anna", HERE)
    assert waiting(attempts, "anna", HERE) == 0


def test_made_up_names_fill_no_memory_and_free_no_address() -> None:
    attempts = Attempts(Clock(), most=50)
    for number in range(1_000):
        attempts.wrong(f"made up {number}", HERE)
    assert len(attempts._counts) <= 50
    assert waiting(attempts, "anna", HERE) == LONGEST_OF_ADDRESS


def test_whoever_came_in_lately_does_not_wait_for_others_at_the_same_address() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    attempts.right("anna", HERE)
    for _ in range(FREE_OF_ADDRESS + 3):
        attempts.wrong("stale job", HERE)
    assert waiting(attempts, "tom", HERE) > 0
    assert waiting(attempts, "anna", HERE) == 0
    for _ in range(FREE_OF_USER):
        attempts.wrong("anna", HERE)
    assert waiting(attempts, "anna", HERE) > 0
    clock.seconds += FORGOTTEN_SECONDS
    attempts.wrong("stale job", HERE)
    assert waiting(attempts, "anna", HERE) > 0


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
    attempts = Attempts(Clock())
    for _ in range(FREE_OF_USER):
        attempts.wrong("anna", one)
    assert (waiting(attempts, "anna", other) > 0) is same


def test_a_name_of_any_length_costs_the_same_memory() -> None:
    attempts = Attempts(Clock())
    attempts.wrong("\U0001f98a" * 6_000 + "\udcff", HERE)
    assert max(len(name or b"") for name, _ in attempts._counts) == 16
