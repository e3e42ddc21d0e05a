"""Value checks: doubts about a value that its field accepts. Each gives a warning.

A check decides on one value, and on a column of values at once (see `column_tests.py`). It gets only values of the type
that its field takes.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from muster.customer import warnings as w
from muster.customer.dates import get_day, get_today
from muster.customer.warnings import WarningKind


@dataclass(frozen=True, slots=True)
class ValueCheck:
    """A doubt about the values of one field. `are_sound` is True only when no value of a column is doubtful."""

    warning: WarningKind
    is_doubtful: Callable[[Any], bool]
    are_sound: Callable[[Sequence[Any]], bool]


def _check_each(warning: WarningKind, is_doubtful: Callable[[Any], bool]) -> ValueCheck:
    return ValueCheck(warning, is_doubtful, lambda column: not any(map(is_doubtful, column)))


# Days sort as text. The latest value of a column decides.
PAST_DATE: Final = ValueCheck(
    w.DATE_IN_FUTURE,
    lambda value: get_day(value) > get_today(),
    lambda column: get_day(max(column)) <= get_today(),
)

PERCENTAGE: Final = ValueCheck(
    w.NOT_A_PERCENTAGE,
    lambda value: not 0 <= value <= 100,
    lambda column: min(column) >= 0 and max(column) <= 100,
)

# Characters that are printable by their category and not visible: joiners, fillers, variation selectors.
_has_filler: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
).search
# Stands between the values of a column. A value that has it and a blank beside it is checked on its own.
_SEPARATOR: Final = "|"


_VISIBLE_ASCII: Final = bytes(range(ord(" "), 0x7F))


# Characters of an identifier that is looked at for NFC, and of one that may be an IBAN. Normalizing sorts each run of
# combining characters in quadratic time.
_MAX_LENGTH: Final = 256


def is_clean(text: str) -> bool:
    """Whether a text has no blank at its ends, no invisible character, and is in NFC."""
    if not text.isprintable() or text.strip() != text:
        return False
    if text.isascii():
        return True
    return not _has_filler(text) and (len(text) > _MAX_LENGTH or unicodedata.is_normalized("NFC", text))


def _are_clean(column: Sequence[str]) -> bool:
    """Looks at the joined column, which takes a tenth of the time of a look at each value."""
    joined = _SEPARATOR.join(column)
    if not joined.isascii():
        return all(map(is_clean, column))
    if " " in joined and (f" {_SEPARATOR}" in joined or f"{_SEPARATOR} " in joined or joined.strip() != joined):
        return False
    # `isprintable` takes ten times as long.
    return not joined.encode().translate(None, _VISIBLE_ASCII)


IDENTIFIER: Final = ValueCheck(w.UNCLEAN_IDENTIFIER, lambda value: not is_clean(value), _are_clean)

_LETTERS_AS_NUMBERS: Final = {ord("A") + index: str(10 + index) for index in range(26)}
_match_lei: Final = re.compile(r"[0-9A-Z]{18}[0-9]{2}").fullmatch
_match_giin: Final = re.compile(r"[0-9A-NP-Z]{6}\.[0-9A-NP-Z]{5}\.[A-Z]{2}\.[0-9]{3}").fullmatch
_match_iban: Final = re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}").fullmatch


def _has_check_digits(text: str) -> bool:
    """Whether the check digits at the end are right by ISO 7064 (mod 97, 10), with letters as numbers from 10 on."""
    return int(text.translate(_LETTERS_AS_NUMBERS)) % 97 == 1


def is_lei(text: str) -> bool:
    return _match_lei(text) is not None and _has_check_digits(text)


def is_giin(text: str) -> bool:
    return _match_giin(text) is not None


def is_wrong_iban(text: str) -> bool:
    """Whether an account has the form of an IBAN, with or without blanks, and other check digits than an IBAN."""
    account = text.replace(" ", "").upper() if len(text) <= _MAX_LENGTH else ""
    return _match_iban(account) is not None and not _has_check_digits(account[4:] + account[:4])


LEI: Final = _check_each(w.NOT_A_LEI, lambda value: not is_lei(value))
GIIN: Final = _check_each(w.NOT_A_GIIN, lambda value: not is_giin(value))
IBAN: Final = _check_each(w.NOT_AN_IBAN, is_wrong_iban)
