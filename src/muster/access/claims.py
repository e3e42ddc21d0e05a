"""From the claims of a provider's token to a user: what they say of name, role and business units.

Which claims say it is for the installation to choose, as every provider has its own. What can't be read for certain
lets nobody in: half a right would be a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from muster.access.passwords import is_name_elsewhere
from muster.access.ports import Refusal, Role, User

# No local user can have a colon in its name. So nobody whom the provider names is ever taken for a local user, and
# batches, keys and records of the two are apart.
PREFIX: Final = "oidc:"

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Where the claims stand: the name of one, or a path to it with dots between."""

    name: str
    role: str
    units: str


def user_of(claims: Claims, names: ClaimNames) -> User | Refusal:
    """The user that the claims speak of. Its name begins with `PREFIX`."""
    name = claim_of(claims, names.name)
    if not isinstance(name, str) or not is_name_elsewhere(name):
        return Refusal.NAME
    role = _role(claim_of(claims, names.role))
    if isinstance(role, Refusal):
        return role
    units = _units(claim_of(claims, names.units))
    return Refusal.UNITS if units is None else User(PREFIX + name, role, units)


def claim_of(claims: object, path: str) -> object:
    """What stands under this name or, where there is none, at the end of this path; None for nothing.

    Names may have dots in them, like `https://bank.example/role`: longer ones are tried first, at every step.
    """
    if not isinstance(claims, Mapping):
        return None
    if path in claims:
        return claims[path]
    parts = path.split(".")
    for count in range(len(parts) - 1, 0, -1):
        found = claim_of(claims.get(".".join(parts[:count])), ".".join(parts[count:]))
        if found is not None:
            return found
    return None


def _role(claim: object) -> Role | Refusal:
    """One role. Others than ours are none of our business: providers put all that they know into one list."""
    given = claim if isinstance(claim, list) else [claim]
    ours = {role for role in Role if role in given}
    if Role.ADMIN in ours:
        return Role.ADMIN
    if not ours:
        return Refusal.NO_ROLE
    # `read` and `submit` see different things, so neither is a part of the other.
    return ours.pop() if len(ours) == 1 else Refusal.ROLES


def _units(claim: object) -> tuple[str, ...] | None:
    """Business units in their order, the default one first; None for what can't be read."""
    if claim is None:
        return ()
    given = claim.split() if isinstance(claim, str) else claim
    if not isinstance(given, list) or not all(isinstance(unit, str) for unit in given):
        return None
    return tuple(dict.fromkeys(given))
