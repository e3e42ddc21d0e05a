"""The short run of the fuzzing, always on the same inputs, and all that ever broke something."""

from itertools import count
from pathlib import Path
from random import Random

import pytest

from fuzzing.broken import hold
from fuzzing.hunt import CRASHERS, Hunt, mutants
from fuzzing.mutation import mutated
from fuzzing.seeds import seeds
from fuzzing.target import Target

SEED = 20_240_527
INPUTS = 3_000


@pytest.mark.parametrize("crasher", sorted(CRASHERS.iterdir()), ids=lambda path: path.name)
def test_what_broke_once_is_answered(crasher: Path) -> None:
    Target().look(crasher.read_bytes())


def test_whatever_comes_in_keeps_what_is_promised() -> None:
    target, outcomes = Target(), set()
    hunt = Hunt(lambda body: outcomes.add(target.look(body)))
    mutants(hunt, Random(SEED), lambda: hunt.inputs < INPUTS)
    assert hunt.found == {}
    assert {None, 0, 1, 2, 3} <= outcomes  # no batch, none sound, some sound: the inputs get everywhere


def test_what_breaks_is_kept_once_and_small(tmp_path: Path) -> None:
    def look(body: bytes) -> None:
        hold(b"x" not in body, "an-x")
        {}[body.index(b"?")] if b"?" in body else None

    hunt = Hunt(look, keep=tmp_path)
    for body in (b"abcx", b"aaaaaaaaaaxaaaaaaa", b"fine", b"what?"):
        hunt.on(body)
    assert (hunt.inputs, hunt.found) == (4, {"an-x": b"x", "KeyError-in-look": b"?"})
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == [b"?", b"x"]


def test_the_same_chance_gives_the_same_mutant_of_bounded_size() -> None:
    for seed, body in zip(count(), seeds(), strict=False):
        mutant = mutated(body, 1_000, Random(seed))
        assert mutant == mutated(body, 1_000, Random(seed))
        assert len(mutant) <= 1_000
