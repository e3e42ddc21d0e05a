"""Oracle for the cost of a body, in counted operations: steps of decoding it, and hashes of numbers in it."""

import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from types import FrameType
from typing import Any, Final

from fuzzing.decoder_oracle import decode
from fuzzing.invariants import require
from muster.customer import BusinessUnits, Checker
from muster.intake.json_scanner import check_syntax
from muster.intake.json_structure import MAX_DEPTH

# Calls of functions, in Python or in C, that decoding may take for a byte, and those of the smallest body.
MAX_STEPS_PER_BYTE: Final = 3
_MAX_STEPS_OF_NOTHING: Final = 2_000
# Its functions are called at each branch of code that is fuzzed with guidance.
_GUIDE: Final = "atheris"

check_syntax(b"0")  # compiles the patterns, which a process does once


class CountedInteger(int):
    """A whole number that counts how often numbers of this kind are hashed."""

    hashes = 0

    def __hash__(self) -> int:
        CountedInteger.hashes += 1
        return super().__hash__()


class CountedDecimal(Decimal):
    """A decimal that counts its hashes together with those of whole numbers."""

    def __hash__(self) -> int:
        CountedInteger.hashes += 1
        return super().__hash__()


def count_steps(work: Callable[[], object]) -> int:
    """The calls of functions, in Python or in C, that the work takes."""
    steps = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal steps
        module = getattr(argument, "__module__", None) or ""
        steps += event in ("call", "c_call") and not module.startswith(_GUIDE)

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return steps


def check_steps(body: bytes) -> None:
    """Decoding takes a number of steps in proportion to the size of the body, as a whole and one by one."""
    for max_whole_bytes in (len(body), -1):
        steps = count_steps(partial(decode, body, max_whole_bytes=max_whole_bytes))
        is_cheap = steps < MAX_STEPS_PER_BYTE * len(body) + _MAX_STEPS_OF_NOTHING
        require(is_cheap, "decoding-takes-too-many-steps", f"{steps} for {len(body)} bytes")


def check_hashes(items: Sequence[Any], checker: Checker, units: BusinessUnits) -> None:
    """No number of the body is hashed: a client can choose numbers of one hash."""
    before = CountedInteger.hashes
    list(checker.check_all([count_hashes(item) for item in items], units))
    require(CountedInteger.hashes == before, "a-number-was-hashed")


def count_hashes(value: Any, depth: int = 0) -> Any:
    """The value with numbers that count their hashes, as deep as fields nest."""
    if type(value) is int:
        return CountedInteger(value)
    if type(value) is Decimal:
        return CountedDecimal(value)
    if depth == MAX_DEPTH:
        return value
    if isinstance(value, dict):
        return {key: count_hashes(inner, depth + 1) for key, inner in value.items()}
    return [count_hashes(inner, depth + 1) for inner in value] if isinstance(value, list) else value
