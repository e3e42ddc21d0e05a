"""What the pages of users show."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from muster.auth.authentication import utc_now
from muster.auth.code_list_administration import UNITS
from muster.auth.sessions import UserSession
from muster.auth.tokens import TokenState, get_token_state
from muster.auth.users import Token, User
from muster.web.console.administration.user_references import build_reference
from muster.web.services import Services

MAX_TOKENS: Final = 100  # on the page of a user


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user of the list. `last_used_at` is the last use of a token, a password, or a session that has not ended."""

    user: User
    reference: str
    valid_tokens: int
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenRow:
    token: Token
    state: TokenState


@dataclass(frozen=True, slots=True)
class UserDetails:
    """What belongs to one user: valid tokens first, then newest first. `more_tokens` of them are left out."""

    tokens: Sequence[TokenRow]
    more_tokens: int
    sessions: Sequence[UserSession]
    units: Sequence[str]  # of the installation


def list_rows(services: Services, actor: User, session: UserSession, part: str) -> Sequence[UserRow]:
    """The users whose names have this part, whatever its case, by name."""
    administration = services.administer_users(actor)
    wanted = part.casefold()
    now = utc_now()
    valid: dict[str, int] = defaultdict(int)
    uses: dict[str, list[datetime]] = defaultdict(list)
    for token in administration.tokens():
        valid[token.user] += get_token_state(token, now) is TokenState.VALID
        if token.last_used_at is not None:
            uses[token.user].append(token.last_used_at)
    for each in services.sessions.list():
        uses[each.user.name].append(each.last_used_at)
    return [
        UserRow(user, build_reference(session, user.name), valid[user.name], _find_last(user, uses[user.name]))
        for user in administration.users()
        if wanted in user.name.casefold()
    ]


def _find_last(user: User, uses: Sequence[datetime]) -> datetime | None:
    return max(filter(None, [user.password_used_at, *uses]), default=None)


def read_details(services: Services, actor: User, name: str) -> UserDetails:
    now = utc_now()
    tokens = services.administer_users(actor).tokens(name)
    rows = [TokenRow(token, get_token_state(token, now)) for token in reversed(tokens)]
    rows.sort(key=lambda row: row.state is not TokenState.VALID)
    return UserDetails(
        rows[:MAX_TOKENS], max(len(rows) - MAX_TOKENS, 0), services.sessions.list(name), list_all_units(services, actor)
    )


def list_all_units(services: Services, actor: User) -> Sequence[str]:
    """The business units of the installation, as they are stored now."""
    _, entries = services.administer_code_lists(actor).entries()
    return [entry.code for entry in entries if entry.classifier == UNITS]
