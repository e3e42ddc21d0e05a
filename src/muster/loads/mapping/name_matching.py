"""Name matching: the field that a header of another system stands for, by its words."""

import difflib
import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from muster.customer.fields import SCHEMAS
from muster.loads.mapping.field_paths import UnknownFieldError, list_fields, parse_field_path
from muster.loads.mapping.header_words import ADDRESS_KINDS, FILLERS, FULL_NAME, PHRASES, WORDS

# `CUST_NO`, `custNo`, `Cust No.`: words are split where letters turn to capitals, and at other characters.
_WORD: Final = re.compile(r"[^\W\d_]+|\d+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MIN_SIMILARITY: Final = 0.85
_MAX_LENGTH: Final = 60  # characters; a longer header is a sentence
_LISTS: Final = ("listAddress", "listContact", "listBusinessEntityDocument", "listSourceOfWealth", "listIncomeSource")

Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A field that a header may stand for. `#` stands for the index of the element in its path.

    `element` tells the elements of a list apart: by a number or a word of the header. `doubt` says why a person should
    look at it, None for a plain match.
    """

    path: str
    element: str = ""
    doubt: str | None = None


def match_name(header: str) -> NameMatch | None:
    """The field that a header stands for; None when nothing is near."""
    name = header.strip()
    try:
        return NameMatch(str(parse_field_path(name)))
    except UnknownFieldError:
        pass
    words = to_words(name)
    if not words or len(name) > _MAX_LENGTH:
        return None
    kinds = ADDRESS_KINDS.intersection(words)
    numbers = [word for word in words if word.isdigit()]
    for left_out in (frozenset(), frozenset(numbers), kinds, kinds.union(numbers)):
        path = _find_phrase(frozenset(words) - left_out)
        if path is not None and (not left_out or "#" in path):
            return NameMatch(path, "".join(word for word in words if word in left_out))
    return None if numbers else _match_similar(words)  # a second name is not the first one misspelt


def is_full_name(header: str) -> bool:
    """Whether a header stands for the first and the last name of a person together."""
    return " ".join(word for word in to_words(header) if word not in FILLERS) in FULL_NAME


def to_words(header: str) -> list[str]:
    """The words of a header, as `PHRASES` has them."""
    words: list[str] = []
    for word in _WORD.findall(_CAMEL.sub(" ", header[: 2 * _MAX_LENGTH])):
        words += WORDS.get(word.lower(), word.lower()).split()
    return words


def _find_phrase(words: Words) -> str | None:
    phrases = _phrases()
    return phrases.get(words) or phrases.get(words - FILLERS)


def _match_similar(words: list[str]) -> NameMatch | None:
    """A phrase that differs in a few letters."""
    texts = _phrase_texts()
    near = difflib.get_close_matches(" ".join(sorted(words)), texts, 1, _MIN_SIMILARITY)
    return NameMatch(texts[near[0]], doubt="the name is only similar") if near else None


@cache
def _phrases() -> dict[Words, str]:
    """The paths by their phrases: the names of the fields themselves, and those of `header_words.py`."""
    phrases: dict[Words, str] = {}
    for path, texts in PHRASES.items():
        for text in texts:
            phrases.setdefault(frozenset(text.split()), path)
    for name, field in list_fields(None).items():
        if not hasattr(field.value_type, "schema"):
            phrases.setdefault(frozenset(to_words(name)), name)
    for list_name in _LISTS:
        schema = parse_field_path(f"{list_name}[0]").value_type
        for field in SCHEMAS[getattr(schema, "schema", "Address")].fields:
            phrases.setdefault(frozenset(to_words(field.name)), f"{list_name}[#].{field.name}")
    return {**{words - FILLERS: path for words, path in phrases.items() if words - FILLERS}, **phrases}


@cache
def _phrase_texts() -> dict[str, str]:
    return {" ".join(sorted(words)): path for words, path in _phrases().items()}
