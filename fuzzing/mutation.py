"""Mutations of a body that follow its structure: a batch of customers, by the field tables.

Random changes of bytes hardly ever get past the decoder. So a body that is JSON is parsed, changed as a tree, and
written again; keys may repeat, and a value may be any text. A body that is not JSON is changed byte by byte.
"""

import codecs
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any, Final

from fuzzing.seeds import build_customers
from fuzzing.values import FIELD_NAMES, JSON_TEXTS, MALFORMED_TEXTS, get_field_texts, iterate_dictionary

MAX_CHANGES: Final = 4


class RawText(str):
    """A text that is written as it is, in the place of a JSON value."""


class KeyValuePairs(list[list[Any]]):
    """A JSON object as its `[key, value]` pairs."""


Place = tuple[list[Any], int]  # the list that holds a value, and the value's index


def mutate(body: bytes, max_bytes: int, random: Random) -> bytes:
    """The body with a few changes, cut off at `max_bytes`."""
    changed = _mutate_json(body, random) if random.random() < 0.9 else None
    if changed is None or len(changed) > max_bytes or random.random() < 0.05:
        changed = mutate_bytes(changed or body, random)
    return changed[:max_bytes]


def mutate_bytes(body: bytes, random: Random) -> bytes:
    """The body with some bytes changed, inserted, removed or repeated, or cut off."""
    at = random.randint(0, len(body))
    end = min(at + random.choice((0, 1, 2, 8, 64)), len(body))
    new = random.choice(
        (
            b"",
            random.randbytes(random.randint(1, 4)),
            random.choice(_encode_dictionary()),
            body[at:end] * 2,
            random.choice((b"\\", b'"', b",", b":", b"[", b"]", b"{", b"}", b"\\ud800", b"\0", b"\xff")),
        )
    )
    return body[:at] + new + (b"" if random.random() < 0.05 else body[end:])


def _mutate_json(body: bytes, random: Random) -> bytes | None:
    """None when the body is not JSON, or nests too deep for the standard library."""
    try:
        root = [_parse(str(body, "utf-8-sig"))]
        for _ in range(random.randint(1, MAX_CHANGES)):
            random.choice(_CHANGES)(root, random)
        text = _write(root[0])
    except (ValueError, RecursionError):
        return None
    return (codecs.BOM_UTF8 if random.random() < 0.01 else b"") + text.encode(errors="surrogatepass")


@cache
def _encode_dictionary() -> tuple[bytes, ...]:
    return tuple(word.encode(errors="surrogatepass") for word in iterate_dictionary())


def _parse(text: str) -> Any:
    return json.loads(
        text,
        object_pairs_hook=lambda pairs: KeyValuePairs([list(pair) for pair in pairs]),
        parse_int=RawText,
        parse_float=RawText,
        parse_constant=RawText,
    )


def _write(value: Any) -> str:
    if isinstance(value, RawText):
        return value
    if isinstance(value, KeyValuePairs):
        return f"{{{','.join(f'{json.dumps(key)}:{_write(inner)}' for key, inner in value)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_write, value))}]"
    return json.dumps(value)


def _list_places(root: list[Any]) -> list[Place]:
    """The places of all values in the tree."""
    found: list[Place] = []
    remaining: list[Place] = [(root, 0)]
    while remaining:
        place = remaining.pop()
        found.append(place)
        remaining.extend(_iterate_children(place[0][place[1]]))
    return found


def _iterate_children(value: Any) -> Iterator[Place]:
    if isinstance(value, KeyValuePairs):
        yield from ((pair, 1) for pair in value)
    elif isinstance(value, list):
        yield from ((value, index) for index in range(len(value)))


def _list_containers(root: list[Any], *types: type[list[Any]]) -> list[Any]:
    values = [holder[index] for holder, index in _list_places(root)]
    return [value for container in types for value in values if type(value) is container]


