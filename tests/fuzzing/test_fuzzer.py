"""A short run of the fuzzer on fixed inputs, and all inputs that ever caused a crash."""

from itertools import count
from pathlib import Path
from random import Random

import pytest

from fuzzing.fuzzer import CRASHES, Fuzzer
from fuzzing.invariants import require
from fuzzing.mutation import mutate
from fuzzing.seeds import build_seeds
from fuzzing.target import Target

SEED = 20_240_527
INPUTS = 2_000


@pytest.mark.parametrize("crash", sorted(CRASHES.iterdir()), ids=lambda path: path.name)
def test_input_of_an_old_crash_keeps_all_invariants(crash: Path) -> None:
    Target().run(crash.read_bytes())


@pytest.mark.untraced  # thousands of inputs; other tests cover the lines
def test_mutations_keep_all_invariants_and_reach_every_outcome() -> None:
    target, outcomes = Target(), set()
    fuzzer = Fuzzer(lambda body: outcomes.add(target.run(body)))
    fuzzer.run_mutations(Random(SEED), lambda: fuzzer.inputs < INPUTS)
    assert fuzzer.crashes == {}
    assert {None, 0, 1, 2, 3} <= outcomes  # not a batch, and batches with that many valid customers


def test_each_crash_is_minimized_and_written_once(tmp_path: Path) -> None:
    def target(body: bytes) -> None:
        require(b"x" not in body, "an-x")
        if b"?" in body:
            raise KeyError

    fuzzer = Fuzzer(target, tmp_path)
    for body in (b"abcx", b"aaaaaaaaaaxaaaaaaa", b"fine", b"what?"):
        fuzzer.run(body)
    assert (fuzzer.inputs, fuzzer.crashes) == (4, {"an-x": b"x", "KeyError-in-target": b"?"})
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == [b"?", b"x"]


@pytest.mark.untraced  # it runs no code of muster
def test_mutation_is_reproducible_and_bounded() -> None:
    for seed, body in zip(count(), build_seeds(), strict=False):
        mutation = mutate(body, 1_000, Random(seed))
        assert mutation == mutate(body, 1_000, Random(seed))
        assert len(mutation) <= 1_000
