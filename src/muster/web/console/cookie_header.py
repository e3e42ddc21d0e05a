"""Finds a cookie whose name begins with `__Host-`, so that no other host of the domain can pass for it."""

from collections.abc import Iterable
from typing import Final

_BLANKS: Final = " \t"


def find_cookie(headers: Iterable[str], name: str) -> str | None:
    """The value of this cookie in the headers `Cookie`, of which HTTP/2 has several; None unless there is exactly one.

    Litestar's parser removes all space of Unicode around a name. Browsers let another host of the domain set a cookie
    whose name has a no-break space before `__Host-`, and it would give the browser a session of the attacker.
    """
    pairs = [pair.partition("=") for header in headers for pair in header.split(";")]
    found = [value.strip(_BLANKS) for found_name, _, value in pairs if found_name.strip(_BLANKS) == name]
    return found[0] or None if len(found) == 1 else None
