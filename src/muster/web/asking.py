"""Questions: who asks and may, what the query says, and how the answer goes out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar
from urllib.parse import parse_qsl, unquote
from uuid import UUID

import msgspec
from litestar.types import ASGIApp, Scope

from muster.access.ports import User
from muster.web.callers import Callers, Credentials
from muster.web.credentials import credentials_of
from muster.web.exchange import Exchange
from muster.web.problems import Problem
from muster.web.replies import json_reply
from muster.web.underway import Places

T = TypeVar("T")

MOST_OF_A_PAGE: Final = 1_000
DEFAULT_PAGE: Final = 100
WRONG_CURSOR: Final = "the query parameter cursor takes one value, the `next` of the page before"
_MOST_DIGITS: Final = 9

_WRONG_LIMIT: Final = f"the query parameter limit takes one whole number from 1 to {MOST_OF_A_PAGE}"
_WRONG_MOMENT: Final = "the query parameter at takes one moment with its zone: 2024-05-26T16:49:50Z, for one"


@dataclass(frozen=True, slots=True)
class Right:
    """Who may ask: users of whom `may` is true. To the others `refusal` says what is missing."""

    may: Callable[[User], bool]
    refusal: str


class Asking:
    """Answers whoever is known and may ask. Blocking work is done in a place of the pool."""

    def __init__(self, callers: Callers, places: Places, right: Right) -> None:
        self._callers = callers
        self._places = places
        self._right = right

    async def answered(self, scope: Scope, answer: Callable[[Scope, User], object]) -> ASGIApp:
        """What `answer` gives, as JSON. Who is calling comes first: before anything that is wrong with the question."""
        return json_reply(msgspec.json.encode(await self.told(scope, answer)))

    async def told(self, scope: Scope, answer: Callable[[Scope, User], T]) -> T:
        """What `answer` gives, as it is."""
        lines = [value for name, value in scope["headers"] if name == b"authorization"]
        credentials = self._callers.required(credentials_of(lines))
        exchange = Exchange.of(scope)
        with self._places.place(credentials, exchange) as place:
            return await place.run(lambda: answer(scope, self._admitted(credentials, exchange)))

    def _admitted(self, credentials: Credentials, exchange: Exchange) -> User:
        user = self._callers.user(credentials, exchange)
        if not self._right.may(user):
            raise Problem(403, self._right.refusal)
        return user


def named(scope: Scope, before: str, after: str = "") -> str:
    """What a path names between two parts that are always the same: any text, percent-encoded, slashes too or not.

    From the path as it was sent: decoded, a name with a slash could not be told from two parts of the path.
    """
    path = scope["raw_path"].partition(b"?")[0].decode("latin-1")
    return unquote(path.removeprefix(before).removesuffix(after))


def there(found: T | None, message: str) -> T:
    """What was found. Raises `Problem`, a 404, for nothing."""
    if found is None:
        raise Problem(404, message)
    return found


def uuid_of(text: str) -> UUID | None:
    """The UUID in its usual form with dashes; None for what is none."""
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def parameter(scope: Scope, name: str, refusal: str) -> str | None:
    """The value of a parameter of the query. Raises `Problem`, a 400 that says `refusal`, when there are several."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    values = [value for known, value in pairs if known == name]
    if len(values) > 1:
        raise Problem(400, refusal)
    return values[0] if values else None


def limit_of(scope: Scope) -> int:
    """How many a page may hold. Raises `Problem`, a 400."""
    text = parameter(scope, "limit", _WRONG_LIMIT)
    limit = DEFAULT_PAGE if text is None else _number(text, _WRONG_LIMIT)
    if not 1 <= limit <= MOST_OF_A_PAGE:
        raise Problem(400, _WRONG_LIMIT)
    return limit


def number_of(scope: Scope, name: str, refusal: str) -> int | None:
    """A parameter that is a whole number. Raises `Problem`, a 400 that says `refusal`."""
    text = parameter(scope, name, refusal)
    return None if text is None else _number(text, refusal)


def moment_of(scope: Scope) -> datetime | None:
    """The parameter `at`, in UTC. Raises `Problem`, a 400."""
    text = parameter(scope, "at", _WRONG_MOMENT)
    if text is None:
        return None
    try:
        # A plus that was not encoded arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is None:
            raise Problem(400, _WRONG_MOMENT)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter at the ends of the calendar
        raise Problem(400, _WRONG_MOMENT) from None


def _number(text: str, refusal: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise Problem(400, refusal)
    return int(text)
