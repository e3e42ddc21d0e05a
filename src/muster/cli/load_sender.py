"""Who sends the file of `muster load`: a user of the service, or the operator."""

from dataclasses import dataclass
from typing import Final

from muster.auth.authorization import SUBMIT_BATCHES
from muster.cli.context import get_operator
from muster.cli.errors import CommandError
from muster.cli.users import unknown_user
from muster.storage import Storage

# The first of several units is the default one of a user. The operator has none: which unit a customer without one
# belongs to can't be guessed.
_NO_DEFAULT_UNIT: Final = ""


@dataclass(frozen=True, slots=True)
class LoadSender:
    """Who sends the file. The first of `business_units` is the default one."""

    name: str
    business_units: tuple[str, ...]


def find_sender(store: Storage, user_name: str | None) -> LoadSender:
    """The user of this name, with its units; the operator with all units for None. Raises `CommandError`."""
    if user_name is None:
        units = sorted(entry.code for entry in store.classifiers.entries()[1] if entry.classifier == "businessUnit")
        return LoadSender(get_operator(), (_NO_DEFAULT_UNIT, *units) if len(units) > 1 else tuple(units))
    user = store.users.user(user_name)
    if user is None:
        raise unknown_user(user_name)
    if user.disabled:
        raise CommandError(f"user {user.name!r} is disabled; `muster user enable {user.name}` enables it")
    if not SUBMIT_BATCHES.is_granted(user):
        raise CommandError(
            f"user {user.name!r} may not submit customers; `muster user change {user.name} --add-role submit` "
            "permits it"
        )
    return LoadSender(user.name, user.business_units)
