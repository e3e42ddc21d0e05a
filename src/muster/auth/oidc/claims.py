"""From the claims of a provider's token to a user: what they say of name, role and business units.

Which claims say it is for the installation to choose, as every provider has its own. What can't be read for certain
lets nobody in: half a right would be a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from muster.auth.oidc.errors import TokenRejection
from muster.auth.passwords import is_valid_external_name
from muster.auth.users import Role, User

# No local user can have a colon in its name. So nobody whom the provider names is ever taken for a local user, and
# batches, keys and records of the two are apart.
OIDC_NAME_PREFIX: Final = "oidc:"

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Where the claims stand: the name of one, or a path to it with dots between."""

    name: str
    role: str
    units: str


def to_user(claims: Claims, names: ClaimNames) -> User | TokenRejection:
    """The user that the claims speak of. Its name begins with `OIDC_NAME_PREFIX`."""
    name = find_claim(claims, names.name)
    if not isinstance(name, str) or not is_valid_external_name(name):
        return TokenRejection.NAME
    role = _parse_role(find_claim(claims, names.role))
    if isinstance(role, TokenRejection):
        return role
    units = _parse_units(find_claim(claims, names.units))
    return TokenRejection.UNITS if units is None else User(OIDC_NAME_PREFIX + name, role, units)


def find_claim(claims: object, path: str) -> object:
    """What stands under this name or, where there is none, at the end of this path; None for nothing.

    Names may have dots in them, like `https://bank.example/role`: longer ones are tried first, at every step.
    """
    if not isinstance(claims, Mapping):
        return None
    if path in claims:
        return claims[path]
    parts = path.split(".")
    for count in range(len(parts) - 1, 0, -1):
        found = find_claim(claims.get(".".join(parts[:count])), ".".join(parts[count:]))
        if found is not None:
            return found
    return None


def _parse_role(claim: object) -> Role | TokenRejection:
    """One role. Others than ours are none of our business: providers put all that they know into one list."""
    given = claim if isinstance(claim, list) else [claim]
    ours = {role for role in Role if role in given}
    if Role.ADMIN in ours:
        return Role.ADMIN
    if not ours:
        return TokenRejection.NO_ROLE
    # `read` and `submit` see different things, so neither is a part of the other.
    return ours.pop() if len(ours) == 1 else TokenRejection.ROLES


def _parse_units(claim: object) -> tuple[str, ...] | None:
    """Business units in their order, the default one first; None for what can't be read."""
    if claim is None:
        return ()
    given = claim.split() if isinstance(claim, str) else claim
    if not isinstance(given, list) or not all(isinstance(unit, str) for unit in given):
        return None
    return tuple(dict.fromkeys(given))
