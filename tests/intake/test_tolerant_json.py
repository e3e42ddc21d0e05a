"""The tolerant decoder accepts and rejects what the reference decoder does, with the same values and offsets."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib import import_module
from itertools import product
from random import Random
from typing import Any

import pytest

from fuzzing.mutation import mutate, mutate_bytes
from fuzzing.seeds import build_seeds
from muster.customer.numbers import UNREADABLE
from muster.intake import json_scanner, json_structure, tolerant_json
from muster.intake.json_checker import check_json
from muster.intake.json_scanner import InvalidJsonError, check_syntax
from muster.intake.json_structure import MAX_DEPTH
from tests.intake import reference_decoder

# Thousands of inputs; other tests cover the lines of the decoders.
pytestmark = pytest.mark.untraced

SEED = 20_240_527
TOKENS = ("[", "]", "{", "}", ",", ":", "1", '"a"', " ")
DEEP = MAX_DEPTH
# Bytes that one match of the scan goes over: few, so that it cuts every part of a text somewhere.
WINDOWS = (1, 4, 7, 32)
# The parser of regular expressions; the type stubs do not have it.
_constants: Any = import_module("re._constants")
_parser: Any = import_module("re._parser")

SINGLE_CHARACTERS = (_constants.IN, _constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY)


def decode(text: str) -> Any:
    check_syntax(text.encode())
    return tolerant_json.decode(text.encode())


def check(text: str, window_bytes: int) -> None:
    check_syntax(text.encode(), window_bytes)


def cut(value: Any, depth: int = 0) -> Any:
    """The value without the containers that nest too deep: the decoder may keep some simple ones."""
    if depth >= DEEP and isinstance(value, dict | list):
        return UNREADABLE
    if isinstance(value, dict):
        return {key: cut(inner, depth + 1) for key, inner in value.items()}
    return [cut(inner, depth + 1) for inner in value] if isinstance(value, list) else value


def describe(decode: Callable[[str], Any], text: str) -> str:
    """The value with its types and digits, or the error and its offset in bytes."""
    try:
        return repr(cut(decode(text)))
    except InvalidJsonError as error:
        return f"{error} at {error.offset}"


def compare(text: str, windows: Sequence[int] = WINDOWS) -> None:
    expected = describe(reference_decoder.decode, text)
    assert describe(decode, text) == expected, text
    error = expected if re.search(r" at \d+$", expected) else "None"
    assert describe(lambda text: check_json(text.encode()), text) == error, text
    for window_bytes in windows:
        assert describe(partial(check, window_bytes=window_bytes), text) == error, (text, window_bytes)


@pytest.mark.parametrize(
    ("before", "after", "max_length"),
    [
        ("", "", 4),
        ("[" * (DEEP - 1), "]" * (DEEP - 1), 3),
        ("[" * DEEP, "]" * DEEP, 3),
        ("[" * (DEEP + 1), "", 2),
        ('{"a":' * (DEEP + 1), "}" * (DEEP + 1), 2),
    ],
    ids=["at the top", "above the limit", "at the limit", "below", "in objects below"],
)
def test_every_short_sequence_of_tokens_is_decoded_alike(before: str, after: str, max_length: int) -> None:
    for length in range(max_length + 1):
        for tokens in product(TOKENS, repeat=length):
            compare(f"{before}{''.join(tokens)}{after}")
    # Most of the next length are refused at a token that shorter ones have.
    random = Random(SEED)
    for _ in range(500):
        compare(f"{before}{''.join(random.choices(TOKENS, k=max_length + 1))}{after}", WINDOWS[1:2])


def generate_bodies(count: int) -> Iterator[str]:
    """Mutated batches, some of them within many brackets."""
    random, pool = Random(SEED), list(build_seeds())
    while count:
        body = mutate(random.choice(pool), 5_000, random)
        if random.random() < 0.4:
            depth = random.randint(DEEP - 4, DEEP + 4)
            opening, closing = random.choice(((b"[", b"]"), (b'{"a":', b"}")))
            body = opening * depth + body + closing * depth
        for _ in range(random.randint(0, 2)):
            body = mutate_bytes(body, random)
        try:
            yield str(body, "utf-8")
            count -= 1
        except UnicodeDecodeError:
            continue


def test_mutated_batches_are_decoded_alike() -> None:
    for text in generate_bodies(500):
        compare(text)


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
        '["\\\\ud800", "\\\\\\ud800", "\\uDFFF", "\\uD8", "\\ud80x"]',
        "[1" + "[" * 300 + "]" * 300 + "]",
        '["a' + "[" * 300 + "\n" + "]" * 300 + '"]',
        "[" + "[" * 5_000 + "]" * 5_000 + ',"\\uD800", 1, x]',
        "[" * 1_500 + "x" + "]" * 1_500,
        "[" * 1_500 + "}" + "]" * 1_500,
        "[" + "[" * 1_500 + "x" + "]" * 1_500 + ", y]",
        "[1" + "[" * 1_500 + "]" * 1_500 + "]",
        "[" + "[" * 1_500 + "]" * 1_500 + "[]]",
        "[" + "[" * 1_500 + "]" * 1_500 + ',"\\ud800",' + '{"a":' * 1_500 + "1" + "}" * 1_500 + "]",
        "1" * 5_000,
        "-0",
        "1.50e5",
    ],
    ids=lambda text: text[:24],
)
def test_unusual_texts_are_decoded_alike(text: str) -> None:
    compare(text)


def iterate_patterns(values: Iterable[Any]) -> Iterator[Any]:
    """The patterns among the values: as such, by one of their methods, or in a dict."""
    for value in values:
        if isinstance(value, dict):
            yield from iterate_patterns(value.values())
        elif isinstance(found := getattr(value, "__self__", value), re.Pattern):
            yield found.pattern


def _find_possessive_repeats(parsed: Any) -> Iterator[Any]:
    """The repeated parts of all possessive repeats in a parsed pattern."""
    for operator, argument in parsed:
        if operator is _constants.POSSESSIVE_REPEAT:
            yield list(argument[2])
        for part in argument if isinstance(argument, list | tuple) else [argument]:
            for inner in part if isinstance(part, list) else [part]:
                if isinstance(inner, _parser.SubPattern):
                    yield from _find_possessive_repeats(inner)


def test_possessive_repeats_work_before_python_3_11_5() -> None:
    """There, a possessive repeat consumes the beginning of a failed repetition unless it repeats an atomic group."""
    modules = json_scanner, json_structure, tolerant_json
    patterns = {found for module in modules for found in iterate_patterns(vars(module).values())}
    repeated = [part for pattern in patterns for part in _find_possessive_repeats(_parser.parse(pattern))]
    assert len(patterns) > 10
    assert len(repeated) > len(patterns)
    for part in repeated:
        assert len(part) == 1
        assert part[0][0] in (*SINGLE_CHARACTERS, _constants.ATOMIC_GROUP), part
