"""Field names: finds the known field that an unknown one stands for, such as `isPEP` for `isPep` or `is_pep`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from muster.customer.warnings import UNKNOWN_FIELD, WarningKind

# A shorter name is near to too many others, so only its letter case and separators may differ.
_MIN_LENGTH: Final = 5
_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class UnknownField(WarningKind):
    """W001 in one type of object, whose fields are `known`."""

    known: tuple[str, ...] = ()

    def describe(self, field: str) -> str:
        near = self.find_near(field)
        return f"{self.text}; did you mean {near}?" if near else self.text

    def find_near(self, sent: str) -> str | None:
        """The known field that differs in letter case and separators, or in one letter more, less or other.

        Looks up the name without each of its letters in a table of the known names without each of theirs, which costs
        some 3 µs: comparing with each known name takes a millisecond, and a batch may have 100,000 unknown fields.
        """
        if len(sent) > self._max_length:
            return None
        form = _normalize(sent)
        found = self._by_form.get(form)
        if found is None and len(form) >= _MIN_LENGTH:
            found = next(filter(None, map(self._by_shortened_form.get, (form, *_shorten(form)))), None)
        return found

    @cached_property
    def _max_length(self) -> int:
        return 2 * max(map(len, self.known), default=0)

    @cached_property
    def _by_form(self) -> dict[str, str]:
        return {_normalize(name): name for name in reversed(self.known)}

    @cached_property
    def _by_shortened_form(self) -> dict[str, str]:
        forms = [(form, name) for form, name in self._by_form.items() if len(form) >= _MIN_LENGTH]
        return {key: name for form, name in forms for key in (form, *_shorten(form))}


def make_unknown_field(known: Iterable[str]) -> UnknownField:
    return UnknownField(UNKNOWN_FIELD.code, UNKNOWN_FIELD.text, UNKNOWN_FIELD.when, tuple(known))


def _normalize(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())


def _shorten(form: str) -> Iterator[str]:
    return (form[:at] + form[at + 1 :] for at in range(len(form)))
