"""Maps the claims of a provider's token to a user: name, roles and business units.

The installation configures which claims hold them, since providers differ. A claim that can't be read unambiguously
rejects the token: a partial reading would guess at the user's rights.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from muster.auth.oidc.errors import TokenRejection
from muster.auth.passwords import is_valid_external_name
from muster.auth.users import OIDC_NAME_PREFIX, Role, User, combine_roles

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """The configured claims: each a name, or a path with dots."""

    name: str
    role: str
    units: str


def to_user(claims: Claims, names: ClaimNames) -> User | TokenRejection:
    """Returns the user that the claims describe, with `OIDC_NAME_PREFIX` before its name."""
    name = find_claim(claims, names.name)
    if not isinstance(name, str) or not is_valid_external_name(name):
        return TokenRejection.NAME
    roles = _parse_roles(find_claim(claims, names.role))
    if not roles:
        return TokenRejection.NO_ROLE
    units = _parse_units(find_claim(claims, names.units))
    return TokenRejection.UNITS if units is None else User(OIDC_NAME_PREFIX + name, roles, units, credential="oidc")


def find_claim(claims: object, path: str) -> object:
    """Returns the claim of this name or else at this path; None if it does not exist.

    Names may contain dots, like `https://bank.example/role`: at every step the longest possible name is tried first.
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


def _parse_roles(claim: object) -> Role:
    """Reads the roles. Unknown ones are ignored: providers list the roles of all applications in one claim."""
    return combine_roles(claim if isinstance(claim, list) else [claim])


def _parse_units(claim: object) -> tuple[str, ...] | None:
    """Reads the business units in order, the default one first; None for an invalid claim."""
    if claim is None:
        return ()
    units = claim.split() if isinstance(claim, str) else claim
    if not isinstance(units, list) or not all(isinstance(unit, str) for unit in units):
        return None
    return tuple(dict.fromkeys(units))
