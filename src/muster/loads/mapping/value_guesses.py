"""Value guesses: how the cells of a column are written: dates, decimal commas, words for codes and booleans."""

import gettext
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import pycountry

from muster.customer.dates import is_date
from muster.customer.value_types import Boolean, ClassifierCode, Date, Decimal, Enum, Integer, ValueType
from muster.loads.mapping.header_words import BOOLEAN_WORDS, NULL_WORDS, VALUE_WORDS

_DAY: Final = re.compile(r"(\d{1,4})([./ -])(\d{1,2})\2(\d{1,4})(?:[ T]0?0:00.*)?", re.ASCII)
_COMPACT_DAY: Final = re.compile(r"(?:19|20)\d\d[01]\d[0-3]\d", re.ASCII)
_COMMA_NUMBER: Final = re.compile(r"[+-]?\d[\d. '\u00a0\u202f]*,\d+", re.ASCII)
# Languages whose names of countries are known, by ISO 639.
_LANGUAGES: Final = (
    *("bg", "cs", "da", "de", "el", "es", "et", "fi", "fr", "hr", "hu", "it"),
    *("lt", "lv", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "uk"),
)
_MAX_WORDS: Final = 40  # texts of one column that are mapped to codes; more of them are no code list


@dataclass(slots=True)
class ColumnGuess:
    """What the cells of a column need. `doubts` are lines for a person."""

    date_format: str | None = None
    decimal_comma: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


def guess_null_words(cells: Iterable[str | None]) -> list[str]:
    """Words of the sample that stand for nothing, as they are written."""
    return sorted({cell.strip() for cell in cells if cell and cell.strip().lower() in NULL_WORDS})


def guess_column(
    name: str, value_type: ValueType, cells: Sequence[str], titles: Mapping[str, Mapping[str, str]]
) -> ColumnGuess:
    """What the cells of a column need to be read as the field `name`. `cells` are not empty."""
    guess = ColumnGuess()
    if not cells:
        guess.doubts.append("empty in the sample")
    elif isinstance(value_type, Date):
        _guess_dates(cells, guess)
    elif isinstance(value_type, Decimal | Integer):
        guess.decimal_comma = any(_COMMA_NUMBER.fullmatch(cell.strip()) for cell in cells)
    elif isinstance(value_type, Boolean):
        _guess_words(cells, {"true", "false", "True", "False", "TRUE", "FALSE"}, _find_boolean, guess)
    elif isinstance(value_type, Enum):
        words = _invert(VALUE_WORDS.get(name, {}))
        words |= {value.lower(): value for value in value_type.values}
        _guess_words(cells, set(value_type.values), words.get, guess)
    elif isinstance(value_type, ClassifierCode):
        _guess_codes(cells, value_type.classifier, titles[value_type.classifier], guess)
    return guess


def _guess_dates(cells: Sequence[str], guess: ColumnGuess) -> None:
    formats = Counter(filter(None, map(_guess_format, cells)))
    if not formats:
        if not all(is_date(cell) for cell in cells):
            guess.doubts.append("not all cells look like dates")
        return
    best = formats.most_common(1)[0][0]
    if best == "DD/MM/YYYY or MM/DD/YYYY":
        certain = [each for each in formats if " or " not in each]
        best = certain[0] if certain else "DD/MM/YYYY"
        if not certain:
            guess.doubts.append("no day of the sample tells DD/MM/YYYY from MM/DD/YYYY")
    guess.date_format = best
    if len({each for each in formats if " or " not in each}) > 1:
        guess.doubts.append(f"dates of several formats: {', '.join(sorted(formats))}")


def _guess_format(cell: str) -> str | None:
    text = cell.strip()
    if _COMPACT_DAY.fullmatch(text):
        return "YYYYMMDD"
    match = _DAY.fullmatch(text)
    if match is None or is_date(text):
        return None
    first, mark, second, third = match.groups()
    if len(first) == 4:
        return f"YYYY{mark}MM{mark}DD" if len(second) == len(third) == 2 else f"YYYY{mark}M{mark}D"
    if len(third) != 4:
        return None
    day, month = ("DD", "MM") if len(first) == len(second) == 2 else ("D", "M")
    if mark == "/":
        if int(first) <= 12 and int(second) <= 12:
            return "DD/MM/YYYY or MM/DD/YYYY" if day == "DD" else None
        if int(second) > 12:
            return f"{month}/{day}/YYYY"
    return f"{day}{mark}{month}{mark}YYYY"


def _find_boolean(word: str) -> bool | None:
    return next((value for value, words in BOOLEAN_WORDS.items() if word in words), None)


def _guess_codes(cells: Sequence[str], classifier: str, titles: Mapping[str, str], guess: ColumnGuess) -> None:
    words = {title.lower(): code for code, title in titles.items()} | {code.lower(): code for code in titles}

    def find(word: str) -> str | None:
        return words.get(word) or (_find_country(word, titles) if classifier == "country" else None)

    _guess_words(cells, set(titles), find, guess)


def _find_country(word: str, titles: Mapping[str, str]) -> str | None:
    """A country by its other codes and names of ISO, and by its names in languages of Europe."""
    try:
        code: str | None = pycountry.countries.lookup(word).alpha_2
    except LookupError:
        code = _read_country_names().get(word)
    return code if code is not None and code in titles else None


@cache
def _read_country_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for language in _LANGUAGES:
        try:
            translate = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language]).gettext
        except OSError:
            continue  # not every packaging of pycountry has all languages
        for country in pycountry.countries:
            names.setdefault(translate(country.name).lower(), country.alpha_2)
    return names


def _guess_words(cells: Sequence[str], known: set[str], find: Any, guess: ColumnGuess) -> None:
    """Maps the texts that are no values of the field to the ones that they stand for."""
    texts = sorted({cell.strip() for cell in cells})
    unknown = [text for text in texts if text not in known]
    if len(unknown) > _MAX_WORDS:
        guess.doubts.append(f"{len(unknown)} different texts: probably another field")
        return
    for text in unknown:
        value = find(text.lower())
        if value is not None:
            guess.values[text] = value
    lost = [text for text in unknown if text not in guess.values]
    if lost:
        guess.doubts.append(f"no value is known for {', '.join(repr(text[:40]) for text in lost)}: add them to values")


def _invert(words: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {word: value for value, each in words.items() for word in each}
