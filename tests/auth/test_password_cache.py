"""A right password is verified once a minute, whoever asks and however many at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from muster.auth.password_cache import CACHE_SECONDS, PasswordCache
from tests.auth.fakes import Clock


class Verifier:
    """Counts how often it is asked, and answers when it is let."""

    def __init__(self, right: bool = True) -> None:
        self.right = right
        self.times = 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self) -> bool:
        self.times += 1
        assert self.may_answer.wait(10)
        return self.right


def test_a_right_password_is_verified_once_in_a_minute() -> None:
    clock, verify = Clock(), Verifier()
    remembered = PasswordCache(clock)
    for _ in range(3):
        assert remembered.verified("anna", "secret", "hash", verify)
    clock.seconds += CACHE_SECONDS - 1
    assert remembered.verified("anna", "secret", "hash", verify)
    assert verify.times == 1


def test_using_a_password_does_not_make_its_minute_longer() -> None:
    clock, verify = Clock(), Verifier()
    remembered = PasswordCache(clock)
    for _ in range(4):
        remembered.verified("anna", "secret", "hash", verify)
        clock.seconds += CACHE_SECONDS / 2
    assert verify.times == 2


def test_a_wrong_password_is_verified_every_time() -> None:
    verify = Verifier(right=False)
    remembered = PasswordCache(Clock())
    assert not remembered.verified("anna", "wrong", "hash", verify)
    assert not remembered.verified("anna", "wrong", "hash", verify)
    assert verify.times == 2


@pytest.mark.parametrize(
    "other",
    [("anna", "other", "hash"), ("anna", "secret", "new"), ("ann", "asecret", "hash"), ("berta", "secret", "hash")],
)
def test_any_other_name_password_or_hash_is_verified(other: tuple[str, str, str]) -> None:
    remembered = PasswordCache(Clock())
    remembered.verified("anna", "secret", "hash", Verifier())
    assert not remembered.verified(*other, Verifier(right=False))


def test_a_wrong_password_does_not_make_the_right_one_forgotten() -> None:
    remembered, verify = PasswordCache(Clock()), Verifier()
    remembered.verified("anna", "secret", "hash", verify)
    remembered.verified("anna", "wrong", "hash", Verifier(right=False))
    remembered.verified("anna", "secret", "hash", verify)
    assert verify.times == 1


def test_logins_at_the_same_moment_wait_for_one_verification() -> None:
    remembered, verify = PasswordCache(Clock()), Verifier()
    verify.may_answer.clear()
    with ThreadPoolExecutor(20) as pool:
        logins = [pool.submit(remembered.verified, "anna", "secret", "hash", verify) for _ in range(20)]
        verify.may_answer.set()
        assert all(login.result(10) for login in logins)
    assert verify.times == 1


def test_users_do_not_wait_for_each_other() -> None:
    remembered, slow = PasswordCache(Clock()), Verifier()
    slow.may_answer.clear()
    with ThreadPoolExecutor(1) as pool:
        login = pool.submit(remembered.verified, "anna", "secret", "hash", slow)
        assert remembered.verified("berta", "secret", "hash", Verifier())
        slow.may_answer.set()
        assert login.result(10)


def test_a_verification_that_fails_is_told_and_does_not_block_the_next_one() -> None:
    def fail() -> bool:
        raise MemoryError

    remembered = PasswordCache(Clock())
    with pytest.raises(MemoryError):
        remembered.verified("anna", "secret", "hash", fail)
    assert remembered.verified("anna", "secret", "hash", Verifier())


def test_no_more_users_are_remembered_than_there_is_room_for() -> None:
    remembered, verify = PasswordCache(Clock(), most=2), Verifier()
    for name in ("anna", "berta", "carla", "berta", "carla"):
        remembered.verified(name, "secret", "hash", verify)
    assert verify.times == 3
    remembered.verified("anna", "secret", "hash", verify)
    assert verify.times == 4
