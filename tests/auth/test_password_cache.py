"""A right password is verified once a minute, also for concurrent requests."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from muster.auth.password_cache import CACHE_SECONDS, PasswordCache
from tests.auth.fakes import ManualClock


class HashVerifier:
    """Counts its calls, and returns `result` once `may_return` is set."""

    def __init__(self, result: bool = True) -> None:
        self.result = result
        self.calls = 0
        self.may_return = threading.Event()
        self.may_return.set()

    def __call__(self) -> bool:
        self.calls += 1
        assert self.may_return.wait(10)
        return self.result


def test_right_password_is_verified_once_a_minute() -> None:
    clock, verify = ManualClock(), HashVerifier()
    cache = PasswordCache(clock)
    for _ in range(3):
        assert cache.verify("anna", "secret", "hash", verify)
    clock.seconds += CACHE_SECONDS - 1
    assert cache.verify("anna", "secret", "hash", verify)
    assert verify.calls == 1


def test_cache_hit_does_not_extend_the_lifetime() -> None:
    clock, verify = ManualClock(), HashVerifier()
    cache = PasswordCache(clock)
    for _ in range(4):
        cache.verify("anna", "secret", "hash", verify)
        clock.seconds += CACHE_SECONDS / 2
    assert verify.calls == 2


def test_wrong_password_is_verified_every_time() -> None:
    verify = HashVerifier(result=False)
    cache = PasswordCache(ManualClock())
    assert not cache.verify("anna", "wrong", "hash", verify)
    assert not cache.verify("anna", "wrong", "hash", verify)
    assert verify.calls == 2


@pytest.mark.parametrize(
    "other",
    [("anna", "other", "hash"), ("anna", "secret", "new"), ("ann", "asecret", "hash"), ("berta", "secret", "hash")],
)
def test_any_other_name_password_or_hash_is_verified(other: tuple[str, str, str]) -> None:
    cache = PasswordCache(ManualClock())
    cache.verify("anna", "secret", "hash", HashVerifier())
    assert not cache.verify(*other, HashVerifier(result=False))


def test_wrong_password_does_not_evict_the_right_one() -> None:
    cache, verify = PasswordCache(ManualClock()), HashVerifier()
    cache.verify("anna", "secret", "hash", verify)
    cache.verify("anna", "wrong", "hash", HashVerifier(result=False))
    cache.verify("anna", "secret", "hash", verify)
    assert verify.calls == 1


def test_concurrent_logins_wait_for_one_verification() -> None:
    cache, verify = PasswordCache(ManualClock()), HashVerifier()
    verify.may_return.clear()
    with ThreadPoolExecutor(20) as pool:
        logins = [pool.submit(cache.verify, "anna", "secret", "hash", verify) for _ in range(20)]
        verify.may_return.set()
        assert all(login.result(10) for login in logins)
    assert verify.calls == 1


def test_users_do_not_wait_for_each_other() -> None:
    cache, slow = PasswordCache(ManualClock()), HashVerifier()
    slow.may_return.clear()
    with ThreadPoolExecutor(1) as pool:
        login = pool.submit(cache.verify, "anna", "secret", "hash", slow)
        assert cache.verify("berta", "secret", "hash", HashVerifier())
        slow.may_return.set()
        assert login.result(10)


def test_failing_verification_raises_and_does_not_block_the_next_one() -> None:
    def fail() -> bool:
        raise MemoryError

    cache = PasswordCache(ManualClock())
    with pytest.raises(MemoryError):
        cache.verify("anna", "secret", "hash", fail)
    assert cache.verify("anna", "secret", "hash", HashVerifier())


def test_oldest_user_is_evicted_from_a_full_cache() -> None:
    cache, verify = PasswordCache(ManualClock(), max_users=2), HashVerifier()
    for name in ("anna", "berta", "carla", "berta", "carla"):
        cache.verify(name, "secret", "hash", verify)
    assert verify.calls == 3
    cache.verify("anna", "secret", "hash", verify)
    assert verify.calls == 4
