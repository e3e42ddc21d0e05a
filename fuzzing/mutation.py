"""Changes to a body that know what it is: a batch of customers by the field tables.

Bytes changed at random hardly ever get past the decoder. So a body that is JSON is taken apart, changed as a tree, and
written again; keys may stand twice, and a value may be any text. One that is no JSON is changed as bytes.
"""

import codecs
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any, Final

from fuzzing.seeds import customers
from fuzzing.values import NAMES, ODD, anything, texts_of, words

MOST_CHANGES: Final = 4


class Raw(str):
    """A JSON text that is written as it is."""


class Pairs(list[list[Any]]):
    """An object as its pairs of key and value, `[key, value]` each."""


Place = tuple[list[Any], int]  # what holds a value, and its index there


def mutated(body: bytes, most: int, random: Random) -> bytes:
    """The body with a few changes, of at most `most` bytes."""
    changed = _changed_as_json(body, random) if random.random() < 0.9 else None
    if changed is None or len(changed) > most or random.random() < 0.05:
        changed = scratched(changed or body, random)
    return changed[:most]


def _changed_as_json(body: bytes, random: Random) -> bytes | None:
    """None for what is no JSON, or nests too deep to be taken apart."""
    try:
        root = [_taken_apart(str(body, "utf-8-sig"))]
        for _ in range(random.randint(1, MOST_CHANGES)):
            random.choice(_CHANGES)(root, random)
        text = _written(root[0])
    except (ValueError, RecursionError):
        return None
    return (codecs.BOM_UTF8 if random.random() < 0.01 else b"") + text.encode(errors="surrogatepass")


def scratched(body: bytes, random: Random) -> bytes:
    """The body with some bytes changed, added, taken away or doubled, or cut off."""
    at = random.randint(0, len(body))
    end = min(at + random.choice((0, 1, 2, 8, 64)), len(body))
    new = random.choice(
        (
            b"",
            random.randbytes(random.randint(1, 4)),
            random.choice(_dictionary()),
            body[at:end] * 2,
            random.choice((b"\\", b'"', b",", b":", b"[", b"]", b"{", b"}", b"\\ud800", b"\0", b"\xff")),
        )
    )
    return body[:at] + new + (b"" if random.random() < 0.05 else body[end:])


@cache
def _dictionary() -> tuple[bytes, ...]:
    return tuple(word.encode(errors="surrogatepass") for word in words())


def _taken_apart(text: str) -> Any:
    return json.loads(
        text,
        object_pairs_hook=lambda pairs: Pairs([list(pair) for pair in pairs]),
        parse_int=Raw,
        parse_float=Raw,
        parse_constant=Raw,
    )


def _written(value: Any) -> str:
    if isinstance(value, Raw):
        return value
    if isinstance(value, Pairs):
        return f"{{{','.join(f'{json.dumps(key)}:{_written(inner)}' for key, inner in value)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    return json.dumps(value)


def _places(root: list[Any]) -> list[Place]:
    """Every place where a value stands."""
    found: list[Place] = []
    rest: list[Place] = [(root, 0)]
    while rest:
        place = rest.pop()
        found.append(place)
        rest.extend(_within(place[0][place[1]]))
    return found


def _within(value: Any) -> Iterator[Place]:
    if isinstance(value, Pairs):
        yield from ((pair, 1) for pair in value)
    elif isinstance(value, list):
        yield from ((value, index) for index in range(len(value)))


def _holders(root: list[Any], kind: type[list[Any]]) -> list[Any]:
    values = [holder[index] for holder, index in _places(root)]
    return [value for value in values if type(value) is kind]


def _text_for(holder: list[Any], index: int, random: Random) -> Raw:
    """A text for a place: one for the field that it is the value of, or any."""
    fitting = texts_of(holder[0]) if index == 1 and len(holder) == 2 and type(holder[0]) is str else ()
    if fitting and random.random() < 0.7:
        return Raw(random.choice(fitting))
    return Raw(random.choice(ODD if random.random() < 0.95 else anything()))


def _replace(root: list[Any], random: Random) -> None:
    holder, index = random.choice(_places(root))
    holder[index] = _text_for(holder, index, random)


def _add_field(root: list[Any], random: Random) -> None:
    for found in _some(_holders(root, Pairs), random):
        pair: list[Any] = [random.choice(NAMES), None]
        pair[1] = _text_for(pair, 1, random)
        found.insert(random.randint(0, len(found)), pair)


def _remove(root: list[Any], random: Random) -> None:
    for holder in _some(_holders(root, Pairs) + _holders(root, list), random):
        if holder:
            del holder[random.randrange(len(holder))]


def _double(root: list[Any], random: Random) -> None:
    """An element of a list, or a key: with the same value or with another."""
    for holder in _some(_holders(root, Pairs) + _holders(root, list), random):
        if holder:
            copy = deepcopy(random.choice(holder))
            if isinstance(holder, Pairs) and random.random() < 0.5:
                copy[1] = _text_for(copy, 1, random)
            holder.insert(random.randint(0, len(holder)), copy)


def _shuffle(root: list[Any], random: Random) -> None:
    for holder in _some(_holders(root, Pairs) + _holders(root, list), random):
        random.shuffle(holder)


def _swap(root: list[Any], random: Random) -> None:
    (one, at), (other, there) = random.choice(_places(root)[1:] or [(root, 0)]), random.choice(_places(root))
    one[at] = deepcopy(other[there])


def _nest(root: list[Any], random: Random) -> None:
    holder, index = random.choice(_places(root))
    depth = random.choice((1, 2, 7, 28, 33, 300))
    opening, closing = random.choice((("[", "]"), ('{"a":', "}")))
    holder[index] = Raw(opening * depth + _written(holder[index]) + closing * depth)


def _rename(root: list[Any], random: Random) -> None:
    for found in _some(_holders(root, Pairs), random):
        if found:
            pair = random.choice(found)
            pair[0] = random.choice((random.choice(NAMES), f"{pair[0]} ", "", "\ud800", "~/", "\0"))


def _twist(root: list[Any], random: Random) -> None:
    """A string with something put into it."""
    strings = [(holder, index) for holder, index in _places(root) if type(holder[index]) is str]
    for holder, index in _some(strings, random):
        text, at = holder[index], random.randint(0, len(holder[index]))
        more = random.choice(("\0", " ", "\ud800", "x" * 260, "-", "0", ".", "\u0661", "\U0001f600", text))
        holder[index] = text[:at] + more + text[at + random.randint(0, 1) :]


def _add_customers(root: list[Any], random: Random) -> None:
    """Enough of them to be sifted by columns."""
    for found in _some([pair[1] for pairs in _holders(root, Pairs) for pair in pairs if type(pair[1]) is list], random):
        for _ in range(random.choice((1, 5))):
            found.append(_taken_apart(json.dumps(random.choice(customers()))))


def _some(choices: list[Any], random: Random) -> list[Any]:
    """One of them, where there are any."""
    return [random.choice(choices)] if choices else []


_CHANGES: Final[tuple[Callable[[list[Any], Random], None], ...]] = (
    *(_replace, _replace, _replace, _add_field, _add_field, _remove, _double, _shuffle, _swap, _nest, _rename),
    *(_twist, _add_customers),
)
