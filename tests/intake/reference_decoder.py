"""The reference for the tolerant decoder: a state machine of the JSON grammar that takes a few µs per token.

It is slow and simple, so it is the oracle for the decoder in use (`test_tolerant_json.py`).
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final, NoReturn

from muster.customer.numbers import UNREADABLE, parse_json_decimal, parse_json_integer
from muster.intake.json_scanner import InvalidJsonError
from muster.intake.json_structure import MAX_DEPTH

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_STRING: Final = re.compile(r'"(?:(?>[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})))*+"')
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][+-]?[0-9]++)?")
_WORD: Final = re.compile(r"true|false|null")
_WORDS: Final = {"true": True, "false": False, "null": None}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def decode(text: str) -> Any:
    """The JSON value of `text`; raises `InvalidJsonError`."""
    return _Parser(text).parse()


State = Callable[[], "State | None"]  # parses from one state of the grammar and gives the next state


class _Parser:
    """Parses the text with a stack of its own, so the depth of nesting is not limited."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open: list[Any] = []  # the open containers, outermost first
        self._keys: list[str] = []  # of every open object, the key of the next value
        self._result: Any = None

    def parse(self) -> Any:
        state: State | None = self._value
        while state is not None:
            self._at = self._match(_SPACE).end()
            state = state()
        return self._result

    def _value(self) -> State:
        opening = self._peek()
        if opening not in ("{", "["):
            self._add(self._scalar())
            return self._after_value
        self._at += 1
        container: Any = {} if opening == "{" else []
        # Below the limit, containers are only parsed for their syntax.
        self._add(container if len(self._open) < MAX_DEPTH else UNREADABLE)
        self._open.append(container)
        self._keys.append("")
        return self._after_opening

    def _after_opening(self) -> State:
        return self._close() if self._peek() == self._closing() else self._key_or_value()

    def _after_value(self) -> State | None:
        if not self._open:
            if self._at < len(self._text):
                self._fail("the end of the body")
            return None
        if self._peek() == ",":
            self._at += 1
            return self._key_or_value
        return self._close() if self._peek() == self._closing() else self._fail("a comma or a closing bracket")

    def _key_or_value(self) -> State:
        if self._closing() == "]":
            return self._value
        key = self._string()
        self._keys[-1] = key if isinstance(key, str) else "\ufffd"
        return self._colon

    def _colon(self) -> State:
        if self._peek() != ":":
            self._fail("a colon")
        self._at += 1
        return self._value

    def _close(self) -> State:
        self._at += 1
        self._open.pop()
        self._keys.pop()
        return self._after_value

    def _add(self, value: Any) -> None:
        if not self._open:
            self._result = value
        elif isinstance(container := self._open[-1], dict):
            container[self._keys[-1]] = value
        else:
            container.append(value)

    def _scalar(self) -> Any:
        if self._peek() == '"':
            return self._string()
        if word := self._match(_WORD):
            self._at = word.end()
            return _WORDS[word[0]]
        number = self._match(_NUMBER)
        if not number:
            self._fail("a value")
        self._at = number.end()
        is_whole = number[1] is None and number[2] is None
        return parse_json_integer(number[0]) if is_whole else parse_json_decimal(number[0])

    def _string(self) -> Any:
        literal = self._match(_STRING)
        if not literal:
            self._fail("a string")
        self._at = literal.end()
        text = json.loads(literal[0])  # the standard library decodes lone surrogates
        return UNREADABLE if _SURROGATE.search(text) else text

    def _closing(self) -> str:
        return "}" if isinstance(self._open[-1], dict) else "]"

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _match(self, pattern: re.Pattern[str]) -> Any:
        return pattern.match(self._text, self._at)

    def _fail(self, expected: str) -> NoReturn:
        raise InvalidJsonError(expected, len(self._text[: self._at].encode()))
