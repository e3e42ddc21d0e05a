"""Changes of the list of business units that change what users may send and read; they need a confirmation."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from muster.auth.users import User
from muster.cli.errors import CommandError
from muster.cli.output import print_note

if TYPE_CHECKING:
    from muster.storage import Storage

UNITS: Final = "businessUnit"
MAX_NAMES: Final = 5  # that one line names

Confirmed = Annotated[
    bool, typer.Option("--yes", help="change business units even where that opens them to users or takes them away")
]


def read_units(store: "Storage") -> frozenset[str]:
    """The business units of the installation."""
    return frozenset(entry.code for entry in store.classifiers.entries()[1] if entry.classifier == UNITS)


def confirm_unit_changes(store: "Storage", after: frozenset[str], *, confirmed: bool) -> None:
    """Prints what a change to the units `after` means for users. Raises `CommandError` unless it is `confirmed`."""
    changes = "; ".join(describe_unit_changes(read_units(store), after, store.users.users()))
    if not changes:
        return
    if not confirmed:
        raise CommandError(f"nothing was changed, because {changes}; if that is meant, repeat the command with --yes")
    print_note(f"note: {changes}")


def describe_unit_changes(before: frozenset[str], after: frozenset[str], users: Sequence[User]) -> Iterator[str]:
    """What users gain and lose, as clauses of a sentence.

    Silent about units that a user without units loses when the installation gets a second one: nothing is opened.
    """
    if len(after) == 1 != len(before):
        without = [user.name for user in users if not user.business_units]
        others = f" ({_join(without)})" if without else ""
        everybody = f"all users without units{others}, also to those of an OpenID provider"
        yield f"the only unit {min(after)!r} opens to {everybody}"
    for unit in sorted(before ^ after):
        holders = [user.name for user in users if unit in user.business_units]
        if holders and unit in after:
            yield f"the unit {unit!r} opens to {_join(holders)}"
        elif holders:
            yield f"the unit {unit!r} is taken from {_join(holders)}"


def _join(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")