def _choose_text(holder: list[Any], index: int, random: Random) -> RawText:
    """A text for a place: mostly one for the field whose value stands there."""
    is_field = index == 1 and len(holder) == 2 and type(holder[0]) is str
    field_texts = get_field_texts(holder[0]) if is_field else ()
    if field_texts and random.random() < 0.7:
        return RawText(random.choice(field_texts))
    return RawText(random.choice(JSON_TEXTS if random.random() < 0.95 else JSON_TEXTS + MALFORMED_TEXTS))


def _replace(root: list[Any], random: Random) -> None:
    holder, index = random.choice(_list_places(root))
    holder[index] = _choose_text(holder, index, random)


def _add_field(root: list[Any], random: Random) -> None:
    for found in _choose(_list_containers(root, KeyValuePairs), random):
        pair: list[Any] = [random.choice(FIELD_NAMES), None]
        pair[1] = _choose_text(pair, 1, random)
        found.insert(random.randint(0, len(found)), pair)


def _remove(root: list[Any], random: Random) -> None:
    for holder in _choose(_list_containers(root, KeyValuePairs, list), random):
        if holder:
            del holder[random.randrange(len(holder))]


def _duplicate(root: list[Any], random: Random) -> None:
    """Repeats an element of a list, or a key with the same value or another."""
    for holder in _choose(_list_containers(root, KeyValuePairs, list), random):
        if holder:
            copy = deepcopy(random.choice(holder))
            if isinstance(holder, KeyValuePairs) and random.random() < 0.5:
                copy[1] = _choose_text(copy, 1, random)
            holder.insert(random.randint(0, len(holder)), copy)


def _shuffle(root: list[Any], random: Random) -> None:
    for holder in _choose(_list_containers(root, KeyValuePairs, list), random):
        random.shuffle(holder)


def _copy_value(root: list[Any], random: Random) -> None:
    """Replaces a value with a copy of another one in the tree."""
    places = _list_places(root)
    (target, target_index), (source, source_index) = random.choice(places[1:] or [(root, 0)]), random.choice(places)
    target[target_index] = deepcopy(source[source_index])


def _nest(root: list[Any], random: Random) -> None:
    holder, index = random.choice(_list_places(root))
    depth = random.choice((1, 2, 7, 28, 33, 300))
    opening, closing = random.choice((("[", "]"), ('{"a":', "}")))
    holder[index] = RawText(opening * depth + _write(holder[index]) + closing * depth)


def _rename(root: list[Any], random: Random) -> None:
    for found in _choose(_list_containers(root, KeyValuePairs), random):
        if found:
            pair = random.choice(found)
            pair[0] = random.choice((random.choice(FIELD_NAMES), f"{pair[0]} ", "", "\ud800", "~/", "\0"))


def _insert_text(root: list[Any], random: Random) -> None:
    """Inserts a text into a string."""
    strings = [(holder, index) for holder, index in _list_places(root) if type(holder[index]) is str]
    for holder, index in _choose(strings, random):
        text, at = holder[index], random.randint(0, len(holder[index]))
        inserted = random.choice(("\0", " ", "\ud800", "x" * 260, "-", "0", ".", "\u0661", "\U0001f600", text))
        holder[index] = text[:at] + inserted + text[at + random.randint(0, 1) :]


def _add_customers(root: list[Any], random: Random) -> None:
    """Adds customers to a list: one, or enough for the column-wise precheck."""
    lists = [pair[1] for pairs in _list_containers(root, KeyValuePairs) for pair in pairs if type(pair[1]) is list]
    for found in _choose(lists, random):
        for _ in range(random.choice((1, 5))):
            found.append(_parse(json.dumps(random.choice(build_customers()))))


def _choose(choices: list[Any], random: Random) -> list[Any]:
    """A list of one of the choices; an empty list when there are none."""
    return [random.choice(choices)] if choices else []


_CHANGES: Final[tuple[Callable[[list[Any], Random], None], ...]] = (
    *(_replace, _replace, _replace, _add_field, _add_field, _remove, _duplicate, _shuffle, _copy_value, _nest, _rename),
    *(_insert_text, _add_customers),
)
