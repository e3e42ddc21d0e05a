"""The careful decoder reads and refuses what the plain one does, and tells the same places."""

from collections.abc import Callable, Iterator
from itertools import product
from random import Random
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from fuzzing.mutation import mutated, scratched
from fuzzing.seeds import seeds
from muster.intake import tolerant_json
from tests.intake import plain_decoder

SEED = 20_240_527
TOKENS = ("[", "]", "{", "}", ",", ":", "1", '"a"', " ")
DEEP = tolerant_json.MAX_DEPTH


def told_by(decode: Callable[[str], Any], text: str) -> str:
    """The value with its types and digits, or the error and its place."""
    try:
        return repr(decode(text))
    except tolerant_json.InvalidJsonError as error:
        return f"{error} at {error.offset}"


def check(text: str) -> None:
    assert told_by(tolerant_json.decode, text) == told_by(plain_decoder.decode, text), text


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("", ""),
        ("[" * (DEEP - 1), "]" * (DEEP - 1)),
        ("[" * DEEP, "]" * DEEP),
        ("[" * (DEEP + 1), ""),
        ('{"a":' * (DEEP + 1), "}" * (DEEP + 1)),
    ],
    ids=["at the top", "above the limit", "at the limit", "below", "in objects below"],
)
def test_every_short_row_of_tokens_is_read_alike(before: str, behind: str) -> None:
    for length in range(6 if before == "" else 5):
        for tokens in product(TOKENS, repeat=length):
            check(f"{before}{''.join(tokens)}{behind}")


def bodies(count: int) -> Iterator[str]:
    """Batches, changed as trees and as bytes, some of them in the midst of many brackets."""
    random, pool = Random(SEED), list(seeds())
    while count:
        body = mutated(random.choice(pool), 5_000, random)
        if random.random() < 0.4:
            depth = random.randint(DEEP - 4, DEEP + 4)
            opening, closing = random.choice(((b"[", b"]"), (b'{"a":', b"}")))
            body = opening * depth + body + closing * depth
        for _ in range(random.randint(0, 2)):
            body = scratched(body, random)
        try:
            yield str(body, "utf-8")
            count -= 1
        except UnicodeDecodeError:
            continue


def test_batches_of_all_sorts_are_read_alike() -> None:
    for text in bodies(2_000):
        check(text)


@pytest.mark.parametrize(
    "text",
    [
        '["\\ud800", {"\\ud800": 1, "\\udc00": "\\ud83d"}, [["\\ud83d\\ude00"]]]',
        '{"\\ud800": 1, "\\udbff": 2, "\\ud800": 3, "a": 4, "a": []}',
        "[NaN]",
        "[Infinity, 1]",
        "[" * DEEP + "NaN" + "]" * DEEP,
        "[" * DEEP + "[],{},[1],[[]] , [ ] ,1" + "]" * DEEP,
        "[" * DEEP + '{"a":[]},{},{"a":{}}' + "]" * DEEP,
        "[" * 5_000 + "]" * 4_999,
        "[ " * 5_000 + "} " * 5_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000 + " x",
        "[" * 40 + "1," * 1_000 + "x",
        "-",
        '"\\u12"',
        "[1 2]",
        "1" * 5_000,
        "-0",
        "1.50e5",
    ],
    ids=lambda text: text[:24],
)
def test_odd_texts_are_read_alike(text: str) -> None:
    check(text)


def _possessive(parsed: Any) -> Iterator[Any]:
    """What possessive repeats repeat, at any depth of a parsed pattern."""
    for operator, argument in parsed:
        if operator is _constants.POSSESSIVE_REPEAT:
            yield list(argument[2])
        for part in argument if isinstance(argument, list | tuple) else [argument]:
            for inner in part if isinstance(part, list) else [part]:
                if isinstance(inner, _parser.SubPattern):
                    yield from _possessive(inner)


def test_no_pattern_repeats_in_a_way_that_python_before_3_11_5_gets_wrong() -> None:
    """There a possessive repeat kept the beginning of a turn that came to nothing, unless the turn is atomic."""
    ways = [vars(tolerant_json)[name] for name in ("_space", "_string", "_scalar")]
    for inside in (*tolerant_json._KEPT.values(), *tolerant_json._BELOW.values()):
        ways += [inside.run, inside.from_opening, inside.from_value]
    repeated = [turn for way in ways for turn in _possessive(_parser.parse(way.__self__.pattern))]
    assert len(repeated) > len(ways)
    for turn in repeated:
        assert len(turn) == 1
        assert turn[0][0] in (_constants.IN, _constants.LITERAL, _constants.ATOMIC_GROUP), turn
