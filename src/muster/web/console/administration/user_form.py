"""The forms of the pages of users: what they take, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from muster.auth.passwords import (
    MAX_NAME_LENGTH,
    MAX_PASSWORD_BYTES,
    MIN_PASSWORD_LENGTH,
    hash_password,
    is_valid_name,
    is_valid_password,
)
from muster.auth.tokens import MAX_EXPIRY_DAYS
from muster.auth.users import ROLES_BY_NAME, Role, combine_roles
from muster.web.console.forms import Form
from muster.web.console.texts import text

CONFIRMED: Final = "yes"


@dataclass(frozen=True, slots=True)
class Rights:
    """The roles and business units of a form; the first unit is the default."""

    roles: Role
    units: Sequence[str]


def parse_name(form: Form) -> str:
    name = form.get("name")
    if not is_valid_name(name):
        form.errors["name"] = text(
            "Enter a name of 1 to %(length)s printable characters without a colon.", length=MAX_NAME_LENGTH
        )
    return name


def parse_rights(form: Form, allowed_units: Sequence[str]) -> Rights:
    """What is chosen. `allowed_units` are those of the installation, and those that the user has already."""
    names, units = form.get_all("roles"), list(dict.fromkeys(form.get_all_exactly("units")))
    roles = combine_roles(names)
    if not roles or any(name not in ROLES_BY_NAME for name in names):
        form.errors["roles"] = text("Choose at least one role. To take all rights away, disable the user.")
    if any(unit not in allowed_units for unit in units):
        form.errors["units"] = text("One of these business units does not exist any more. Choose again.")
    default = form.get_exactly("default")
    if default and default not in units:
        form.errors.setdefault("units", text("Choose the default business unit here, too."))
    elif default:
        units = [default, *(unit for unit in units if unit != default)]
    return Rights(roles, tuple(units))


def parse_password(form: Form, *, is_required: bool) -> str | None:
    """The password; None for a bad one, or for none where none is needed."""
    password = form.get_exactly("password")
    if not password and not form.get_exactly("repeated") and not is_required:
        return None
    if len(password) < MIN_PASSWORD_LENGTH:
        form.errors["password"] = text("Use at least %(length)s characters.", length=MIN_PASSWORD_LENGTH)
    elif not is_valid_password(password):
        form.errors["password"] = text("Use at most %(length)s bytes of text.", length=MAX_PASSWORD_BYTES)
    elif password != form.get_exactly("repeated"):
        form.errors["repeated"] = text("The passwords differ. Enter the same one twice.")
    else:
        return password
    return None


def hash_optional(password: str | None) -> str | None:
    """Slow by design."""
    return None if password is None else hash_password(password)


def parse_expiry(form: Form) -> int | None:
    """Days until a token expires; None for one that is valid until it is revoked, or for an error."""
    days = form.get("days")
    if not days:
        return None
    if not (days.isascii() and days.isdecimal() and len(days) <= len(str(MAX_EXPIRY_DAYS))):
        days = "0"
    if not 1 <= int(days) <= MAX_EXPIRY_DAYS:
        form.errors["days"] = text(
            "Enter a number of days from 1 to %(most)s, or nothing for a token without an end.", most=MAX_EXPIRY_DAYS
        )
        return None
    return int(days)
