"""Questions: who asks and may, what the query says, and how the answer goes out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar
from urllib.parse import parse_qsl, unquote
from uuid import UUID

import msgspec
from litestar.types import ASGIApp, Scope

from muster.auth.users import User
from muster.web.authenticator import Authenticator, Credentials
from muster.web.concurrency import WorkerSlots
from muster.web.credentials import parse_authorization
from muster.web.problems import Problem
from muster.web.request_context import RequestContext
from muster.web.responses import json_response

T = TypeVar("T")

MAX_PAGE_SIZE: Final = 1_000
DEFAULT_PAGE_SIZE: Final = 100
WRONG_CURSOR: Final = "the query parameter cursor takes one value, the `next` of the page before"
_MOST_DIGITS: Final = 9

_WRONG_LIMIT: Final = f"the query parameter limit takes one whole number from 1 to {MAX_PAGE_SIZE}"
_WRONG_MOMENT: Final = "the query parameter at takes one moment with its zone: 2024-05-26T16:49:50Z, for one"


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may ask: users of whom `may` is true. To the others `refusal` says what is missing."""

    may: Callable[[User], bool]
    refusal: str


class AuthenticatedEndpoint:
    """Answers whoever is known and may ask. Blocking work is done in a place of the pool."""

    def __init__(self, callers: Authenticator, places: WorkerSlots, right: Permission) -> None:
        self._callers = callers
        self._places = places
        self._right = right

    async def answered(self, scope: Scope, answer: Callable[[Scope, User], object]) -> ASGIApp:
        """What `answer` gives, as JSON. Who is calling comes first: before anything that is wrong with the question."""
        return json_response(msgspec.json.encode(await self.told(scope, answer)))

    async def told(self, scope: Scope, answer: Callable[[Scope, User], T]) -> T:
        """What `answer` gives, as it is."""
        lines = [value for name, value in scope["headers"] if name == b"authorization"]
        credentials = self._callers.required(parse_authorization(lines))
        exchange = RequestContext.of(scope)
        with self._places.place(credentials, exchange) as place:
            return await place.run(lambda: answer(scope, self._admitted(credentials, exchange)))

    def _admitted(self, credentials: Credentials, exchange: RequestContext) -> User:
        user = self._callers.user(credentials, exchange)
        if not self._right.may(user):
            raise Problem(403, self._right.refusal)
        return user


def get_path_name(scope: Scope, before: str, after: str = "") -> str:
    """What a path names between two parts that are always the same: any text, percent-encoded, slashes too or not.

    From the path as it was sent: decoded, a name with a slash could not be told from two parts of the path.
    """
    path = scope["raw_path"].partition(b"?")[0].decode("latin-1")
    return unquote(path.removeprefix(before).removesuffix(after))


def or_404(found: T | None, message: str) -> T:
    """What was found. Raises `CommandError`, a 404, for nothing."""
    if found is None:
        raise Problem(404, message)
    return found


def parse_uuid(text: str) -> UUID | None:
    """The UUID in its usual form with dashes; None for what is none."""
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def get_parameter(scope: Scope, name: str, refusal: str) -> str | None:
    """The value of a parameter of the query. Raises `CommandError`, a 400 that says `refusal`, when there are several."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    values = [value for known, value in pairs if known == name]
    if len(values) > 1:
        raise Problem(400, refusal)
    return values[0] if values else None


def parse_limit(scope: Scope) -> int:
    """How many a page may hold. Raises `CommandError`, a 400."""
    text = get_parameter(scope, "limit", _WRONG_LIMIT)
    limit = DEFAULT_PAGE_SIZE if text is None else _number(text, _WRONG_LIMIT)
    if not 1 <= limit <= MAX_PAGE_SIZE:
        raise Problem(400, _WRONG_LIMIT)
    return limit


def parse_number(scope: Scope, name: str, refusal: str) -> int | None:
    """A parameter that is a whole number. Raises `CommandError`, a 400 that says `refusal`."""
    text = get_parameter(scope, name, refusal)
    return None if text is None else _number(text, refusal)


def parse_moment(scope: Scope) -> datetime | None:
    """The parameter `at`, in UTC. Raises `CommandError`, a 400."""
    text = get_parameter(scope, "at", _WRONG_MOMENT)
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
