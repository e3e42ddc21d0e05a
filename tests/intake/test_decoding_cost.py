"""Decoding takes a number of steps that its size bounds, and little memory, whatever a body contains.

A step is a call of a function, in Python or in C. Five to six million of them take a second of one core; that is the
ceiling in SECURITY.md.
"""

import tracemalloc
from typing import Any

import pytest

from benchmarks.expensive_bodies import EXPENSIVE_BODIES, MEMORY_KINDS, build_expensive_body
from fuzzing.cost_oracle import MAX_STEPS_PER_BYTE, count_steps
from fuzzing.values import UNITS, build_snapshot
from muster.customer import BusinessUnits, Checker
from muster.customer.nested import LargeList
from muster.intake.candidates import check_customers
from muster.intake.decode import MAX_WHOLE_BYTES, decode_customers
from muster.intake.request import BatchOptions
from muster.intake.stage_timings import StageTimings

# Tracing lines beside counting calls and allocations takes three times as long.
pytestmark = pytest.mark.untraced

MEBIBYTE = 1024 * 1024
# Tracing every allocation of a larger body takes seconds.
BODY_BYTES = MEBIBYTE // 4
# Times the size of the body, beside the body itself; and what a group and the findings of a customer take.
MAX_MEMORY, MAX_CONSTANT_MEMORY = 4, MEBIBYTE
# Bytes of a group, in the same relation to the bodies of this test as in the service to bodies of 64 MiB.
GROUP_BYTES = 4 * 1024


def read_values(value: Any) -> None:
    """Decodes what a large customer keeps as JSON."""
    for inner in value.values() if isinstance(value, dict) else ():
        if isinstance(inner, LargeList):
            inner.replace_elements(lambda elements, first: list(map(read_values, elements))[:0])


def decode(body: bytes, max_whole_bytes: int, max_group_bytes: int) -> None:
    for group in decode_customers(body, 10, max_whole_bytes=max_whole_bytes, max_group_bytes=max_group_bytes):
        for item in group:
            read_values(item)


@pytest.mark.parametrize("kind", EXPENSIVE_BODIES)
@pytest.mark.parametrize(
    ("max_whole_bytes", "max_group_bytes"), [(MAX_WHOLE_BYTES, MAX_WHOLE_BYTES), (-1, GROUP_BYTES)]
)
def test_decoding_takes_few_steps_a_mebibyte(kind: str, max_whole_bytes: int, max_group_bytes: int) -> None:
    body = build_expensive_body(kind, MEBIBYTE // 16)
    steps = count_steps(lambda: decode(body, max_whole_bytes, max_group_bytes))
    assert steps < MAX_STEPS_PER_BYTE * len(body)


@pytest.mark.parametrize("kind", MEMORY_KINDS)
def test_large_body_takes_little_memory(kind: str) -> None:
    body = build_expensive_body(kind, BODY_BYTES)
    checker, units = Checker(build_snapshot().codes), BusinessUnits.for_user(frozenset(UNITS[:1]), ())
    decode(body, -1, GROUP_BYTES)  # fills caches
    tracemalloc.start()
    try:
        groups = decode_customers(body, 10, max_whole_bytes=-1, max_group_bytes=GROUP_BYTES)
        check_customers(groups, checker, units, StageTimings(), BatchOptions(save=True))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MAX_MEMORY * len(body) + MAX_CONSTANT_MEMORY
